package ruletest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// judge holds what came of a test's events against what it expects. The order of the
// writes does not matter, and each expected one stands for one that was made.
func (r *Result) judge(t *plan.Test, skipped int) {
	var written, refused []*Write
	for i := range r.Writes {
		switch w := &r.Writes[i]; w.State {
		case Written:
			written = append(written, w)
		case Skipped:
		default:
			refused = append(refused, w)
		}
	}
	wanted := make([]*plan.Expectation, 0, len(t.Expects))
	for _, e := range t.Expects {
		if e.Kind == dsl.ExpectWrite {
			wanted = append(wanted, e)
		}
	}
	taken := assign(wanted, written)
	left := map[*Write]bool{} // writes that no expectation stands for
	for _, w := range written {
		left[w] = true
	}
	for _, w := range taken {
		delete(left, w)
	}
	missed := map[*plan.Expectation]Failure{}
	told := map[*Write]bool{}
	for _, e := range wanted {
		if taken[e] == nil {
			f, nearest := r.missed(e, left)
			missed[e] = f
			delete(left, nearest) // it is told of here, and is nothing else
			told[nearest] = true
		}
	}
	causes := map[string]bool{}
	for _, e := range t.Expects {
		switch e.Kind {
		case dsl.ExpectWrite:
			if f, ok := missed[e]; ok {
				r.fail(f)
			}
		case dsl.ExpectNothing:
			if len(written) > 0 {
				r.fail(Failure{Line: e.Line, Expect: e.Text, Message: "something was written", Nearest: list(written)})
			}
		case dsl.ExpectNothingElse:
			var others []*Write
			for _, w := range written {
				if left[w] {
					others = append(others, w)
				}
			}
			if len(others) > 0 {
				r.fail(Failure{Line: e.Line, Expect: e.Text, Message: "something else was written", Nearest: list(others)})
			}
		case dsl.ExpectSkipped:
			if skipped--; skipped < 0 {
				r.fail(Failure{Line: e.Line, Expect: e.Text, Message: "no event was skipped", Nearest: list(append(written, refused...))})
			}
		case dsl.ExpectFailed:
			causes[e.Cause] = true
			if f, ok := notFailed(e, refused, written); !ok {
				r.fail(f)
				for _, w := range refused {
					told[w] = true
				}
			}
		}
	}
	for _, w := range refused {
		if w.State == Failed && causes[w.Cause] || told[w] {
			continue
		}
		r.fail(unexpected(t, w))
	}
}

// notFailed says what happened in place of a failure with a cause.
func notFailed(e *plan.Expectation, refused, written []*Write) (Failure, bool) {
	f := Failure{Line: e.Line, Expect: e.Text, Message: "nothing failed", Nearest: list(written)}
	for _, w := range refused {
		if w.State == Failed && w.Cause == e.Cause {
			return f, true
		}
	}
	if len(refused) > 0 {
		f.Message, f.Nearest = "nothing failed with this cause", list(refused)
	}
	return f, false
}

// unexpected reports what went wrong although no `expect` says so.
func unexpected(t *plan.Test, w *Write) Failure {
	f := Failure{Line: t.Line, Help: w.Help, Message: "the event " + w.Event}
	if w.Op != "" {
		f.Message = w.Head()
	}
	switch w.State {
	case Waiting:
		f.Message += " waits"
	case InDoubt:
		f.Message += " is in doubt"
	default:
		f.Message += " failed"
		if f.Help == "" && w.Cause != "" {
			f.Help = "if that is right, write `expect failed " + w.Cause + "`"
		}
	}
	if w.Cause != "" {
		f.Message += " (" + w.Cause + ")"
	}
	if w.Reason != "" {
		f.Message += ": " + w.Reason
	}
	return f
}

// list writes the heads of writes, a line each, with what became of them.
func list(writes []*Write) string {
	var lines []string
	for _, w := range writes {
		line := w.Head()
		if w.Op == "" {
			line = "the event " + w.Event
		}
		if w.State != Written {
			line += " " + w.State
			if w.Cause != "" {
				line += " (" + w.Cause + ")"
			}
			if w.Reason != "" {
				line += ": " + w.Reason
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// assign finds a write for as many expectations as possible, so that one which says
// little does not take the only write that one which says more could stand for.
func assign(wanted []*plan.Expectation, written []*Write) map[*plan.Expectation]*Write {
	fits := make([][]int, len(wanted))
	for i, e := range wanted {
		for j, w := range written {
			if diffs := compare(e.Write, w); same(diffs) && sameKind(e.Write, w) {
				fits[i] = append(fits[i], j)
			}
		}
	}
	owner := make([]int, len(written)) // of each write, the expectation that has it, plus one
	var find func(i int, seen []bool) bool
	find = func(i int, seen []bool) bool {
		for _, j := range fits[i] {
			if seen[j] {
				continue
			}
			seen[j] = true
			if owner[j] == 0 || find(owner[j]-1, seen) {
				owner[j] = i + 1
				return true
			}
		}
		return false
	}
	for i := range wanted {
		find(i, make([]bool, len(written)))
	}
	taken := map[*plan.Expectation]*Write{}
	for j, i := range owner {
		if i > 0 {
			taken[wanted[i-1]] = written[j]
		}
	}
	return taken
}

// sameKind reports whether a write is of the kind, object and connection that is expected.
func sameKind(want *plan.ExpectedWrite, w *Write) bool {
	return w.Op == plan.Verb(want.Kind) && strings.EqualFold(w.Object, want.Object) && (want.Connection == "" || want.Connection == w.Connection)
}

// compare holds a write against what a test names of it.
func compare(want *plan.ExpectedWrite, w *Write) []FieldDiff {
	var out []FieldDiff
	if want.MatchField != "" {
		d := FieldDiff{Name: "where " + want.MatchField, Expected: quote(want.MatchValue)}
		switch {
		case strings.EqualFold(w.MatchField, want.MatchField):
			d.Actual, d.Same = quote(w.MatchValue), w.MatchValue == want.MatchValue
		case w.MatchField != "":
			d.Note = "it is found by " + w.MatchField + " = " + quote(w.MatchValue)
		default:
			d.Note = "a new record"
		}
		out = append(out, d)
	}
	for _, f := range want.Fields {
		d := FieldDiff{Name: f.Name, Line: f.Line, Expected: string(f.JSON)}
		switch got := w.field(f.Name); {
		case got == nil:
			d.Note = "not set by the rule"
		case got.Value == nil:
			d.Note = "left out: " + got.Note
		default:
			d.Actual, d.Same = string(got.Value), plan.SameValue(f.JSON, got.Value)
		}
		out = append(out, d)
	}
	return out
}

func same(diffs []FieldDiff) bool {
	for _, d := range diffs {
		if !d.Same {
			return false
		}
	}
	return true
}

func quote(s string) string {
	text, _ := marshal(s)
	return string(json.RawMessage(text))
}

// missed says what comes nearest to an expected write that was not made: one that no
// other expectation stands for, or one that was skipped or refused. It returns the write
// too if it is of the same kind.
func (r *Result) missed(e *plan.Expectation, left map[*Write]bool) (Failure, *Write) {
	f := Failure{Line: e.Line, Expect: e.Text}
	var best *Write
	bestScore := -1
	for i := range r.Writes {
		w := &r.Writes[i]
		if w.Op == "" || w.State == Written && !left[w] {
			continue
		}
		score := 0
		if strings.EqualFold(w.Object, e.Write.Object) {
			score += 1000
		}
		if w.Op == plan.Verb(e.Write.Kind) {
			score += 100
		}
		if w.State == Written {
			score += 10
		}
		for _, d := range compare(e.Write, w) {
			if d.Same {
				score++
			}
		}
		if score > bestScore && score >= 100 {
			best, bestScore = w, score
		}
	}
	switch {
	case best == nil:
		f.Message = "nothing was written"
		for _, w := range r.Writes {
			if w.State == Written {
				f.Message = "no other write was made"
			}
		}
		return f, nil
	case !sameKind(e.Write, best):
		f.Message, f.Nearest = "there is no such write; the nearest is", list([]*Write{best})
		if best.State == Written {
			f.Fields = compare(e.Write, best)
		}
		return f, nil
	case best.State == Written:
		f.Message, f.Nearest, f.Fields = "the write has other values", best.Head(), compare(e.Write, best)
	default:
		f.Message = fmt.Sprintf("this was %s: %s", verbOf[best.State], best.Reason)
		f.Help = best.Help
	}
	return f, best
}

var verbOf = map[string]string{Skipped: "skipped", Failed: "refused", Waiting: "put off", InDoubt: "left in doubt"}
