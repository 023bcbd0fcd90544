package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

// printRun explains one run: which line of which rule put which value where, and
// what Salesforce said to it.
func (c *console) printRun(run *store.Run) {
	o := c.outcome(run.Outcome)
	title := run.Rule
	if title == "" {
		title = "no rule"
	}
	fmt.Fprintf(c.out, "%s  %s\n", c.style.bold(oneLine(title)), o)
	t := table{indent: "  "}
	t.row("run", run.ID)
	event := runEvent(run.Event) + " (" + run.Type + ")"
	t.row("event", event)
	t.row("received", clock(run.Received))
	if !run.Time.IsZero() {
		t.row("happened", clock(run.Time))
	}
	if run.RuleFile != "" {
		t.row("rule", fmt.Sprintf("%s:%d", run.RuleFile, run.RuleLine))
	}
	if run.Arm != "" {
		t.row("arm", run.Arm)
	}
	if run.Connection != "" {
		t.row("connection", run.Connection)
	}
	t.row("took", effort(run))
	if run.Again != "" {
		t.row("went on", "as "+runEvent(run.Again))
	}
	t.write(c.out, c.width)
	c.why("  ", run.Reason, "")
	if run.Outcome == store.Waiting && !run.NotBefore.IsZero() {
		until := "tried again after"
		if run.Rule == "" && run.Type == plan.TypeDistribution {
			until = "given up, unless it comes, after" // a status goes on as soon as its message is there
		}
		fmt.Fprintf(c.out, "  %s %s\n", c.style.yellow(until), clock(run.NotBefore))
	}
	for i := range run.Writes {
		fmt.Fprintln(c.out)
		c.printWrite(run, &run.Writes[i])
	}
	if run.Advice != "" {
		fmt.Fprintln(c.out)
		cause := run.Cause
		if cause != "" {
			cause += ": "
		}
		fmt.Fprintln(c.out, hanging("  "+cause, run.Advice, c.width))
	}
}

// clock writes a time for a person, to the second.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

func effort(run *store.Run) string {
	var parts []string
	if !run.Started.IsZero() && !run.Ended.IsZero() {
		parts = append(parts, run.Ended.Sub(run.Started).Round(time.Millisecond).String())
	}
	if run.Attempts > 0 {
		parts = append(parts, plural(run.Attempts, "attempt"))
	}
	return strings.Join(append(parts, plural(run.APICalls, "API call")), ", ")
}

func (c *console) printWrite(run *store.Run, w *store.Write) {
	head := w.Op + " " + w.Object
	if w.MatchValue != "" { // what came to no value, or was skipped before, looks for none
		head += " where " + w.MatchField + " = " + w.MatchValue
	}
	if w.RecordID != "" && w.RecordID != w.MatchValue {
		head += " → " + w.RecordID
	}
	if w.Created && w.Op != "create" {
		head += " (created)"
	}
	fmt.Fprintf(c.out, "  %s  %s\n", oneLine(head), c.outcome(w.Outcome))
	t := table{indent: "    "}
	for _, f := range w.Fields {
		value := string(f.Value)
		if f.Value == nil {
			value = "(left out)"
		}
		at := ""
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		from := f.Source
		if f.Note != "" {
			from += "  (" + f.Note + ")"
		}
		t.row(f.Name, shorten(oneLine(value), 36), cell{at, c.style.dim}, cell{from, c.style.dim})
	}
	t.write(c.out, c.width)
	c.printReadBack(w)
	if w.Reason != run.Reason {
		c.why("    ", w.Reason, "")
	}
	if w.Code != "" {
		c.why("    ", strings.TrimSuffix(w.Code+": "+w.Message, ": "), "Salesforce: ")
	} else if !strings.Contains(run.Reason+"\n"+w.Reason, w.Message) { // no answer of Salesforce's
		c.why("    ", w.Message, "")
	}
	if w.Cause != "" && w.Cause != run.Cause {
		c.why("    ", w.Cause, "cause: ")
	}
	if w.Attempts > 1 {
		c.why("    ", plural(w.Attempts, "attempt"), "")
	}
}

func (c *console) why(indent, text, title string) {
	if text != "" {
		fmt.Fprintln(c.out, hanging(indent+title, text, c.width))
	}
}
