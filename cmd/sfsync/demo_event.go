package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// demoResult is the JSON form of the demo.
type demoResult struct {
	Findings int         `json:"findings"` // in the broken example
	Files    int         `json:"files"`
	Rules    int         `json:"rules"`
	Events   []demoEvent `json:"events"`
	Known    int         `json:"known"` // of the events that were sent a second time
	Writes   int         `json:"writes"`
	APICalls int         `json:"api_calls"` // by writes
	OrgCalls int         `json:"org_calls"` // all that the org answered
	Seconds  float64     `json:"seconds"`
}

type demoEvent struct {
	Event   string       `json:"event"`
	Type    string       `json:"type"`
	Runs    []store.Run  `json:"runs"`
	Changes []demoChange `json:"changes"`
}

// demoChange is a field of a record before and after a write.
type demoChange struct {
	Object string `json:"object"`
	Record string `json:"record"`
	New    bool   `json:"new,omitempty"`
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// outcomes counts the runs by what became of them.
func (r *demoResult) outcomes() []string {
	n := map[store.Outcome]int{}
	for _, e := range r.Events {
		for _, run := range e.Runs {
			n[run.Outcome]++
		}
	}
	var out []string
	for _, o := range store.Outcomes {
		if n[o] > 0 {
			out = append(out, fmt.Sprintf("%d %s", n[o], strings.ReplaceAll(string(o), "_", " ")))
		}
	}
	return out
}

// note keeps what became of an event for the JSON form and the sum.
func (d *demo) note(id string, s settled) *demoEvent {
	d.result.Events = append(d.result.Events, demoEvent{Event: id, Type: s.Type, Runs: s.Runs, Changes: []demoChange{}})
	e := &d.result.Events[len(d.result.Events)-1]
	for i := range s.Runs {
		for j := range s.Runs[i].Writes {
			if w := &s.Runs[i].Writes[j]; w.Outcome == store.Synced {
				d.result.Writes++
				e.Changes = append(e.Changes, d.changes(w)...)
			}
		}
	}
	return e
}

// event shows an event that went well: the rule and arm it took, and the records
// before and after.
func (d *demo) event(id, text string, s settled) {
	e := d.note(id, s)
	if s.Type != plan.TypeDistribution { // which belongs to the message above it
		fmt.Fprintln(d.out)
	}
	fmt.Fprintf(d.out, "%s  %s\n", d.style.bold(id), d.style.dim(eventSubject(text)))
	for i := range s.Runs {
		run := &s.Runs[i]
		d.runLine(run)
		for j := range run.Writes {
			d.writeLines(&run.Writes[j], e)
		}
	}
}

// failure shows an event in which something went wrong: the cause, who found it, what
// Salesforce said and what to do.
func (d *demo) failure(id, text string, s settled) {
	d.note(id, s)
	for i := range s.Runs {
		run := &s.Runs[i]
		w := worstWrite(run)
		if w == nil {
			continue
		}
		if w.Outcome == store.Synced {
			what := w.Op + " " + w.Object + " " + recordName(w)
			if s.waited != "" {
				what = s.waited + " at first, and healed in " + plural(w.Attempts, "attempt")
			}
			d.causeLine(id, run, what)
			continue
		}
		found, why := "found before the call", w.Reason
		if w.Message != "" {
			found, why = "says Salesforce", w.Message
		}
		d.causeLine(id, run, w.Cause+", "+found)
		const indent = "                "
		fmt.Fprintln(d.out, indent+d.style.dim(shorten(oneLine(why), d.width-len(indent))))
		advice := firstSentence(run.Advice)
		if run.Outcome == store.Waiting && !run.NotBefore.IsZero() {
			advice = "it is repeated by itself after " + soon(run.NotBefore, time.Now())
		}
		if advice != "" {
			fmt.Fprintln(d.out, indent+shorten("→ "+oneLine(advice), d.width-len(indent)))
		}
	}
}

func (d *demo) causeLine(id string, run *store.Run, what string) {
	o := d.outcome(run.Outcome)
	fmt.Fprintf(d.out, "%s%s%s%s%s\n", d.style.bold(id), pad(id, 7), o, pad(o.text, 9), what)
}

// pad is what lacks to a width.
func pad(text string, width int) string { return strings.Repeat(" ", max(1, width-len(text))) }

// firstSentence leaves out what goes on after the first full stop.
func firstSentence(text string) string {
	first, _, more := strings.Cut(text, ". ")
	if more {
		first += "."
	}
	return first
}

// eventSubject says in a few words what an event tells.
func eventSubject(text string) string {
	e := gjson.Parse(text)
	status := e.Get("distribution.status").Str
	switch e.Get("type").Str {
	case "salesforce.outbound_message":
		return "Salesforce: an agent closed " + e.Get("record.attributes.type").Str + " " + e.Get("record.Id").Str
	case "survey.distribution":
		return "survey: its status is " + status
	}
	subject := "survey " + e.Get("survey.id").Str + ": " + status
	if answers := e.Get("answers"); answers.Exists() {
		subject += " " + answers.Raw
	}
	return shorten(oneLine(subject), 76)
}

func (d *demo) runLine(run *store.Run) {
	what := run.Rule
	if run.Arm != "" {
		arm := run.Arm
		if arm != "otherwise" {
			arm = "when " + arm
		}
		what += " · " + arm
	}
	if what == "" {
		what = "no rule"
	}
	if len(run.Writes) == 0 && run.Reason != "" {
		what += ": " + run.Reason
	}
	fmt.Fprintf(d.out, "  %s  %s\n", d.outcome(run.Outcome), oneLine(what))
}

// maxMade is how many fields are shown of a new record.
const maxMade = 4

func (d *demo) writeLines(w *store.Write, e *demoEvent) {
	if w.Outcome != store.Synced {
		d.why("    ", w.Reason, w.Op+" "+w.Object+" "+string(w.Outcome)+": ")
		return
	}
	fmt.Fprintf(d.out, "    %s %s %s", w.Op, w.Object, recordName(w))
	t := table{indent: "      "}
	var made []string
	for _, ch := range e.Changes {
		switch {
		case ch.Record != w.RecordID:
		case ch.New:
			made = append(made, ch.Field+" = "+ch.After)
		default:
			t.row(ch.Field, cell{cmp.Or(ch.Before, "(empty)"), d.style.dim}, "→", cell{cmp.Or(ch.After, "(empty)"), d.style.green})
		}
	}
	if len(made) > 0 {
		fmt.Fprint(d.out, " (new)")
	}
	fmt.Fprintln(d.out)
	t.write(d.out, d.width)
	if len(made) > 0 {
		if more := len(made) - maxMade; more > 1 {
			made = append(made[:maxMade], fmt.Sprintf("and %d more", more))
		}
		fmt.Fprintln(d.out, d.style.green(wrap(strings.Join(made, ", "), "      ", d.width)))
	}
}

// changes are what a write changed, as the org's own history of the record tells.
// Writes to one record keep their order, so the next that was not shown yet is it.
func (d *demo) changes(w *store.Write) []demoChange {
	history := d.org.History(w.RecordID)
	history = slices.DeleteFunc(history, func(r orgsim.Revision) bool { return r.Op == "seed" || r.By == demoAgent })
	n := d.shown[w.RecordID]
	if n >= len(history) {
		return nil
	}
	d.shown[w.RecordID] = n + 1
	var out []demoChange
	for _, f := range w.Fields {
		name, _, _ := strings.Cut(f.Name, ".")
		name = strings.Replace(name, "__r", "__c", 1) // a relationship sets its lookup
		if ch, ok := history[n].Fields[name]; ok {
			out = append(out, demoChange{w.Object, w.RecordID, history[n].Op == "create", f.Name, ch.Before, ch.After})
		}
	}
	return out
}
