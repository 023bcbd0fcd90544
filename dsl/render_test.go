package dsl

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// pictures are diagnostics that are hard to draw.
func pictures() []Diagnostic {
	rules := NewSource("rules.sfsync", []byte("rule R\non survey response\n\tset 名前__c\t= 日本語 x\n  A: \x1b[31mred\n"+
		"  B = "+strings.Repeat("long ", 40)+"here"+strings.Repeat(" tail", 40)+"\n"+
		"  C = f(\n    1)\n"+
		"  D = "+strings.Repeat("x", 300)+"\n"+
		"  é👍🏽 = 1"))
	events := NewSource("events.json", []byte("{\n  \"id\": 1\n}\n"))
	find := func(text string) Span {
		i := strings.Index(rules.Text, text)
		return Span{i, i + len(text)}
	}
	return []Diagnostic{
		{Code: "S014", Severity: Error, Source: rules, Span: find("日本語 x"), Message: "wide characters and tabs", Help: "the mark stands below them"},
		{Code: "S100", Severity: Warning, Source: rules, Span: find("red"), Message: "a control character \x1b[0m shows as such"},
		{Code: "S200", Severity: Info, Source: rules, Span: find("here"), Message: "a long line is cut on both sides"},
		{Code: "S201", Severity: Error, Source: rules, Span: find(strings.Repeat("x", 300)), Message: "a long mark is cut too"},
		{Code: "S011", Severity: Error, Source: rules, Span: find("(\n    1)"), Message: "a mark ends with its line", Labels: []Label{
			{rules, find("1)"), "the line below"},
			{rules, find("rule"), "far above"},
			{events, Span{4, 8}, "in another file"},
			{rules, find("f("), "on the same line"},
		}, Notes: []string{"a note", "another"}},
		{Code: "S012", Severity: Error, Source: rules, Span: find(" = 1"), Message: "characters of several code points"},
		{Code: "S013", Severity: Error, Source: rules, Span: Span{len(rules.Text), len(rules.Text)}, Message: "the end of the text"},
		{Code: "S300", Severity: Error, Message: "about no file at all", Help: "but with help"},
	}
}

func TestRender(t *testing.T) {
	for name, opts := range map[string]TextOptions{
		"render.txt": {}, "render-color.txt": {Color: true}, "render-narrow.txt": {Width: 40},
	} {
		var out bytes.Buffer
		if err := Render(&out, pictures(), opts); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
	}
}

func TestRenderJSON(t *testing.T) {
	src := NewSource("rules.sfsync", []byte("rule Ré\non survey response\nlet é = f(“a”)\nlet b = (1\n"))
	_, ds := Parse(src)
	ds = append(ds, Diagnostic{Code: "S300", Message: "about <no> file", Notes: []string{"a note"}})
	var out bytes.Buffer
	if err := RenderJSON(&out, ds); err != nil {
		t.Fatal(err)
	}
	golden(t, "render.json", out.String())

	out.Reset()
	if err := RenderJSON(&out, nil); err != nil {
		t.Fatal(err)
	}
	var report map[string]any
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if list, ok := report["diagnostics"].([]any); !ok || len(list) != 0 {
		t.Errorf("no diagnostics are not an empty list: %s", out.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRenderReportsWriteErrors(t *testing.T) {
	if err := Render(fullDisk{}, pictures(), TextOptions{}); err == nil {
		t.Error("Render hides that it could not write")
	}
	if err := RenderJSON(fullDisk{}, nil); err == nil {
		t.Error("RenderJSON hides that it could not write")
	}
}

func TestLimit(t *testing.T) {
	a, b := NewSource("a", nil), NewSource("b", nil)
	ds := []Diagnostic{
		{Source: a, Severity: Warning, Message: "a1"},
		{Source: a, Severity: Error, Message: "a2"},
		{Source: a, Severity: Info, Message: "a3"},
		{Source: a, Severity: Error, Message: "a4"},
		{Source: b, Severity: Info, Message: "b1"},
		{Severity: Error, Message: "c1"},
	}
	for n, want := range map[int]string{0: "", 1: "a2 b1 c1", 2: "a2 a4 b1 c1", 3: "a1 a2 a4 b1 c1", 20: "a1 a2 a3 a4 b1 c1"} {
		kept, left := Limit(ds, n)
		var got []string
		for _, d := range kept {
			got = append(got, d.Message)
		}
		if s := strings.Join(got, " "); s != want || left != len(ds)-len(kept) {
			t.Errorf("%d: got %q and %d left", n, s, left)
		}
	}
}
