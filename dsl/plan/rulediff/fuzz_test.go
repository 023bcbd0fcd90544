package rulediff_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

// compiled compiles text as far as it can be; ok is false if it has errors.
func compiled(text string) (s rulediff.Side, ok bool) {
	file, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
	p, found := plan.Compile([]*dsl.File{file}, plan.Options{})
	return rulediff.Side{Plan: p, Findings: found}, p != nil
}

// FuzzCompare holds any two texts to three things: nothing breaks, rules do what they
// do themselves, and formatting does not count.
func FuzzCompare(f *testing.F) {
	f.Add(base, "")
	examples, err := filepath.Glob("../../../examples/survey/*.sfsync")
	if err != nil || len(examples) == 0 {
		f.Fatal("no examples", err)
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), base)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		old, ok := compiled(a)
		if !ok {
			return
		}
		if d := rulediff.Compare(old, old); !d.Empty() {
			t.Errorf("rules differ from themselves:\n%s", lines(d))
		}
		text, _ := dsl.Format(dsl.NewSource("rules.sfsync", []byte(a)))
		if again, ok := compiled(text); ok {
			if d := rulediff.Compare(old, again); !d.Empty() {
				t.Errorf("formatting makes a difference:\n%s", lines(d))
			}
		}
		if new, ok := compiled(b); ok {
			there, back := rulediff.Compare(old, new), rulediff.Compare(new, old)
			if there.Empty() != back.Empty() {
				t.Errorf("there\n%s\nback\n%s", lines(there), lines(back))
			}
		}
	})
}
