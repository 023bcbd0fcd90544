package lsp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/creachadair/jrpc2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func code(err error) jrpc2.Code {
	var e *jrpc2.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestSession(t *testing.T) {
	e := newEditor(t, Options{Version: "1.2.3"}, `{}`)
	if got := code(e.try("textDocument/nonsense", nil, nil)); got != jrpc2.MethodNotFound {
		t.Errorf("an unknown method is answered with %d", got)
	}
	if got := code(e.try("initialize", struct{}{}, nil)); got != jrpc2.InvalidRequest {
		t.Errorf("a second initialize is answered with %d", got)
	}
	if got := code(e.try("textDocument/hover", at1("file:///nowhere.sfsync", position{}), nil)); got != jrpc2.InvalidParams {
		t.Errorf("a document that is not open is answered with %d", got)
	}
	e.tell("$/whatever", struct{}{})
	e.ask("shutdown", nil, nil)
	if got := code(e.try("textDocument/hover", at1(e.uri("a"), position{}), nil)); got != jrpc2.InvalidRequest {
		t.Errorf("a request after shutdown is answered with %d", got)
	}
	e.tell("exit", nil)
	err := <-e.served
	e.served <- err
	if err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

func TestEndsWithoutShutdown(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	e.hangUp()
	err := <-e.served
	e.served <- err
	if !errors.Is(err, ErrNoShutdown) {
		t.Errorf("the session ended with %v", err)
	}
}

func TestNothingBeforeInitialize(t *testing.T) {
	s := newServer(context.Background(), Options{})
	req := func(name string) *jrpc2.Request {
		return (&jrpc2.ParsedRequest{ID: "1", Method: name}).ToRequest()
	}
	_, err := s.methods()["textDocument/hover"](context.Background(), req("textDocument/hover"))
	if code(err) != codeNotInitialized {
		t.Errorf("hover before initialize is answered with %v", err)
	}
}

func TestGivenUpIsAnError(t *testing.T) {
	s := newServer(context.Background(), Options{})
	s.phase = running
	h := method(s, func(ctx context.Context, _ struct{}) (any, error) { return nil, ctx.Err() })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h(ctx, (&jrpc2.ParsedRequest{ID: "1", Method: "x"}).ToRequest()); code(err) != codeCancelled {
		t.Errorf("a request that was given up is answered with %v", err)
	}
}

func TestPanicIsAnError(t *testing.T) {
	s := newServer(context.Background(), Options{})
	s.phase = running
	h := method(s, func(context.Context, struct{}) (any, error) { panic("secret") })
	_, err := h(context.Background(), (&jrpc2.ParsedRequest{ID: "1", Method: "x"}).ToRequest())
	if code(err) != jrpc2.InternalError || strings.Contains(err.Error(), "secret") {
		t.Errorf("a panic is answered with %v", err)
	}
}

func TestOtherFilesOfTheFolder(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	const rule = "rule Same\non survey response\nupdate Contact where Id = profile.salesforce_contact_id\n  set NPS_Score__c = 1\n"
	if err := os.WriteFile(filepath.Join(e.dir, "a.sfsync"), []byte(rule), 0o644); err != nil {
		t.Fatal(err)
	}
	twice := func(found []diagnostic) bool {
		return len(found) == 1 && found[0].Code == "S107" && strings.HasSuffix(found[0].Related[0].Location.URI, "a.sfsync")
	}
	uri, _ := e.open("b.sfsync", rule)
	e.wait(uri, twice)
	// What the editor has open counts, and not what is on disk.
	other, _ := e.open("a.sfsync", strings.Replace(rule, "Same", "Other", 1))
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 0 })
	// What it closes is again as it is on disk.
	e.tell("textDocument/didClose", textDocumentParams{textDocument{other}})
	e.wait(uri, twice)
	// A file that is gone is so when the editor says that files have changed.
	if err := os.Remove(filepath.Join(e.dir, "a.sfsync")); err != nil {
		t.Fatal(err)
	}
	e.tell("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 0 })
}

func TestSchemaAppears(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	if err := os.Rename(filepath.Join(e.dir, "schema"), filepath.Join(e.dir, "later")); err != nil {
		t.Fatal(err)
	}
	uri, _ := e.open("a.sfsync", "rule A\non survey response\nupdate Contact where Id = profile.salesforce_contact_id\n  set Nps = 1\n")
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 0 })
	if err := os.Rename(filepath.Join(e.dir, "later"), filepath.Join(e.dir, "schema")); err != nil {
		t.Fatal(err)
	}
	e.tell("textDocument/didSave", textDocumentParams{textDocument{uri}})
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 1 && found[0].Code == "S202" })
	if err := os.WriteFile(filepath.Join(e.dir, "schema", "Bad.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	e.tell("textDocument/didSave", textDocumentParams{textDocument{uri}})
	e.mu.Lock()
	for len(e.messages) == 0 {
		e.cond.Wait()
	}
	if !strings.Contains(e.messages[0], "Bad.json") {
		t.Errorf("a broken schema is told of as %q", e.messages[0])
	}
	e.mu.Unlock()
}

// A file that a test names has to be there, as for a check; text in no file has no
// folder that such a path could begin at.
func TestFilesOfTests(t *testing.T) {
	e := newEditor(t, Options{File: func(from *dsl.Source, name string) error {
		_, err := os.Stat(filepath.Join(filepath.Dir(from.Path), name))
		return err
	}}, `{}`)
	const block = "test A\ngiven events/%s.json\nexpect nothing\n"
	uri, _ := e.open("a.sfsync", fmt.Sprintf(block, "nowhere"))
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 1 && found[0].Code == "S123" })
	e.change(uri, nil, fmt.Sprintf(block, "response"))
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 0 })
	e.openURI("untitled:Untitled-1", fmt.Sprintf(block, "nowhere"))
	e.wait("untitled:Untitled-1", func(found []diagnostic) bool { return len(found) == 0 })
}

func TestTextInNoFile(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	const uri = "untitled:Untitled-1"
	e.openURI(uri, "rul A\n")
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 1 && found[0].Code == "S001" })
}

func TestTooLong(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	uri, _ := e.open("a.sfsync", strings.Repeat("# a comment\n", dsl.MaxSize/12+1))
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 1 && found[0].Code == "S024" })
	if got := code(e.try("textDocument/hover", at1(uri, position{}), nil)); got != codeFailed {
		t.Errorf("a request about it is answered with %d", got)
	}
	e.change(uri, nil, "rule A\non survey response\n")
	e.wait(uri, func(found []diagnostic) bool { return len(found) == 1 && found[0].Code == "S117" })
}

func TestRunTest(t *testing.T) {
	var runs atomic.Int32
	e := newEditor(t, Options{RunTest: func(_ context.Context, test Test) TestResult {
		if runs.Add(1) == 1 {
			return TestResult{Failures: []TestFailure{{3, "expected this\nand not that"}}}
		}
		if test.Block.Name.Text != "B" || len(test.Files) != 1 || test.Schema("") == nil || len(test.Samples) == 0 {
			t.Errorf("the test is %+v", test)
		}
		return TestResult{}
	}}, `{"workspace": {"codeLens": {"refreshSupport": true}}}`)
	uri, _ := e.open("a.sfsync", "test B\ngiven events/response.json\n  expect nothing\n")
	e.diagnostics(uri)
	run := map[string]any{"command": runTestCommand, "arguments": []string{uri, "B"}}
	title := func() string {
		var lenses []codeLens
		e.ask("textDocument/codeLens", textDocumentParams{textDocument{uri}}, &lenses)
		return lenses[0].Command.Title
	}
	if got := title(); got != "▶ run test" {
		t.Errorf("before it ran: %s", got)
	}
	e.ask("workspace/executeCommand", run, nil)
	if got := title(); got != "✗ expected this · run again" {
		t.Errorf("after it failed: %s", got)
	}
	e.wait(uri, func(found []diagnostic) bool {
		return len(found) == 1 && found[0].Severity == severityError && found[0].Range.Start == position{2, 2} && found[0].Message == "expected this\nand not that"
	})
	e.ask("workspace/executeCommand", run, nil)
	if got := title(); got != "✓ passed · run again" {
		t.Errorf("after it passed: %s", got)
	}
	e.change(uri, &textRange{position{2, 0}, position{2, 0}}, "# ")
	if got := title(); got != "▶ run test" {
		t.Errorf("after the text has changed: %s", got)
	}
	e.mu.Lock()
	for !strings.Contains(strings.Join(e.called, " "), "workspace/codeLens/refresh") {
		e.cond.Wait()
	}
	e.mu.Unlock()
	run["arguments"] = []string{uri, "C"}
	if got := code(e.try("workspace/executeCommand", run, nil)); got != codeFailed {
		t.Errorf("a test that is not there is answered with %d", got)
	}
}

// A result holds until rules or tests of the folder change, in the editor or on disk.
func TestResultsAreForgotten(t *testing.T) {
	var files atomic.Int32
	e := newEditor(t, Options{RunTest: func(_ context.Context, test Test) TestResult {
		files.Store(int32(len(test.Files)))
		return TestResult{}
	}}, `{"workspace": {"codeLens": {"refreshSupport": true}}}`)
	const rule = "rule A\non survey response\ncreate Case\n  set Subject: x\n"
	rules, _ := e.open("a.sfsync", rule)
	uri, _ := e.open("a_test.sfsync", "test B\ngiven events/response.json\nexpect nothing\n")
	e.diagnostics(uri)
	title := func() string {
		var lenses []codeLens
		e.ask("textDocument/codeLens", textDocumentParams{textDocument{uri}}, &lenses)
		return lenses[0].Command.Title
	}
	changed := func(uri string) {
		e.tell("workspace/didChangeWatchedFiles", didChangeFilesParams{[]fileEvent{{uri}}})
	}
	run := map[string]any{"command": runTestCommand, "arguments": []string{uri, "B"}}
	for name, change := range map[string]func(){
		"the rules":            func() { e.change(rules, nil, rule+"# more\n") },
		"the rules are closed": func() { e.tell("textDocument/didClose", textDocumentParams{textDocument{rules}}) },
		"a file on disk":       func() { changed(e.uri("events/response.json")) },
	} {
		e.ask("workspace/executeCommand", run, nil)
		if got := title(); got != "✓ passed · run again" {
			t.Errorf("after it passed: %s", got)
		}
		changed(rules) // as it is saved: nothing new
		if got := title(); got != "✓ passed · run again" {
			t.Errorf("after saving: %s", got)
		}
		change()
		if got := title(); got != "▶ run test" {
			t.Errorf("%s: after the change: %s", name, got)
		}
		e.openURI(rules, rule)
	}
	// What another program has just written beside it counts, whether anybody says so or not.
	if err := os.WriteFile(filepath.Join(e.dir, "b.sfsync"), []byte(rule), 0o644); err != nil {
		t.Fatal(err)
	}
	e.ask("workspace/executeCommand", run, nil)
	if files.Load() != 3 {
		t.Errorf("the test ran with %d files", files.Load())
	}
}

// Tests that take long keep nobody from typing, and from giving them up.
func TestManyTestsAtOnce(t *testing.T) {
	const tests = 40
	began := make(chan struct{}, tests)
	e := newEditor(t, Options{RunTest: func(ctx context.Context, _ Test) TestResult {
		began <- struct{}{}
		<-ctx.Done()
		return TestResult{}
	}}, `{}`)
	uri, _ := e.open("a.sfsync", "test B\ngiven events/response.json\nexpect nothing\n")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, tests)
	for range tests {
		go func() {
			_, err := e.client.Call(ctx, "workspace/executeCommand", map[string]any{"command": runTestCommand, "arguments": []string{uri, "B"}})
			ended <- err
		}()
	}
	<-began
	e.change(uri, nil, "rule A\n")
	var outline []documentSymbol
	e.ask("textDocument/documentSymbol", textDocumentParams{textDocument{uri}}, &outline)
	if len(outline) != 1 || outline[0].Name != "A" {
		t.Errorf("the outline is %v", outline)
	}
	cancel()
	for range tests {
		<-ended
	}
	e.ask("textDocument/hover", at1(uri, position{}), nil)
}

// A request that the editor gives up ends, and others are answered meanwhile.
func TestCancel(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error, 1)
	e := newEditor(t, Options{RunTest: func(ctx context.Context, _ Test) TestResult {
		close(began)
		<-ctx.Done()
		ended <- ctx.Err()
		return TestResult{}
	}}, `{}`)
	uri, _ := e.open("a.sfsync", "test B\ngiven events/response.json\nexpect nothing\n")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = e.client.Call(ctx, "workspace/executeCommand", map[string]any{"command": runTestCommand, "arguments": []string{uri, "B"}})
	}()
	<-began
	e.ask("textDocument/hover", at1(uri, position{}), nil)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestVersionedEdits(t *testing.T) {
	e := newEditor(t, Options{}, `{"workspace": {"workspaceEdit": {"documentChanges": true}}}`)
	e.open("b.sfsync", "statuses Bounce\nrule B\non survey response\nwhen bounce\n")
	uri, at := e.open("a.sfsync", "rule A\non survey response\nwhen BOU‸NCE\n")
	e.change(uri, &textRange{}, "# 😀\n")
	at.Line++
	var change workspaceEdit
	e.ask("textDocument/rename", renameParams{at1(uri, at), "Gone"}, &change)
	if len(change.DocumentChanges) != 2 || *change.DocumentChanges[0].TextDocument.Version != 2 || len(change.DocumentChanges[1].Edits) != 2 {
		t.Errorf("the change is %+v", change)
	}
}

func TestBytesAsPositions(t *testing.T) {
	e := newEditor(t, Options{}, `{"general": {"positionEncodings": ["utf-16", "utf-8"]}}`)
	uri, _ := e.open("a.sfsync", "rule A\non survey response\ncreate Case\n  set Subject: 😀 {trom(answers.nps)}\n")
	found := e.wait(uri, func(found []diagnostic) bool { return len(found) == 2 && found[1].Code == "S105" })
	if got := found[1].Range; got != (textRange{position{3, 21}, position{3, 25}}) {
		t.Errorf("the place is %v", got)
	}
}

func TestMessagesAreBounded(t *testing.T) {
	for header, ok := range map[string]bool{
		"Content-Length: 5\r\n\r\nhello":            true,
		"Content-Length: 99999999999\r\n\r\nx":      false,
		"Content-Length: -1\r\n\r\n":                false,
		"Hello?\n":                                  false,
		"Content-Type: x\r\n\r\n":                   false,
		"X: " + strings.Repeat("y", 1<<17) + "\r\n": false,
	} {
		var buf [64]byte
		_, err := bounded(strings.NewReader(header)).Read(buf[:])
		if (err == nil) != ok {
			t.Errorf("%.40q: %v", header, err)
		}
	}
}

// Where no directory has a schema, each action is held against what is stored of its own
// connection, and tests against that of the rules that they are about.
func TestStoredSchemas(t *testing.T) {
	known, err := schema.ReadDir(os.DirFS(filepath.Join(survey, "schema")))
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	e := newEditor(t, Options{
		Connections: func() []string { return []string{"production", "sandbox"} },
		Schema: func(connection string) *schema.Schema {
			asked.Add(1)
			out := schema.New()
			for _, name := range map[string][]string{"production": {"Contact"}, "sandbox": {"Lead"}}[connection] {
				out.Add(known.Object(name))
			}
			return out
		},
	}, `{}`)
	if err := os.RemoveAll(filepath.Join(e.dir, "schema")); err != nil {
		t.Fatal(err)
	}
	const rules = "connection production\nrule A\non survey response\n" +
		"update Contact where Id = profile.salesforce_contact_id set Titl = 1\n" +
		"update Lead using sandbox where Id = profile.salesforce_contact_id set Compny = 1\n"
	if err := os.WriteFile(filepath.Join(e.dir, "a.sfsync"), []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	tests, _ := e.open("a_test.sfsync", "test A\ngiven events/response.json\nexpect update Contact set Titl = 1\nexpect update Lead using sandbox set Compny = 1\n")
	wrong := func(found []diagnostic) bool {
		return len(found) == 2 && found[0].Code == "S202" && found[1].Code == "S202"
	}
	e.wait(tests, wrong)
	uri, _ := e.open("a.sfsync", rules)
	e.wait(uri, wrong)
	before := asked.Load()
	for range 3 {
		e.change(uri, nil, rules+"update Lead using sand")
		e.diagnostics(uri)
	}
	if n := asked.Load() - before; n != 0 {
		t.Errorf("typing asked for %d schemas", n)
	}
}

// The quote that ends a text asks for nothing: the author's next key is mostly Enter,
// and would take the first operator.
func TestClosingQuote(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	uri, at := e.open("a.sfsync", "rule A\non survey response\ncreate Case\n  set Origin = \"Web\"‸\n")
	p := completionParams{positionParams: at1(uri, at)}
	for character, want := range map[string]bool{`"`: false, "": true} {
		p.Context.TriggerCharacter = character
		var list completionList
		e.ask("textDocument/completion", p, &list)
		if (len(list.Items) > 0) != want {
			t.Errorf("asked by %q: %v", character, list.Items)
		}
	}
}
