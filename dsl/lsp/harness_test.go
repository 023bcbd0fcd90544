package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
)

var update = flag.Bool("update", false, "write the golden files anew")

// survey is the example that the tests' folders are made of: its schema and its events.
const survey = "../../examples/survey"

// editor is the other side of the protocol: a client in the same process.
type editor struct {
	t      testing.TB
	dir    string
	client *jrpc2.Client
	served chan error
	hangUp func()

	mu        sync.Mutex
	cond      *sync.Cond
	published map[string]publishDiagnosticsParams
	messages  []string // of window/showMessage
	called    []string // the methods that the server has called
	versions  map[string]int32
}

// newEditor starts a server and a client that offers capabilities, which are JSON.
func newEditor(t testing.TB, o Options, capabilities string) *editor {
	t.Helper()
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	e := &editor{
		t: t, dir: t.TempDir(), served: make(chan error, 1), hangUp: func() { toServer.Close() },
		published: map[string]publishDiagnosticsParams{}, versions: map[string]int32{},
	}
	e.cond = sync.NewCond(&e.mu)
	if o.Events == nil {
		o.Events = readEvents
	}
	for _, dir := range []string{"schema", "events"} {
		if err := os.CopyFS(filepath.Join(e.dir, dir), os.DirFS(filepath.Join(survey, dir))); err != nil {
			t.Fatal(err)
		}
	}
	go func() { e.served <- Serve(context.Background(), fromClient, toClient, o) }()
	e.client = jrpc2.NewClient(channel.LSP(fromServer, toServer), &jrpc2.ClientOptions{
		OnNotify: e.notified,
		OnCancel: func(client *jrpc2.Client, rsp *jrpc2.Response) {
			_ = client.Notify(context.Background(), "$/cancelRequest", map[string]json.RawMessage{"id": json.RawMessage(rsp.ID())})
		},
		OnCallback: func(_ context.Context, req *jrpc2.Request) (any, error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.called = append(e.called, req.Method())
			e.cond.Broadcast()
			return nil, nil
		},
	})
	t.Cleanup(func() {
		e.hangUp()
		e.client.Close()
		<-e.served
	})
	var p initializeParams
	if err := json.Unmarshal([]byte(`{"capabilities": `+capabilities+`}`), &p); err != nil {
		t.Fatal(err)
	}
	e.ask("initialize", p, nil)
	e.tell("initialized", struct{}{})
	return e
}

// readEvents reads sample events that stand one in a file or one on a line.
func readEvents(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var events []string
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(path, e.Name()))
		if err != nil {
			return nil, err
		}
		for d := json.NewDecoder(bytes.NewReader(content)); d.More(); {
			var raw json.RawMessage
			if d.Decode(&raw) != nil {
				break
			}
			events = append(events, string(raw))
		}
	}
	return events, nil
}

func (e *editor) notified(req *jrpc2.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch req.Method() {
	case "textDocument/publishDiagnostics":
		var p publishDiagnosticsParams
		if err := req.UnmarshalParams(&p); err == nil && p.Version >= e.published[p.URI].Version { // jrpc2's client may turn the order round
			e.published[p.URI] = p
		}
	case "window/showMessage":
		var p showMessageParams
		if err := req.UnmarshalParams(&p); err == nil {
			e.messages = append(e.messages, p.Message)
		}
	}
	e.cond.Broadcast()
}

// try sends a request and returns the server's error.
func (e *editor) try(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rsp, err := e.client.Call(ctx, method, params)
	if err != nil || result == nil {
		return err
	}
	return rsp.UnmarshalResult(result)
}

func (e *editor) ask(method string, params, result any) {
	e.t.Helper()
	if err := e.try(method, params, result); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

func (e *editor) tell(method string, params any) {
	e.t.Helper()
	if err := e.client.Notify(context.Background(), method, params); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

// uri returns the URI of a file of the editor's folder.
func (e *editor) uri(name string) string { return uriOf(filepath.Join(e.dir, name)) }

// open opens a text and returns the place of the mark ‸ in it, which is taken out.
func (e *editor) open(name, content string) (uri string, at position) {
	e.t.Helper()
	before, after, _ := strings.Cut(content, "‸")
	at = position{strings.Count(before, "\n"), utf16Units.length(before[strings.LastIndexByte(before, '\n')+1:])}
	uri = e.uri(name)
	e.openURI(uri, before+after)
	return uri, at
}

func (e *editor) openURI(uri, content string) {
	e.t.Helper()
	var p didOpenParams
	e.versions[uri]++
	p.TextDocument.URI, p.TextDocument.Version, p.TextDocument.Text = uri, e.versions[uri], content
	e.tell("textDocument/didOpen", p)
}

// change replaces a range of a text, or all of it.
func (e *editor) change(uri string, at *textRange, content string) {
	e.t.Helper()
	e.versions[uri]++
	var p didChangeParams
	p.TextDocument.URI, p.TextDocument.Version = uri, e.versions[uri]
	p.ContentChanges = []contentChange{{at, content}}
	e.tell("textDocument/didChange", p)
}

// diagnostics waits for what was found in the text as it is now.
func (e *editor) diagnostics(uri string) []diagnostic {
	e.t.Helper()
	return e.wait(uri, func([]diagnostic) bool { return true })
}

// wait waits until what was found in the text as it is now is what is wanted.
func (e *editor) wait(uri string, wanted func([]diagnostic) bool) []diagnostic {
	e.t.Helper()
	late := time.AfterFunc(30*time.Second, e.cond.Broadcast)
	defer late.Stop()
	begun := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		p, ok := e.published[uri]
		if ok && p.Version == e.versions[uri] && wanted(p.Diagnostics) {
			return p.Diagnostics
		}
		if time.Since(begun) > 30*time.Second {
			e.t.Fatalf("no such diagnostics came; the last were %v", p)
		}
		e.cond.Wait()
	}
}

// golden runs the cases of a file in testdata: a title after ###, the text with the mark
// ‸, and after --- what answer makes of it.
func golden(t *testing.T, name string, answer func(e *editor, uri, content string, at position) string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e := newEditor(t, Options{
		Connections: func() []string { return []string{"production", "sandbox"} },
		Cause:       func(name string) string { return "about " + name },
		RunTest:     func(context.Context, Test) TestResult { return TestResult{} },
	}, `{"textDocument": {"completion": {"completionItem": {"snippetSupport": true}}}}`)
	var out strings.Builder
	for _, c := range strings.Split("\n"+string(content), "\n### ")[1:] {
		title, rest, _ := strings.Cut(c, "\n")
		given, _, _ := strings.Cut(rest, "\n---\n")
		given = strings.TrimSuffix(given, "\n")
		uri, at := e.open("case.sfsync", given)
		got := strings.TrimRight(answer(e, uri, strings.Replace(given, "‸", "", 1), at), "\n")
		e.tell("textDocument/didClose", textDocumentParams{textDocument{uri}})
		fmt.Fprintf(&out, "### %s\n%s\n---\n%s\n\n", title, given, got)
	}
	got := strings.TrimRight(out.String(), "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(content), got); diff != "" {
		t.Errorf("%s (-want +got; -update accepts it):\n%s", path, diff)
	}
}

// applied makes edits of a text and returns its lines that have changed.
func applied(content string, edits []textEdit) string {
	after := edit(content, edits)
	var b strings.Builder
	was := strings.Split(content, "\n")
	for i, line := range strings.Split(after, "\n") {
		if i >= len(was) || was[i] != line {
			fmt.Fprintf(&b, "%d: %s\n", i+1, line)
		}
	}
	return b.String()
}

// edit makes edits of a text.
func edit(content string, edits []textEdit) string {
	src := dsl.NewSource("", []byte(content))
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b textEdit) int {
		return utf16Units.offset(src, b.Range.Start) - utf16Units.offset(src, a.Range.Start)
	})
	for _, e := range sorted {
		content = content[:utf16Units.offset(src, e.Range.Start)] + e.NewText + content[utf16Units.offset(src, e.Range.End):]
	}
	return content
}

func at1(uri string, p position) positionParams { return positionParams{textDocument{uri}, p} }

// within returns what a text has in a range.
func within(content string, r textRange) string {
	src := dsl.NewSource("", []byte(content))
	return content[utf16Units.offset(src, r.Start):utf16Units.offset(src, r.End)]
}
