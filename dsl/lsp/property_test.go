package lsp

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creachadair/jrpc2"
	"pgregory.net/rapid"

	"github.com/sfsync/sfsync/dsl"
)

// pieces are what texts are made of: line breaks of all kinds, and characters of one to
// four bytes.
var pieces = []string{"a", "é", "€", "😀", "\n", "\r\n", "\r", " ", "rule A\n", "set B: {c}", "\ufeff", "\xff"}

func drawText(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, label), "")
}

// Every offset between characters becomes a position that leads back to it.
func TestPositionsLeadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := dsl.NewSource("", []byte(drawText(t, "text")))
		enc := rapid.SampledFrom([]encoding{utf16Units, utf8Bytes}).Draw(t, "encoding")
		at := src.LineSpan(1).From
		check := func() {
			p := enc.position(src, at)
			back := enc.offset(src, p)
			line := src.LineSpan(p.Line + 1)
			if back != at && !(at > line.To && back == line.To) { // within a line break
				t.Fatalf("offset %d is %v, and that is offset %d of %q", at, p, back, src.Text)
			}
		}
		for i := range src.Text[at:] {
			at = src.LineSpan(1).From + i
			check()
		}
		at = len(src.Text)
		check()
	})
}

// Changes to parts of a text make the same text as editing the whole does.
func TestChangesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t, "text")
		src := dsl.NewSource("", []byte(text))
		enc := rapid.SampledFrom([]encoding{utf16Units, utf8Bytes}).Draw(t, "encoding")
		var changes []contentChange
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			now := dsl.NewSource("", []byte(text))
			place := func(label string) (position, int) {
				p := position{rapid.IntRange(0, now.Lines()).Draw(t, label+" line"), rapid.IntRange(0, 12).Draw(t, label)}
				return p, enc.offset(now, p)
			}
			a, from := place("from")
			b, to := place("to")
			if from > to {
				a, b, from, to = b, a, to, from
			}
			put := drawText(t, "put")
			changes = append(changes, contentChange{&textRange{a, b}, put})
			text = text[:from] + put + text[to:]
		}
		got, err := edited(src, changes, enc)
		if err != nil || got != text {
			t.Fatalf("got %q, %v; want %q", got, err, text)
		}
	})
}

// requests are everything that can be asked about a place.
var requests = []string{
	"completion", "hover", "signatureHelp", "definition", "references", "documentHighlight", "prepareRename", "rename",
	"codeAction", "documentSymbol", "foldingRange", "semanticTokens/full", "codeLens", "formatting", "rangeFormatting",
}

// FuzzAnswers asks everything about any place of any text: no answer is a panic, and no
// place of an answer lies outside of the text.
func FuzzAnswers(f *testing.F) {
	for _, path := range []string{"../testdata/example.sfsync", "../../examples/broken/mistakes.sfsync", "../../examples/survey/answers.sfsync"} {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for i := 0; i < len(content); i += 1 + len(content)/20 {
			f.Add(string(content), i)
			f.Add(string(content[:i]), i)
		}
	}
	f.Add("when\n\xfe", 5)
	f.Add("\ufeffrule \u2028\n\t\"", 4)
	dir := f.TempDir()
	for _, part := range []string{"schema", "events"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(survey, part))); err != nil {
			f.Fatal(err)
		}
	}
	o := Options{Events: readEvents, RunTest: func(context.Context, Test) TestResult { return TestResult{} }}
	around := o.reload(dir, nil, true)
	f.Fuzz(func(t *testing.T, content string, at int) {
		if len(content) > 1<<14 {
			return
		}
		s := newServer(context.Background(), o)
		s.phase = running
		s.client.Capabilities.TextDocument.Completion.CompletionItem.SnippetSupport = true
		fo := &folder{dir: dir, around: around, done: make(chan struct{})}
		d := &document{uri: uriOf(filepath.Join(dir, "a.sfsync")), version: 1, folder: fo, text: newText(filepath.ToSlash(filepath.Join(dir, "a.sfsync")), content)}
		s.documents[d.uri] = d
		found := s.compile(map[string]*text{d.source.Path: d.text}, around)
		fo.analysis = &analysis{0, found}
		if len(found) == 0 {
			t.Fatal("the analysis panicked")
		}
		place := s.encoding.position(d.source, at)
		params, _ := json.Marshal(map[string]any{
			"textDocument": textDocument{d.uri}, "position": place, "newName": "name", "range": textRange{place, place},
			"context": map[string]any{"includeDeclaration": true},
		})
		methods := s.methods()
		for _, name := range requests {
			req := (&jrpc2.ParsedRequest{ID: "1", Method: "textDocument/" + name, Params: params}).ToRequest()
			result, err := methods["textDocument/"+name](context.Background(), req)
			if code(err) == jrpc2.InternalError {
				t.Fatalf("%s: %v", name, err)
			}
			answer, err := json.Marshal(result)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			inside(t, name, d.source, answer)
			switch result := result.(type) {
			case completionList:
				for _, item := range result.Items {
					if r := item.TextEdit.Range; r.Start.Line != place.Line || !covers(r, textRange{place, place}) {
						t.Fatalf("at %v, %s goes to %v of %q", place, item.Label, r, content)
					}
				}
			case []documentSymbol:
				nested(t, textRange{End: position{Line: d.source.Lines()}}, result)
			}
		}
	})
}

// covers reports whether a range has another one within it.
func covers(outer, inner textRange) bool {
	before := func(a, b position) bool { return a.Line < b.Line || a.Line == b.Line && a.Character <= b.Character }
	return before(outer.Start, inner.Start) && before(inner.End, outer.End)
}

// nested checks that symbols lie within what they belong to, and their names within them:
// editors show no outline otherwise.
func nested(t *testing.T, outer textRange, symbols []documentSymbol) {
	t.Helper()
	for _, s := range symbols {
		if s.Name == "" || !covers(outer, s.Range) || !covers(s.Range, s.SelectionRange) {
			t.Fatalf("%q lies at %v, named at %v, within %v", s.Name, s.Range, s.SelectionRange, outer)
		}
		nested(t, s.Range, s.Children)
	}
}

// inside checks the ranges of an answer.
func inside(t *testing.T, name string, src *dsl.Source, answer []byte) {
	t.Helper()
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if line, ok := v["line"].(float64); ok {
				p := position{int(line), int(v["character"].(float64))}
				if back := utf16Units.position(src, utf16Units.offset(src, p)); back != p {
					t.Fatalf("%s answers %v, which is not in %q", name, p, src.Text)
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatal(err)
	}
	walk(v)
}
