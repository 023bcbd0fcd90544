package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/runtime"
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
	APICalls int64       `json:"api_calls"` // by writes
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

// event shows one event: the rule and arm it took, and the records before and after.
func (d *demo) event(id, text string, report runtime.Report) {
	e := demoEvent{Event: id, Type: report.Type, Runs: report.Runs, Changes: []demoChange{}}
	fmt.Fprintf(d.out, "\n%s  %s\n", d.style.bold(id), d.style.dim(eventSubject(text)))
	for i := range report.Runs {
		run := &report.Runs[i]
		d.runLine(run)
		for j := range run.Writes {
			w := &run.Writes[j]
			d.writeLines(run, w, &e)
			if w.Outcome == store.Synced {
				d.result.Writes++
			}
		}
		if run.Cause != "" && run.Advice != "" {
			d.why("      ", run.Advice, "→ ")
		}
	}
	d.result.Events = append(d.result.Events, e)
}

// eventSubject says in a few words what an event tells.
func eventSubject(text string) string {
	e := gjson.Parse(text)
	status := e.Get("distribution.status").Str
	switch e.Get("type").Str {
	case "salesforce.outbound_message":
		return "Salesforce: an outbound message of " + e.Get("record.attributes.type").Str
	case "survey.distribution":
		return "survey: its status is " + status
	}
	subject := "survey " + e.Get("survey.id").Str + ": " + status
	if answers := e.Get("answers"); answers.Exists() {
		subject += " " + answers.Raw
	}
	return shorten(oneLine(subject), 76)
}

const saysSalesforce = "says Salesforce"

// demoCause is a way in which a write failed.
type demoCause struct {
	cause, event, found string
	outcome             store.Outcome
}

// causeTable sums up who found which cause.
func (d *demo) causeTable() {
	fmt.Fprintln(d.out)
	t := table{indent: "  "}
	for _, of := range d.causes {
		t.row(of.cause, cell{of.event, d.style.dim}, of.found, d.outcome(of.outcome))
	}
	t.write(d.out, d.width)
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

func (d *demo) writeLines(run *store.Run, w *store.Write, e *demoEvent) {
	head := fmt.Sprintf("    %s %s %s", w.Op, w.Object, recordName(w))
	if w.Attempts > 1 {
		head += fmt.Sprintf(", in %d attempts", w.Attempts)
	}
	if w.Outcome == store.Synced {
		changes := d.changes(w)
		if len(changes) > 0 && changes[0].New {
			head += " (new)"
		}
		fmt.Fprintln(d.out, head)
		if cause := d.waited[e.Event]; cause != "" {
			fmt.Fprintf(d.out, "      %s at first, and healed\n", d.style.yellow(cause))
			d.causes = append(d.causes, demoCause{cause, e.Event, saysSalesforce, w.Outcome})
		}
		t := table{indent: "      "}
		for _, ch := range changes {
			if ch.New {
				t.row(ch.Field, cell{ch.After, d.style.green})
			} else {
				t.row(ch.Field, cell{cmp.Or(ch.Before, "(empty)"), d.style.dim}, "→", cell{cmp.Or(ch.After, "(empty)"), d.style.green})
			}
		}
		t.write(d.out, d.width)
		e.Changes = append(e.Changes, changes...)
		return
	}
	if w.Outcome == store.Skipped {
		d.why("    ", w.Reason, w.Op+" "+w.Object+" skipped: ")
		return
	}
	fmt.Fprintln(d.out, strings.TrimRight(head, " "))
	found, why := "found before the call", w.Reason
	if w.Message != "" {
		found, why = saysSalesforce, strings.TrimPrefix(w.Code+": "+w.Message, ": ")
	}
	fmt.Fprintf(d.out, "      %s, %s:\n", d.style.red(w.Cause), found)
	d.why("        ", why, "")
	if run.Outcome == store.Waiting && !run.NotBefore.IsZero() {
		d.why("        ", "It is repeated by itself after "+soon(run.NotBefore, time.Now())+".", "")
	}
	d.causes = append(d.causes, demoCause{w.Cause, e.Event, found, run.Outcome})
}

// changes are what a write changed, as the org's own history of the record tells.
// Writes to one record keep their order, so the next that was not shown yet is it.
func (d *demo) changes(w *store.Write) []demoChange {
	history := d.org.History(w.RecordID)
	history = slices.DeleteFunc(history, func(r orgsim.Revision) bool { return r.Op == "seed" })
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
