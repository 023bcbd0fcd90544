package lsp

import (
	"context"
	"runtime/debug"
	"slices"
	"sort"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// analysis is what a folder's rules were found to be.
type analysis struct {
	generation  int
	diagnostics map[*text][]dsl.Diagnostic
}

// changed tells that a folder's texts have changed, and has it analysed. While that
// goes on, further changes are only counted: a result that they have overtaken is
// dropped, and the analysis begins again with what is there then. The mutex is held.
func (s *server) changed(f *folder) {
	f.generation++
	if f.running {
		return
	}
	f.running = true
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		for s.analyse(f) {
		}
	}()
}

// analyse analyses a folder once, and reports whether it has to be done again.
func (s *server) analyse(f *folder) bool {
	s.mu.Lock()
	generation := f.generation
	texts := s.openTexts(f)
	s.mu.Unlock()

	around := s.surroundings(f, true)
	for _, t := range texts {
		t.read()
		if s.overtaken(f, generation) {
			return s.ctx.Err() == nil
		}
	}
	found := s.compile(texts, around)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		f.running = false
		return false
	}
	if f.generation != generation {
		return true
	}
	f.analysis = &analysis{generation, found}
	f.running = false
	close(f.done)
	f.done = make(chan struct{})
	for _, d := range s.documents {
		if d.folder == f {
			s.publish(d)
		}
	}
	return false
}

// openTexts returns the texts of a folder that the editor has open, by path. The mutex is held.
func (s *server) openTexts(f *folder) map[string]*text {
	texts := map[string]*text{}
	for _, d := range s.documents {
		if d.folder == f && !d.refused {
			texts[d.source.Path] = d.text
		}
	}
	return texts
}

// overtaken reports whether a folder has changed since a generation, or the session ends.
func (s *server) overtaken(f *folder, generation int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f.generation != generation || s.ctx.Err() != nil
}

// compile checks the texts of a folder together with the rule files beside them.
func (s *server) compile(texts map[string]*text, around *surroundings) (found map[*text][]dsl.Diagnostic) {
	found = map[*text][]dsl.Diagnostic{}
	bySource := map[*dsl.Source]*text{}
	var files []*dsl.File
	defer func() {
		if r := recover(); r != nil {
			s.logf("analysis: %v\n%s", r, debug.Stack())
		}
	}()
	around.addSiblings(texts)
	paths := make([]string, 0, len(texts))
	for path := range texts {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		t := texts[path]
		files = append(files, t.read())
		bySource[t.source] = t
		found[t] = slices.Clone(t.faults)
	}
	options := plan.Options{Schema: around.schemaOf, Samples: around.events}
	if around.dir != "" {
		options.File = s.options.File
	}
	_, meant := plan.Compile(files, options)
	for _, d := range meant {
		if t := bySource[d.Source]; t != nil {
			found[t] = append(found[t], d)
		}
	}
	for t := range found {
		found[t] = dsl.Sort(found[t])
	}
	return found
}

// surroundings returns what lies beside a folder's texts, as it is or as it was last
// seen. The mutex is not held.
func (s *server) surroundings(f *folder, fresh bool) *surroundings {
	s.mu.Lock()
	around, stale := f.around, f.stale
	s.mu.Unlock()
	if around != nil && !fresh {
		return around
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	s.mu.Lock()
	if around == nil {
		around = f.around // somebody else has just read them
	}
	f.stale = false
	texts := s.openTexts(f)
	s.mu.Unlock()
	if around != nil && !fresh {
		return around
	}
	old, told := around, ""
	if old != nil {
		told = old.problem
	}
	around = s.options.reload(f.dir, old, stale)
	if around.schema == nil && s.options.Schema != nil {
		if stale {
			old = nil
		}
		around.addStored(texts, old, s.options.Schema)
	}
	s.mu.Lock()
	f.around = around
	s.mu.Unlock()
	if around.problem != "" && around.problem != told {
		s.show(severityWarning, around.problem)
	}
	return around
}

// diagnosticsOf waits for what was found in the text of a document as it is now.
func (s *server) diagnosticsOf(ctx context.Context, d document) ([]dsl.Diagnostic, error) {
	for {
		s.mu.Lock()
		f := d.folder
		found, known := []dsl.Diagnostic(nil), false
		if f.analysis != nil {
			found, known = f.analysis.diagnostics[d.text]
		}
		current := s.documents[d.uri]
		running, done := f.running, f.done
		s.mu.Unlock()
		if known || !running || current == nil || current.text != d.text {
			return found, nil
		}
		select {
		case <-done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
