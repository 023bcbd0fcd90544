package ruletest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// FuzzOptions say how many events are made up.
type FuzzOptions struct {
	Events  int           // at most so many; 0 for no bound but Time
	Time    time.Duration // at most so long; 0 for no bound but Events
	Seed    uint64        // the same number makes the same events
	Samples []string      // events of the kind that the rules will meet
	// Rule says which rules events are made up for; nil is all.
	Rule func(*plan.Rule) bool
	// Each is called after every event; nil is nothing.
	Each func()
}

// The kinds of finding, the worst first.
const (
	FoundPanic = "panic" // sfsync itself broke
	FoundLoop  = "loop"  // a write sets its own rule off again, without end
	FoundWipe  = "wipe"  // a write empties a field, and the rule does not say `= null`
	FoundError = "error" // a rule fails
)

var severity = []string{FoundPanic, FoundLoop, FoundWipe, FoundError}

// FuzzReport is what the events that were made up have shown.
type FuzzReport struct {
	Events   int       `json:"events"`
	Refused  int       `json:"refused"` // that no rule would see, since they are no events
	Seed     uint64    `json:"seed"`
	Findings []Finding `json:"findings"`
	More     int       `json:"more"` // findings beyond the first ten of each kind
}

// maxFindings is how many findings of each kind are looked into.
const maxFindings = 10

// Finding is something that an event did which nobody wants.
type Finding struct {
	Kind    string          `json:"kind"`
	Rule    string          `json:"rule"`
	File    string          `json:"file"`
	Line    int             `json:"line"` // of the action, or of the rule
	Cause   string          `json:"cause,omitempty"`
	Field   string          `json:"field,omitempty"` // that is emptied
	Message string          `json:"message"`
	Help    string          `json:"help,omitempty"`
	Number  int             `json:"number"` // which of the events first did it, from 1
	Event   json.RawMessage `json:"event"`  // the simplest that was found to do it
	Name    string          `json:"name"`   // of a file for the event
	Test    string          `json:"test"`   // a test block that shows it, and passes as the rules are now
}

func (f *Finding) key() string {
	return fmt.Sprint(f.Kind, "\x1f", f.File, "\x1f", f.Line, "\x1f", f.Cause, "\x1f", f.Field)
}

// Fuzz makes up events of the shape that the rules read, and reports those that make
// a rule fail, empty a field or loop. It calls nothing. When the context ends, it
// returns what was found by then, with the context's error.
func Fuzz(ctx context.Context, set Set, o FuzzOptions) (*FuzzReport, error) {
	if o.Events <= 0 && o.Time <= 0 {
		return nil, errors.New("fuzzing needs a number of events or a time")
	}
	f := &fuzzer{plan: set.Plan, random: rand.New(rand.NewPCG(o.Seed, 0)), found: map[string]bool{}}
	report := &FuzzReport{Seed: o.Seed, Findings: []Finding{}}
	var makers []*maker
	for _, r := range set.Plan.Rules {
		if o.Rule == nil || o.Rule(r) {
			makers = append(makers, f.maker(set, r, o.Samples))
		}
	}
	if len(makers) == 0 {
		return report, nil
	}
	looked := map[string]int{}
	var until time.Time
	if o.Time > 0 {
		until = time.Now().Add(o.Time)
	}
	for n := 0; o.Events <= 0 || n < o.Events; n++ {
		if n%64 == 0 && (ctx.Err() != nil || !until.IsZero() && time.Now().After(until)) {
			break
		}
		m := makers[n%len(makers)]
		d := m.draft(f.random)
		report.Events++
		found, ok := f.try(d.text())
		if !ok {
			report.Refused++
		}
		for _, one := range found {
			if f.found[one.key()] {
				continue
			}
			f.found[one.key()] = true
			if looked[one.Kind]++; looked[one.Kind] > maxFindings {
				report.More++
				continue
			}
			one.Number = report.Events
			f.shrink(&one, d)
			report.Findings = append(report.Findings, one)
		}
		if o.Each != nil {
			o.Each()
		}
	}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(severity, a.Kind), slices.Index(severity, b.Kind)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	for i := range report.Findings {
		f.describe(&report.Findings[i], i+1)
	}
	return report, ctx.Err()
}

// fuzzer tries events on rules.
type fuzzer struct {
	plan   *plan.Plan
	eval   plan.Evaluation
	random *rand.Rand
	found  map[string]bool // keys
}

// try evaluates an event and returns what is wrong with what it does. It reports
// false for what is no event.
func (f *fuzzer) try(text string) (found []Finding, ok bool) {
	defer func() {
		if fault := recover(); fault != nil {
			f.eval = plan.Evaluation{}
			found = append(found, Finding{Kind: FoundPanic, Message: fmt.Sprintf("sfsync broke: %v", fault), Help: "this is a fault of sfsync: please report it, with the rules and the event"})
			ok = true
		}
	}()
	if err := f.plan.Eval(&f.eval, text, ""); err != nil {
		return nil, false
	}
	for i := range f.eval.Runs {
		run := &f.eval.Runs[i]
		for j := range run.Writes {
			if one, bad := f.judge(run.Rule, &run.Writes[j]); bad {
				found = append(found, one)
			}
		}
	}
	if f.eval.Event.Type == plan.TypeOutbound {
		found = append(found, f.loops(text)...)
	}
	return found, true
}

// judge says what is wrong with one write.
func (f *fuzzer) judge(r *plan.Rule, w *plan.Write) (Finding, bool) {
	out := Finding{Kind: FoundError, Rule: r.Name, File: r.File, Line: r.Line, Cause: w.Cause, Message: w.Reason, Help: w.Help}
	if w.Action != nil {
		out.Line = w.Action.Line
	}
	if w.State == plan.Failed {
		return out, true
	}
	if w.State != plan.Ready || w.Action.Kind == dsl.Create {
		return out, false
	}
	for i := range w.Fields {
		fv := &w.Fields[i]
		if fv.JSON == nil || fv.Assignment.Clears() || !isEmpty(fv.JSON) {
			continue
		}
		a := fv.Assignment
		out.Kind, out.Line, out.Field = FoundWipe, a.Line, a.Field
		out.Message = fmt.Sprintf("%s.%s is emptied by `%s`", w.Action.Object, a.Field, a.Source)
		out.Help = "only `= null` may do that"
		return out, true
	}
	return out, false
}

func isEmpty(text []byte) bool {
	if string(text) == "null" {
		return true
	}
	var s string
	return json.Unmarshal(text, &s) == nil && strings.TrimSpace(s) == ""
}

// loopRounds is how often a rule must set itself off again to be called a loop.
const loopRounds = 4

// loops plays Salesforce: it gives a message's record what the rules write to it, sends
// the next message, and sees whether that ever ends. The message is taken to carry the
// fields that the rules write, and its time moves on.
func (f *fuzzer) loops(text string) []Finding {
	var first *plan.Rule
	for round := range loopRounds {
		var event map[string]any
		if decode(text, &event) != nil {
			return nil
		}
		record, _ := event["record"].(map[string]any)
		if record == nil || f.eval.Event.Record == "" {
			return nil
		}
		var writer *plan.Rule
		for _, run := range f.eval.Runs {
			for _, w := range run.Writes {
				if w.State != plan.Ready || w.Action.Kind != dsl.Update || w.MatchValue != f.eval.Event.Record {
					continue
				}
				var body map[string]any
				if decode(string(w.Body), &body) != nil {
					continue
				}
				for name, value := range body {
					record[name] = value
				}
				if writer == nil {
					writer = run.Rule
				}
			}
		}
		if writer == nil {
			return nil
		}
		if round == 0 {
			first = writer
		}
		later := time.Date(2026, 11, 24, 12, round, 0, 0, time.UTC).Format(time.RFC3339)
		event["time"] = later
		if d, ok := event["distribution"].(map[string]any); ok && d["time"] != nil {
			d["time"] = later
		}
		next, err := marshal(event)
		if err != nil {
			return nil
		}
		text = string(next)
		if f.plan.Eval(&f.eval, text, "") != nil {
			return nil
		}
	}
	return []Finding{{
		Kind: FoundLoop, Rule: first.Name, File: first.File, Line: first.Line,
		Message: fmt.Sprintf("what the rule writes sends the next outbound message, which sets it off again, and so on: it wrote %d times", loopRounds),
		Help:    "guard the trigger, so that the rule does not answer itself: `if record.Survey_Status__c == null`",
	}}
}

// describe writes the test block that shows a finding.
func (f *fuzzer) describe(one *Finding, n int) {
	one.Name = fmt.Sprintf("events/fuzz-%d-%s.json", n, one.Kind)
	var b strings.Builder
	fmt.Fprintf(&b, "test Fuzz %d: %s\ngiven %s\n", n, titles[one.Kind], one.Name)
	if one.Kind != FoundPanic && f.plan.Eval(&f.eval, string(one.Event), "") == nil {
		var failed []string
		for _, w := range planned("", f.eval.Runs) {
			if w.State == Failed && w.Cause != "" && w.File == one.File && !slices.Contains(failed, w.Cause) {
				failed = append(failed, w.Cause)
			}
			if w.State == Written && w.File == one.File && (one.Kind == FoundLoop || one.Kind == FoundWipe && w.empties(one.Field)) {
				fmt.Fprintf(&b, "expect %s %s\n", w.Op, w.Object)
				if field := w.field(one.Field); field != nil {
					fmt.Fprintf(&b, "  set %s = %s\n", field.Name, field.Value)
				}
			}
		}
		for _, cause := range failed {
			fmt.Fprintf(&b, "expect failed %s\n", cause)
		}
	}
	one.Test = b.String()
}

func (w *Write) empties(name string) bool {
	field := w.field(name)
	return field != nil && field.Value != nil && isEmpty(field.Value)
}

var titles = map[string]string{FoundPanic: "sfsync breaks", FoundLoop: "the rule sets itself off", FoundWipe: "a field is emptied", FoundError: "the rule fails"}
