package dsl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fix mends the fault that it belongs to, and a safe one breaks nothing else.
func TestFixes(t *testing.T) {
	paths, _ := filepath.Glob("testdata/faults/*.sfsync")
	safe := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, before := Parse(NewSource(path, text))
		for _, d := range before {
			for _, fix := range d.Fixes {
				_, after := Parse(NewSource(path, []byte(apply(string(text), fix))))
				if fix.Safe {
					safe++
				}
				if n := like(after, d); n >= like(before, d) {
					t.Errorf("%s:%d: %q leaves what it should mend: %s", path, d.Source.Position(d.From).Line, fix.Title, d.Message)
				}
				left := len(before) - 1
				if d.Code == codeComment && len(after) == len(before) {
					left++ // the comment hid a bracket that is missing
				}
				if fix.Safe && len(after) != left {
					line := d.Source.Position(d.From).Line
					t.Errorf("%s:%d: %q leaves %d faults of %d", path, line, fix.Title, len(after), len(before))
				}
				if fix.Title == "" || len(fix.Edits) == 0 {
					t.Errorf("%s has an empty fix", d.Message)
				}
				for i := 1; i < len(fix.Edits); i++ {
					if fix.Edits[i].From < fix.Edits[i-1].To {
						t.Errorf("the edits of %q overlap", fix.Title)
					}
				}
			}
		}
	}
	if safe < 20 {
		t.Errorf("only %d safe fixes were tried", safe)
	}
}

// like counts the diagnostics that say the same.
func like(ds []Diagnostic, d Diagnostic) int {
	n := 0
	for i := range ds {
		if ds[i].Code == d.Code && ds[i].Message == d.Message {
			n++
		}
	}
	return n
}

func TestFixText(t *testing.T) {
	const head = "rule R\non survey response\nupdate Case where Id = profile.id\n"
	for _, test := range []struct{ name, before, after string }{
		{"static text", "  set Status   = Invitation Sent\n", "  set Status: Invitation Sent\n"},
		{"static text, tight", "  set Status=Invitation Sent\n", "  set Status:Invitation Sent\n"},
		{"static text before another field", "  set Status = Invitation Sent, A = b\n", "  set Status = \"Invitation Sent\", A = b\n"},
		{"comment", "  set A = b // the note\n", "  # the note\n  set A = b\n"},
		{"comma", "  set A = b C = d\n", "  set A = b, C = d\n"},
		{"stray comma", "  set A = b,\n", "  set A = b\n"},
		{"curly quotes", "  set A = “b c”\n", "  set A = \"b c\"\n"},
		{"set", "  A = b\n", "  set A = b\n"},
		{"second set on a line", "  set A = b set C = d\n", "  set A = b, C = d\n"},
		{"comment on Windows", "  set A = b # why\r\n", "  # why\n  set A = b\r\n"}, // the file is mixed
		{"second set", "  set A = b\n  set C = d\n", "  set A = b\n  C = d\n"},
		{"brackets", "  set A = b\n    + c\n", "  set A = (b\n    + c)\n"},
		{"case", "  SET A = b\n", "  set A = b\n"},
		{"slip", "  ste A = b\n", ""}, // too short to guess
	} {
		_, ds := Parse(NewSource("", []byte(head+test.before)))
		if len(ds) != 1 || len(ds[0].Fixes) != min(1, len(test.after)) {
			t.Errorf("%s: %v", test.name, summary(ds))
			continue
		}
		if test.after != "" {
			if got := apply(head+test.before, ds[0].Fixes[0]); got != head+test.after {
				t.Errorf("%s: got\n%s", test.name, got[len(head):])
			}
		}
	}
}

// Fixes that touch each other are applied one after the other.
func TestApplyFixes(t *testing.T) {
	const text = "rule R\r\non survey response\r\nUpdate Case where Id = a.b # why\r\n  A = Invitation Sent\r\n  B = low priority\r\n"
	src := NewSource("", []byte(text))
	_, ds := Parse(src)
	got, mended := ApplyFixes(src, ds)
	want := "rule R\r\non survey response\r\nupdate Case where Id = a.b # why\r\n  set A: Invitation Sent\r\n  B = low priority\r\n"
	if got != want || len(mended) != 3 {
		t.Errorf("%d mended: %q", len(mended), got)
	}
	src = NewSource("", []byte(got))
	_, ds = Parse(src)
	got, mended = ApplyFixes(src, ds)
	if want = strings.Replace(want, "update Case where Id = a.b # why", "# why\r\nupdate Case where Id = a.b", 1); got != want || len(mended) != 1 {
		t.Errorf("%d mended: %q", len(mended), got)
	}
	src = NewSource("", []byte(got))
	_, ds = Parse(src)
	if again, mended := ApplyFixes(src, ds); again != got || len(mended) > 0 || len(ds) != 1 || len(ds[0].Fixes) != 1 {
		t.Errorf("%q: what could be a name is taken for text: %v", again, summary(ds))
	}
	if text, mended := ApplyFixes(NewSource("", []byte(got)), ds); text != got || len(mended) > 0 {
		t.Error("another file is changed")
	}
}

// Of fixes that touch, the first is applied; and the time grows with their number only.
func TestApplyManyFixes(t *testing.T) {
	src := NewSource("", []byte(strings.Repeat("ab ", 100_000)))
	var ds []Diagnostic
	for at := 0; at < len(src.Text); at += 3 {
		ds = append(ds, Diagnostic{Source: src, Fixes: []Fix{{"", []Edit{{Span{at, at + 2}, "c"}}, true}}},
			Diagnostic{Source: src, Fixes: []Fix{{"", []Edit{{Span{at + 2, at + 2}, "touching"}}, true}}})
	}
	text, mended := ApplyFixes(src, ds)
	if text != strings.Repeat("c ", 100_000) || len(mended) != 100_000 {
		t.Errorf("%d mended, %.20q", len(mended), text)
	}
}
