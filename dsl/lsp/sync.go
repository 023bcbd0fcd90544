package lsp

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/sfsync/sfsync/dsl"
)

// maxOpen bounds how many documents a client may have open.
const maxOpen = 1000

func (s *server) didOpen(_ context.Context, p didOpenParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.documents) >= maxOpen {
		return fmt.Errorf("more than %d documents are open; %s is not looked at", maxOpen, p.TextDocument.URI)
	}
	path := pathOf(p.TextDocument.URI)
	key, dir, name := p.TextDocument.URI, "", p.TextDocument.URI
	if path != "" {
		dir, name = filepath.Dir(path), filepath.ToSlash(path)
		key = dir
	}
	f := s.folders[key]
	if f == nil {
		f = &folder{dir: dir, done: make(chan struct{})}
		s.folders[key] = f
	}
	f.stale = true
	d := &document{uri: p.TextDocument.URI, version: p.TextDocument.Version, folder: f}
	s.documents[d.uri] = d
	s.setText(d, name, p.TextDocument.Text)
	return nil
}

// setText gives a document its text, or refuses it. The mutex is held.
func (s *server) setText(d *document, name, content string) {
	was := d.refused
	d.refused = len(content) > dsl.MaxSize
	s.forgetResults(d.folder)
	if d.refused {
		d.text = newText(name, "")
		s.publish(d)
		if !was {
			s.show(severityWarning, fmt.Sprintf("%s is longer than %d MiB and was not read", filepath.Base(name), dsl.MaxSize>>20))
		}
	} else {
		d.text = newText(name, content)
	}
	s.changed(d.folder)
}

func (s *server) didChange(_ context.Context, p didChangeParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return fmt.Errorf("%s has changed and is not open", p.TextDocument.URI)
	}
	d.version = p.TextDocument.Version
	changes := p.ContentChanges
	for i := range changes { // what comes before a whole new text does not matter
		if changes[i].Range == nil {
			d.refused, changes = false, p.ContentChanges[i:]
		}
	}
	if d.refused {
		return nil // until it is opened again or replaced as a whole
	}
	content, err := edited(d.source, changes, s.encoding)
	if err != nil {
		return fmt.Errorf("%s: %w", d.uri, err)
	}
	s.setText(d, d.source.Path, content)
	return nil
}

func (s *server) didSave(_ context.Context, p textDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.documents[p.TextDocument.URI]; d != nil {
		d.folder.stale = true
		s.changed(d.folder)
	}
	return nil
}

func (s *server) didClose(_ context.Context, p textDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return nil
	}
	s.forgetResults(d.folder)
	delete(s.documents, d.uri)
	s.notify("textDocument/publishDiagnostics", publishDiagnosticsParams{d.uri, d.version, []diagnostic{}})
	for _, other := range s.documents {
		if other.folder == d.folder {
			s.changed(d.folder)
			return nil
		}
	}
	for key, f := range s.folders { // nobody looks at it any more
		if f == d.folder {
			delete(s.folders, key)
		}
	}
	return nil
}

func (s *server) didChangeFiles(_ context.Context, p didChangeFilesParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	others := slices.ContainsFunc(p.Changes, func(c fileEvent) bool { return s.documents[c.URI] == nil })
	for _, f := range s.folders {
		f.stale = true
		if others {
			s.forgetResults(f)
		}
		s.changed(f)
	}
	return nil
}
