package main

import (
	"fmt"

	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

// maxPrinted is how many events a person is shown.
const maxPrinted = 50

// printReplay says which writes differ, event by event.
func (c *console) printReplay(r *replay) {
	if len(r.Changes) > 0 {
		fmt.Fprintf(c.out, "\n%s\n", c.style.bold("Events that end otherwise"))
	}
	for i := range r.Changes {
		if i == maxPrinted {
			break
		}
		ev := &r.Changes[i]
		fmt.Fprintf(c.out, "\n%s\n", c.style.bold(eventTitle(ev)))
		for j := range ev.Writes {
			w := &ev.Writes[j]
			for k, line := range writeSentences(w) {
				if k == 0 {
					c.item("  ", w.Change, line)
				} else {
					fmt.Fprintln(c.out, wrap(line, "    ", c.width))
				}
			}
			t := table{indent: "      "}
			for _, f := range w.Fields {
				t.row(f.Field, fieldValues(f, w.Change))
			}
			t.write(c.out, c.width)
		}
	}
	if left := r.Differ - min(len(r.Changes), maxPrinted); left > 0 {
		fmt.Fprintf(c.out, "\nand %s; --format json has more\n", plural(left, "more event"))
	}
	fmt.Fprintln(c.out)
	for _, line := range r.summary() {
		fmt.Fprintln(c.out, wrap(line, "", c.width))
	}
}

// summary says how much of what was run through both versions differs.
func (r *replay) summary() []string {
	lines := []string{fmt.Sprintf("Of %s, %s.", plural(r.Events, "event"), count(r.Differ, "ends otherwise", "end otherwise"))}
	add := func(n int, one, many string) {
		if n > 0 {
			lines = append(lines, count(n, one, many))
		}
	}
	add(r.NowFail, "fails only with the new rules.", "fail only with the new rules.")
	add(r.NowGood, "fails only with the old rules.", "fail only with the old rules.")
	add(r.Broken, "could not be read.", "could not be read.")
	add(r.Unjoined, "is a status whose outbound message is not among them.", "are statuses whose outbound messages are not among them.")
	add(r.NotKept, "of the past is not kept any more, and was left out.", "of the past are not kept any more, and were left out.")
	if r.NotKept > 0 {
		lines = append(lines, "Kept are outbound messages and what failed; `serve --keep-events` and `run --keep-events` keep all from then on.")
	}
	return lines
}

func count(n int, one, many string) string {
	switch n {
	case 0:
		return "none " + one
	case 1:
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func eventTitle(ev *eventReplay) string {
	if ev.Status == "" {
		return oneLine(ev.Event)
	}
	return oneLine(ev.Event + " (" + ev.Status + ")")
}

// writeSentences say what a write is, and how its end differs.
func writeSentences(w *writeReplay) []string {
	if w.Old == nil || w.New == nil {
		at := w.New
		if at == nil {
			at = w.Old
		}
		lines := []string{at.title()}
		if at.Cause != "" {
			lines = append(lines, at.end())
		}
		return lines
	}
	lines := []string{w.New.title()}
	if w.Old.title() != w.New.title() {
		lines = append(lines, "before: "+w.Old.title())
	}
	if w.Old.Cause != w.New.Cause {
		lines = append(lines, w.New.end()+"; before: "+w.Old.end())
	}
	return lines
}

func (w *plannedWrite) title() string {
	if w.Op == "" {
		return oneLine("rule " + w.Rule)
	}
	text := w.Op + " " + w.Object
	if w.MatchField != "" {
		text += " where " + w.MatchField + " = " + w.MatchValue
		if w.MatchValue == "" {
			text += "(nothing)"
		}
	}
	return oneLine(text)
}

func (w *plannedWrite) end() string {
	if w.Cause == "" {
		return "is written"
	}
	return oneLine("fails: " + w.Cause + ": " + w.Reason)
}

// fieldValues are the values of a field before and now.
func fieldValues(f fieldReplay, change string) string {
	old, new := string(f.Old), string(f.New)
	switch {
	case change == rulediff.Added:
		return new
	case change == rulediff.Removed:
		return old
	case old == "":
		old = "not written"
	case new == "":
		new = "not written"
	}
	return old + " → " + new
}
