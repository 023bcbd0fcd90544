package dsl

import (
	"strings"
	"testing"
)

// What stands below a head that cannot be read is read all the same, and belongs to
// an action that says so.
func TestBrokenHeads(t *testing.T) {
	const below = "  set A = b\n      C: text\n"
	for _, head := range []string{
		"update", "update where Id = a", "update Case where", "update Case where Id a", "update Case where Id: a",
		"update Case using where Id = a", "update Ca-se where Id = a", "update Case where Id = a junk, more",
	} {
		file, ds := Parse(NewSource("", []byte("rule R\non survey response\n"+head+"\n"+below)))
		if len(ds) > 1 {
			t.Errorf("%s: %v", head, summary(ds))
		}
		if len(ds) == 0 {
			continue // two values side by side are package plan's to report
		}
		actions := file.Rules[0].Actions
		if len(actions) != 1 || !actions[0].Broken || len(actions[0].Set) != 2 {
			t.Errorf("%s: got\n%s", head, dump(file))
		}
	}
}

// An expression that cannot be read is marked, so that nobody reports it again.
func TestBrokenExpressions(t *testing.T) {
	for text, broken := range map[string]bool{
		"a + b": false, "f(a": true, `"a`: true, "Two words": true, "": true, "a = b": true, "a +": false, "a § b": true,
		"(a, # note\n b)": false, "(a, # note": true,
	} {
		file, _ := Parse(NewSource("", []byte("rule R\non survey response\ncreate Case\n  set A = "+text+"\n")))
		value := file.Rules[0].Actions[0].Set[0].Value
		if value == nil || value.Broken != broken {
			t.Errorf("%q: %+v", text, value)
		}
	}
}

// Comments in an expression are blanked out, so that offsets into it hold.
func TestCommentsInExpressions(t *testing.T) {
	file, ds := Parse(NewSource("", []byte("rule R\non survey response\nlet a = f(\n  # a note with (\n  b)\n")))
	if len(ds) > 0 {
		t.Fatal(summary(ds))
	}
	want := "f(\n  " + strings.Repeat(" ", len("# a note with (")) + "\n  b)"
	if got := file.Rules[0].Lets[0].Value.Text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTemplateParts(t *testing.T) {
	file, ds := Parse(NewSource("", []byte("rule R\non survey response\ncreate Case\n  set A:  x {{y} {a.b}{ c } }}  \n")))
	if len(ds) > 0 {
		t.Fatal(summary(ds))
	}
	var got []string
	for _, p := range file.Rules[0].Actions[0].Set[0].Text.Parts {
		if p.Expr != nil {
			got = append(got, "<"+p.Expr.Text+">")
		} else {
			got = append(got, p.Text)
		}
	}
	if s := strings.Join(got, "|"); s != "x {y} |<a.b>|<c>| }}" {
		t.Errorf("got %q", s)
	}
	if text, ok := (&Template{Parts: []TemplatePart{{Text: "a"}, {Text: "b"}}}).Static(); text != "ab" || !ok {
		t.Errorf("static text is %q", text)
	}
	if _, ok := file.Rules[0].Actions[0].Set[0].Text.Static(); ok {
		t.Error("text with expressions is static")
	}
}
