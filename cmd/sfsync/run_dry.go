package main

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl/plan"
)

// dryRun prints what rules would write, and calls nothing. Names and values are held
// against a schema as `check` does.
func (c *console) dryRun(ctx *cli.Context) error {
	sets, err := c.ruleSets(ctx)
	if err != nil {
		return err
	}
	if len(sets) > 1 {
		return usagef("", "the rules have several schemas beside them; give --schema DIR")
	}
	rules := sets[0]
	rules.compile()
	if rules.plan == nil {
		return c.refuse(rules.diagnostics)
	}
	c.mentionWarnings(rules.diagnostics)
	if rules.schema == nil {
		fmt.Fprintf(c.err, "%s no schema was at hand; --schema DIR checks names and values\n", c.errStyle.yellow("note:"))
	}
	d := &dryRunner{console: c, plan: rules.plan, json: wantsJSON(ctx)}
	feed := &eventFeed{console: c, each: d.event}
	if err := c.eachEventFile(ctx.StringSlice("events"), feed.read); err != nil {
		return err
	}
	if feed.broken > 0 || d.failed {
		return problem
	}
	return nil
}

// dryRunner evaluates events one after the other.
type dryRunner struct {
	console *console
	plan    *plan.Plan
	eval    plan.Evaluation
	json    bool
	failed  bool // some write would be
}

// dryWrite is the JSON form of a write that would be made.
type dryWrite struct {
	Event      string          `json:"event"`
	Rule       string          `json:"rule"`
	Arm        string          `json:"arm,omitempty"`
	File       string          `json:"file"`
	Line       int             `json:"line"`
	State      string          `json:"state"` // ready, skipped or failed
	Reason     string          `json:"reason,omitempty"`
	Cause      string          `json:"cause,omitempty"`
	Op         string          `json:"op,omitempty"`
	Object     string          `json:"object,omitempty"`
	Connection string          `json:"connection,omitempty"`
	MatchField string          `json:"match_field,omitempty"`
	MatchValue string          `json:"match_value,omitempty"`
	Fields     json.RawMessage `json:"fields,omitempty"`
}

func (d *dryRunner) event(ev plan.Event, text, of string) error {
	if err := d.plan.Eval(&d.eval, text, of); err != nil {
		return err
	}
	if len(d.eval.Runs) == 0 {
		return d.print(dryWrite{Event: ev.ID, State: "skipped", Reason: "no rule concerns this event"})
	}
	for _, run := range d.eval.Runs {
		base := dryWrite{Event: ev.ID, Rule: run.Rule.Name, Arm: run.Arm.Name(), File: run.Rule.File, Line: run.Rule.Line}
		if len(run.Writes) == 0 {
			base.State, base.Reason = "skipped", run.Reason
			if err := d.print(base); err != nil {
				return err
			}
		}
		for i := range run.Writes {
			if err := d.print(describeWrite(base, &run.Writes[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

func describeWrite(out dryWrite, w *plan.Write) dryWrite {
	out.State, out.Reason, out.Cause = "ready", w.Reason, w.Cause
	switch w.State {
	case plan.Skipped:
		out.State = "skipped"
	case plan.Failed:
		out.State = "failed"
	}
	if w.Action != nil {
		out.Op, out.Object, out.Connection, out.Line = plan.Verb(w.Action.Kind), w.Action.Object, w.Action.Connection, w.Action.Line
		out.MatchField, out.MatchValue = w.Action.MatchField, w.MatchValue
	}
	if w.State == plan.Ready {
		out.Fields = append(json.RawMessage(nil), w.Body...)
	}
	return out
}

func (d *dryRunner) print(w dryWrite) error {
	d.failed = d.failed || w.State == "failed"
	if d.json {
		enc := json.NewEncoder(d.console.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(w)
	}
	c := d.console
	head, place := "everything", ""
	switch {
	case w.Op != "":
		head = w.Op + " " + w.Object
	case w.Rule != "":
		head = "rule " + w.Rule
	}
	if w.MatchValue != "" { // what is skipped looks for none
		head += " where " + w.MatchField + " = " + w.MatchValue
	}
	if w.File != "" {
		place = "  " + c.style.dim(fmt.Sprintf("%s:%d", w.File, w.Line))
	}
	state := c.style.green("would")
	switch w.State {
	case "skipped":
		state = c.style.dim("skips")
	case "failed":
		state = c.style.red("fails")
	}
	_, err := fmt.Fprintf(c.out, "%s  %s %s%s\n", c.style.bold(oneLine(w.Event)), state, oneLine(head), place)
	if w.Cause != "" {
		w.Reason = w.Cause + ": " + w.Reason
	}
	c.why("    ", w.Reason, "")
	if len(w.Fields) > 0 {
		t := table{indent: "    "}
		gjson.ParseBytes(w.Fields).ForEach(func(name, value gjson.Result) bool {
			t.row(name.Str, value.Raw)
			return true
		})
		t.write(c.out, c.width)
	}
	return err
}
