package rulediff_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

// many writes rules of about so many lines.
func many(rules int, name string) string {
	var b strings.Builder
	for i := range rules {
		b.WriteString(strings.Replace(base, "rule Answers", fmt.Sprintf("rule %s %d", name, i), 1))
	}
	return b.String()
}

// BenchmarkCompare compares 2,000 lines of rules with others: the same but for one
// place, and such that no rule has the name it had.
func BenchmarkCompare(b *testing.B) {
	side := func(text string) rulediff.Side {
		file, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
		p, found := plan.Compile([]*dsl.File{file}, plan.Options{})
		return rulediff.Side{Plan: p, Findings: found}
	}
	old := many(220, "Answers")
	for _, c := range []struct{ name, text string }{
		{"one place", strings.Replace(old, "Done", "Finished", 1)},
		{"other names", strings.ReplaceAll(many(220, "Replies"), "Done", "Finished")},
	} {
		before, after := side(old), side(c.text)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				rulediff.Compare(before, after)
			}
		})
	}
}
