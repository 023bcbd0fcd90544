package main

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/runtime/ruletest"
)

// printTestText tells a person how the tests went: of those that passed little, of
// those that failed what was expected, what came, and why.
func (c *console) printTestText(r *testReport, verbose bool) {
	for i := range r.Tests {
		t := &r.Tests[i]
		if !t.Passed {
			c.printFailure(t)
			continue
		}
		if verbose {
			fmt.Fprintf(c.out, "%s    %s  %s\n", c.style.green("ok"), oneLine(t.Name), c.style.dim(fmt.Sprintf("%s:%d", t.File, t.Line)))
		}
	}
	if len(r.Tests) == 0 {
		return
	}
	if r.Failed == 0 {
		fmt.Fprintf(c.out, "%s  %s, %.2f s\n", c.style.green("ok"), plural(len(r.Tests), "test"), r.Milliseconds/1000)
		return
	}
	fmt.Fprintf(c.out, "%s  %s of %s\n", c.style.red("FAILED"), thousands(r.Failed), plural(len(r.Tests), "test"))
}

// printFailure tells what is wrong with a test, and the way that its events took.
func (c *console) printFailure(t *ruletest.Result) {
	fmt.Fprintf(c.out, "%s  %s  %s\n", c.style.red("FAIL"), c.style.bold(oneLine(t.Name)), c.style.dim(fmt.Sprintf("%s:%d", t.File, t.Line)))
	for i := range t.Failures {
		c.printExpectation(&t.Failures[i])
	}
	for i := range t.Ways {
		if i == maxExamples {
			fmt.Fprintf(c.out, "\n  %s\n", c.style.dim(plural(len(t.Ways)-i, "more event")+" not shown; --format json shows them"))
			break
		}
		c.printWay(&t.Ways[i])
	}
	if t.Engine {
		c.printWrites(t.Writes)
	}
	fmt.Fprintln(c.out)
}

func (c *console) printExpectation(f *ruletest.Failure) {
	fmt.Fprintln(c.out)
	if f.Expect != "" {
		fmt.Fprintf(c.out, "  %s %s\n", c.style.dim(fmt.Sprintf("%4d |", f.Line)), oneLine(f.Expect))
	}
	c.why("  ", f.Message, "")
	for i, line := range strings.Split(f.Nearest, "\n") {
		switch {
		case line == "":
		case i == maxShown:
			fmt.Fprintln(c.out, "    …")
		case i < maxShown:
			c.why("    ", line, "")
		}
	}
	if len(f.Fields) > 0 {
		rows := table{indent: "    "}
		rows.row(" ", cell{"field", c.style.dim}, cell{"expected", c.style.dim}, cell{"actual", c.style.dim})
		for _, d := range f.Fields {
			mark, actual := cell{" ", nil}, cell{d.Actual, nil}
			if d.Actual == "" {
				actual = cell{"(" + d.Note + ")", nil}
			}
			if !d.Same {
				mark, actual.mark = cell{"≠", c.style.red}, c.style.red
			}
			rows.row(mark, d.Name, d.Expected, actual)
		}
		rows.write(c.out, c.width)
	}
	c.why("  ", f.Help, "help: ")
}

// printWay tells how an event went through each rule.
func (c *console) printWay(w *ruletest.EventWay) {
	fmt.Fprintf(c.out, "\n  %s %s\n", c.style.bold("the way of "+oneLine(w.Event)), c.style.dim(fmt.Sprintf("%s:%d", w.File, w.Line)))
	if w.Problem != "" {
		c.why("    ", w.Problem, "no event that rules can run on: ")
		c.why("    ", w.Help, "help: ")
		return
	}
	if len(w.Rules) == 0 {
		fmt.Fprintln(c.out, "    there is no rule")
	}
	others := 0
	for i := range w.Rules {
		if w.Rules[i].Other != "" {
			others++
		}
	}
	few := others == len(w.Rules) && others <= maxShown // nobody is about the event: why not?
	defer func() {
		if others > 0 && !few {
			fmt.Fprintf(c.out, "    %s\n", c.style.dim(plural(others, "rule")+" for other events"))
		}
	}()
	for i := range w.Rules {
		r := &w.Rules[i]
		if r.Other != "" && !few {
			continue
		}
		place := c.style.dim(fmt.Sprintf("%s:%d", r.File, r.Line))
		if r.Other != "" {
			fmt.Fprintf(c.out, "    rule %s  %s\n", oneLine(r.Rule), place)
			c.why("      ", r.Trigger+" is not this: "+r.Other, "on ")
			continue
		}
		fmt.Fprintf(c.out, "    rule %s  %s\n", c.style.bold(oneLine(r.Rule)), place)
		fmt.Fprintf(c.out, "      on %s\n", oneLine(r.Trigger))
		c.printGuard("      ", r.Guard)
		switch {
		case r.Arm == "otherwise":
			fmt.Fprintf(c.out, "      %s\n", r.Arm)
		case r.Arm != "":
			fmt.Fprintf(c.out, "      when %s\n", oneLine(r.Arm))
		case r.NoArm != "":
			c.why("      ", r.NoArm, "")
		}
		for j := range r.Actions {
			c.printAction(&r.Actions[j])
		}
	}
}

func (c *console) printGuard(indent string, g *ruletest.Guard) {
	if g == nil {
		return
	}
	c.why(indent, "`"+g.Text+"` "+g.Why, "if ")
}

func (c *console) printAction(a *ruletest.ActionWay) {
	mark := c.style.green("writes")
	switch a.State {
	case ruletest.Skipped:
		mark = c.style.dim("skips ")
	case ruletest.Failed:
		mark = c.style.red("fails ")
	}
	fmt.Fprintf(c.out, "      %s %s  %s\n", mark, oneLine(a.Text), c.style.dim(fmt.Sprintf("line %d", a.Line)))
	c.printGuard("        ", a.Guard)
	if a.Reason != "" && (a.Guard == nil || a.Guard.Passed) {
		reason := a.Reason
		if a.Cause != "" {
			reason = a.Cause + ": " + reason
		}
		c.why("        ", reason, "")
	}
	for _, f := range a.Left {
		c.why("        ", f.Name+" is left as it is: "+f.Why, "")
	}
}

// printWrites tells what the engine and the org made of the writes.
func (c *console) printWrites(writes []ruletest.Write) {
	fmt.Fprintf(c.out, "\n  %s\n", c.style.bold("what the simulated org said"))
	shown := 0
	for i := range writes {
		w := &writes[i]
		if w.State == ruletest.Skipped && w.Reason == "" {
			continue
		}
		if shown++; shown > maxShown {
			fmt.Fprintln(c.out, "    …")
			break
		}
		head := w.Head()
		if w.Op == "" {
			head = "the event " + w.Event
		}
		if w.Cause != "" {
			head += " (" + w.Cause + ")"
		}
		fmt.Fprintf(c.out, "    %-7s %s\n", w.State, oneLine(head))
		c.why("            ", w.Reason, "")
	}
	if shown == 0 {
		fmt.Fprintln(c.out, "    nothing was sent")
	}
}

// printCoverage tells how much of the rules was reached; with gaps, also what was not.
func (c *console) printCoverage(v *coverage, gaps bool) {
	fmt.Fprintln(c.out)
	rows := table{}
	for _, f := range v.Files {
		rows.row(cell{fmt.Sprintf("%5.1f %%", f.Percent), c.shade(f.Percent)}, f.File, fmt.Sprintf("%d of %d", f.Covered, f.Total))
	}
	if len(v.Files) != 1 {
		rows.row(cell{fmt.Sprintf("%5.1f %%", v.Percent), c.shade(v.Percent)}, "all", fmt.Sprintf("%d of %d", v.Covered, v.Total))
	}
	rows.write(c.out, c.width)
	if !gaps {
		return
	}
	for _, f := range v.Files {
		if len(f.Gaps) == 0 {
			continue
		}
		fmt.Fprintf(c.out, "\n%s\n", c.style.bold(f.File))
		rows := table{indent: "  "}
		for i, g := range f.Gaps {
			line, text := fmt.Sprint(g.Line), shorten(oneLine(g.Text), max(24, c.width/2))
			if i > 0 && f.Gaps[i-1].Line == g.Line {
				line, text = "", ""
			}
			rows.row(cell{line, c.style.dim}, text, cell{g.Missing, c.style.yellow})
		}
		rows.write(c.out, c.width)
	}
}

func (c *console) shade(percent float64) func(string) string {
	if percent == 100 {
		return c.style.green
	}
	return c.style.yellow
}
