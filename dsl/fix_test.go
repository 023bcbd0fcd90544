package dsl

import (
	"os"
	"path/filepath"
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

func TestFixText(t *testing.T) {
	const head = "rule R\non survey response\nupdate Case where Id = profile.id\n"
	for _, test := range []struct{ name, before, after string }{
		{"static text", "  set Status   = Invitation Sent\n", "  set Status: Invitation Sent\n"},
		{"static text, tight", "  set Status=Invitation Sent\n", "  set Status:Invitation Sent\n"},
		{"comment", "  set A = b // the note\n", "  # the note\n  set A = b\n"},
		{"comma", "  set A = b C = d\n", "  set A = b, C = d\n"},
		{"stray comma", "  set A = b,\n", "  set A = b\n"},
		{"curly quotes", "  set A = “b c”\n", "  set A = \"b c\"\n"},
		{"set", "  A = b\n", "  set A = b\n"},
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
