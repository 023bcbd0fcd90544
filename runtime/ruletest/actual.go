package ruletest

import (
	"encoding/json"
	"strings"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

// The states of a write.
const (
	Written = "written"
	Skipped = "skipped"
	Failed  = "failed"
	Waiting = "waiting"
	InDoubt = "in_doubt"
)

// Write is what one action made of an event, or what became of an event that no action
// has: then Op is "".
type Write struct {
	Event      string  `json:"event"`
	Rule       string  `json:"rule,omitempty"`
	File       string  `json:"file,omitempty"`
	Line       int     `json:"line,omitempty"`
	Op         string  `json:"op,omitempty"`
	Object     string  `json:"object,omitempty"`
	Connection string  `json:"connection,omitempty"`
	MatchField string  `json:"match_field,omitempty"`
	MatchValue string  `json:"match_value,omitempty"`
	State      string  `json:"state"`
	Cause      string  `json:"cause,omitempty"`
	Reason     string  `json:"reason,omitempty"`
	Help       string  `json:"help,omitempty"`
	Fields     []Field `json:"fields,omitempty"`
}

// Field is one field of a write.
type Field struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value,omitempty"` // absent when it was left out
	Note  string          `json:"note,omitempty"`  // why it was
}

// Head is the first line of a write as the language has it.
func (w *Write) Head() string { return head(w.Op, w.Object, w.MatchField, w.MatchValue) }

func (w *Write) field(name string) *Field {
	for i := range w.Fields {
		if strings.EqualFold(w.Fields[i].Name, name) {
			return &w.Fields[i]
		}
	}
	return nil
}

func stateOf(w *plan.Write) string {
	switch w.State {
	case plan.Failed:
		return Failed
	case plan.Skipped:
		return Skipped
	}
	return Written
}

// outcome is what came of the events of a test.
type outcome struct {
	writes  []Write
	skipped int // events of which nothing was written and nothing failed
}

// add takes in what came of one event.
func (o *outcome) add(writes []Write) {
	skipped := true
	for _, w := range writes {
		skipped = skipped && w.State == Skipped
	}
	if skipped {
		o.skipped++
	}
	o.writes = append(o.writes, writes...)
}

// evaluate runs events through the rules alone. It counts what they reach and notes the
// ways they take, whether or not the engine runs afterwards.
func (r *runner) evaluate(p *plan.Plan, events []event, out *Result) outcome {
	var o outcome
	if r.evals == nil {
		r.evals = map[*plan.Plan]*plan.Evaluation{}
	}
	e := r.evals[p]
	if e == nil {
		e = &plan.Evaluation{}
		r.evals[p] = e
	}
	messages := map[string]string{}
	for _, ev := range events {
		err := ev.bad
		if err == nil {
			if ev.head.Type == plan.TypeOutbound {
				messages[ev.head.ID] = ev.text
				if ev.head.Record != "" {
					messages[ev.head.Record] = ev.text
				}
			}
			err = p.Eval(e, ev.text, messages[ev.head.Of])
		}
		if err != nil {
			way := wayOf(ev, nil, err)
			out.Ways = append(out.Ways, way)
			o.add([]Write{{Event: ev.head.ID, State: Failed, Cause: "invalid_value", Reason: way.Problem, Help: way.Help}})
			continue
		}
		r.coverage.Add(e)
		out.Ways = append(out.Ways, wayOf(ev, e.Ways(), nil))
		o.add(planned(ev.head.ID, e.Runs))
	}
	return o
}

// planned turns what rules make of an event into writes.
func planned(id string, runs []plan.Run) []Write {
	var out []Write
	for i := range runs {
		run := &runs[i]
		for j := range run.Writes {
			w := &run.Writes[j]
			made := Write{Event: id, Rule: run.Rule.Name, File: run.Rule.File, Line: run.Rule.Line, State: stateOf(w), Cause: w.Cause, Reason: w.Reason, Help: w.Help}
			if a := w.Action; a != nil {
				made.Line, made.Op, made.Object, made.Connection = a.Line, plan.Verb(a.Kind), a.Object, a.Connection
				made.MatchField, made.MatchValue = a.MatchField, w.MatchValue
			}
			for _, f := range w.Fields {
				made.Fields = append(made.Fields, Field{f.Assignment.Field, append(json.RawMessage(nil), f.JSON...), f.Skipped})
			}
			out = append(out, made)
		}
	}
	return out
}

var states = map[store.Outcome]string{
	store.Synced: Written, store.Skipped: Skipped, store.Failed: Failed, store.InDoubt: InDoubt, store.Waiting: Waiting,
}

// logged turns the run log of an event into writes.
func logged(id string, runs []store.Run) []Write {
	var out []Write
	for _, run := range runs {
		base := Write{Event: id, Rule: run.Rule, File: run.RuleFile, Line: run.RuleLine, State: states[run.Outcome], Cause: run.Cause, Reason: run.Reason}
		if base.State != Written && base.State != Skipped {
			base.Help = run.Advice
		}
		if len(run.Writes) == 0 && run.Outcome != store.Skipped {
			out = append(out, base)
		}
		for _, w := range run.Writes {
			made := base
			made.Op, made.Object, made.Connection, made.MatchField, made.MatchValue = w.Op, w.Object, w.Connection, w.MatchField, w.MatchValue
			made.State, made.Cause, made.Reason = states[w.Outcome], w.Cause, w.Reason
			if made.State == Written || made.State == Skipped {
				made.Help = ""
			}
			for _, f := range w.Fields {
				made.Fields = append(made.Fields, Field{f.Name, f.Value, f.Note})
			}
			out = append(out, made)
		}
	}
	return out
}
