package lsp

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"

	"github.com/creachadair/jrpc2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Test is a test block to be run.
type Test struct {
	Files   []*dsl.File // the rules of the folder, as the editor has them
	File    *dsl.File   // the file that the test stands in, one of Files
	Block   *dsl.Test   // the test
	Samples []string    // the sample events of the folder

	// Schema returns the schema of a connection, "" being that of a file that names none.
	// It is nil if there is none.
	Schema func(connection string) *schema.Schema
}

// TestResult is what became of a test. It passed if there are no failures.
type TestResult struct {
	Failures []TestFailure `json:"failures"`
}

// TestFailure is one thing that a test expected and that is not so, or why it could not run.
type TestFailure struct {
	Line    int    `json:"line"`    // from 1; 0 for the test as a whole
	Message string `json:"message"` // what was expected and what came: one line or several
}

// maxTests bounds how many tests run at once; others wait.
const maxTests = 2

// runTestCommand runs the test that its two arguments name: a document's URI, and the
// test's name.
const runTestCommand = "sfsync.runTest"

// codeLenses puts a button above each test, with what became of it when it was run.
func (s *server) codeLenses(_ context.Context, p textDocumentParams) ([]codeLens, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil || s.options.RunTest == nil {
		return []codeLens{}, err
	}
	s.mu.Lock()
	results := map[string]TestResult{}
	if d := s.documents[v.uri]; d != nil && d.text == v.text {
		maps.Copy(results, d.results)
	}
	s.mu.Unlock()
	out := []codeLens{}
	for _, t := range v.file.Tests {
		if t.Name.Missing() {
			continue
		}
		title := "▶ run test"
		if r, ok := results[t.Name.Text]; ok {
			title = "✓ passed · run again"
			if len(r.Failures) > 0 {
				title = "✗ " + firstLine(r.Failures[0].Message) + " · run again"
			}
		}
		out = append(out, codeLens{v.span(t.Span), command{title, runTestCommand, []string{v.uri, t.Name.Text}}})
	}
	return out, nil
}

func (s *server) executeCommand(ctx context.Context, p executeCommandParams) (*TestResult, error) {
	if p.Command != runTestCommand || s.options.RunTest == nil {
		return nil, jrpc2.Errorf(jrpc2.InvalidParams, "there is no command %s", p.Command)
	}
	var uri, name string
	if len(p.Arguments) != 2 || json.Unmarshal(p.Arguments[0], &uri) != nil || json.Unmarshal(p.Arguments[1], &name) != nil {
		return nil, jrpc2.Errorf(jrpc2.InvalidParams, "%s needs a document and the name of a test", p.Command)
	}
	v, err := s.view(uri)
	if err != nil {
		return nil, err
	}
	for _, block := range v.file.Tests {
		if block.Name.Text != name {
			continue
		}
		select {
		case s.tests <- struct{}{}:
			defer func() { <-s.tests }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		v.around = s.surroundings(v.folder, true)
		texts := v.texts()
		t := Test{File: v.file, Block: block, Schema: v.around.schemaOf, Samples: v.around.events}
		for _, other := range sorted(texts) {
			t.Files = append(t.Files, other.read())
		}
		result := s.options.RunTest(ctx, t)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.keepResult(v, texts, name, result)
		return &result, nil
	}
	return nil, jrpc2.Errorf(codeFailed, "there is no test `%s` in %s any more", name, filepath.Base(v.source.Path))
}

// keepResult shows the result that a test had with these texts, if they are still the
// same, until they change.
func (s *server) keepResult(v *view, texts map[string]*text, name string, result TestResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.documents {
		if d.folder == v.folder && texts[d.source.Path] != d.text {
			return
		}
	}
	d := s.documents[v.uri]
	if d == nil {
		return
	}
	if d.results == nil {
		d.results = map[string]TestResult{}
	}
	d.results[name] = result
	s.publish(d)
	s.refreshLenses()
}

// forgetResults forgets the results of a folder's tests: something that they were about
// has changed. The mutex is held.
func (s *server) forgetResults(f *folder) {
	forgotten := false
	for _, d := range s.documents {
		if d.folder == f && d.results != nil {
			d.results, forgotten = nil, true
		}
	}
	if forgotten {
		s.refreshLenses()
	}
}

func (s *server) refreshLenses() {
	if s.client.Capabilities.Workspace.CodeLens.RefreshSupport {
		s.call("workspace/codeLens/refresh", nil)
	}
}

// testDiagnostics tells what became of the tests that were run. The mutex is held.
func (s *server) testDiagnostics(d *document) []diagnostic {
	var out []diagnostic
	for _, t := range d.read().Tests {
		r, ok := d.results[t.Name.Text]
		if !ok {
			continue
		}
		note := func(severity int, span dsl.Span, message string) {
			out = append(out, diagnostic{
				Range: s.encoding.span(d.source, span), Severity: severity, Source: "sfsync test", Message: message,
			})
		}
		if len(r.Failures) == 0 {
			note(severityHint, t.Name.Span, "passed") // for editors without code lenses; others hardly show a hint
		}
		for _, f := range r.Failures {
			span := t.Name.Span
			if f.Line > 0 && f.Line <= d.source.Lines() {
				span = d.source.LineSpan(f.Line)
				span.From += len(d.source.Slice(span)) - len(strings.TrimLeft(d.source.Slice(span), " \t"))
			}
			note(severityError, span, f.Message)
		}
	}
	return out
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
