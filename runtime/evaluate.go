package runtime

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// evaluate turns an event into writes. It reports false, and has changed nothing, if the
// event must let others go first.
func (l *loop) evaluate(ev *event) bool {
	now := time.Now()
	if ev.again.dismissed() {
		ev.dismiss(now)
		return true
	}
	text := string(ev.item.Body)
	head, err := plan.ReadEvent(text)
	if err = cmp.Or(ev.broken, err); err != nil {
		ev.refuse(now, err)
		return true
	}
	ev.head = head
	ev.news = parseTime(head.News)
	of := ""
	switch head.Type {
	case plan.TypeOutbound:
		ev.keys = messageKeys(&head)
		if l.parkingFor(ev.keys) {
			return false
		}
	case plan.TypeDistribution:
		var inTurn bool
		if of, inTurn = l.message(ev, now); of == "" {
			return inTurn
		}
	}
	err = l.eval(text, of)
	switch {
	case err != nil:
		ev.refuse(now, err)
	case len(l.evaluation.Runs) == 0:
		ev.skip(now, noRule(&l.evaluation.Event))
	default:
		ev.head.Object, ev.head.Record = l.evaluation.Event.Object, l.evaluation.Event.Record
		for i := range l.evaluation.Runs {
			if ev.again.wants(l.evaluation.Runs[i].Rule.Name) {
				l.addRun(ev, &l.evaluation.Runs[i], now)
			}
		}
		if len(ev.runs) == 0 {
			ev.skip(now, "none of the rules that failed is about this event any more")
		}
	}
	ev.doubt(now)
	ev.findParents()
	return true
}

// eval keeps a fault of ours in one event from stopping all others.
func (l *loop) eval(text, of string) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			l.config.Logger.Error("event broke its evaluation", "fault", fault, "stack", string(debug.Stack()))
			l.evaluation = plan.Evaluation{}
			err = &plan.EventError{Message: "this event broke the evaluation of the rules", Help: "this is a fault of sfsync: please report it, with the event"}
		}
	}()
	return l.plan.Load().Eval(&l.evaluation, text, of)
}

// refuse ends an event that cannot be evaluated.
func (ev *event) refuse(now time.Time, err error) {
	reason, help := explainEventError(err)
	ev.runs = []*run{{event: ev, help: help, entry: store.Run{
		Outcome: store.Failed, Cause: string(salesforce.InvalidValue), Reason: reason, Time: ev.news, Started: now,
	}}}
}

// skip ends an event that nothing is to be done about.
func (ev *event) skip(now time.Time, reason string) {
	ev.runs = []*run{{event: ev, entry: store.Run{Outcome: store.Skipped, Reason: reason, Time: ev.news, Started: now}}}
}

// dismiss ends an event that came once more only to be closed, for each rule that had
// failed.
func (ev *event) dismiss(now time.Time) {
	ev.head, _ = plan.ReadEvent(string(ev.item.Body)) // of a broken one as much as can be read
	ev.news = parseTime(ev.head.News)
	ev.skip(now, ev.again.Dismissed)
	one := ev.runs[0]
	one.entry.Why = store.WhyDiscarded
	for i, rule := range ev.again.Rules {
		if i > 0 {
			other := *one
			ev.runs = append(ev.runs, &other)
		}
		ev.runs[i].entry.Rule = rule
	}
}

func noRule(e *plan.Event) string {
	switch {
	case e.Type != plan.TypeResponse:
		return "no rule is about outbound messages of " + e.Object
	case e.Survey == "":
		return "no rule is about every survey, and the response does not name one"
	}
	return fmt.Sprintf("no rule is about the survey %q", e.Survey)
}

// addRun takes over what a rule makes of the event, since the evaluation's buffers
// are used again.
func (l *loop) addRun(ev *event, from *plan.Run, now time.Time) {
	rule := from.Rule
	r := &run{event: ev, entry: store.Run{
		Time: ev.news, Connection: rule.Connection, Rule: rule.Name, RuleFile: rule.File, RuleLine: rule.Line,
		Arm: from.Arm.Name(), Trigger: rule.TriggerText(), Outcome: store.Skipped, Reason: from.Reason, Started: now,
	}}
	ev.runs = append(ev.runs, r)
	reason, sure := l.echo(ev, rule.Connection)
	if reason != "" && len(from.Writes) > 0 {
		r.entry.Why, r.entry.Reason = store.WhyOwnEcho, reason
		return
	}
	r.unsure = !sure
	copied := from.Clone()
	for i := range copied.Writes {
		w := &copied.Writes[i]
		if w.Action == nil { // the trigger's guard failed
			r.entry.Outcome, r.entry.Cause, r.entry.Reason, r.help = store.Failed, w.Cause, w.Reason, w.Help
			continue
		}
		r.writes = append(r.writes, l.newWrite(r, w))
	}
}

var ops = map[dsl.ActionKind]salesforce.Op{dsl.Create: salesforce.Create, dsl.Update: salesforce.Update, dsl.Upsert: salesforce.Upsert}

func (l *loop) newWrite(r *run, from *plan.Write) *write {
	a := from.Action
	w := &write{run: r, op: ops[a.Kind], help: from.Help, entry: store.Write{
		Op: plan.Verb(a.Kind), Object: a.Object, Connection: a.Connection, MatchField: a.MatchField, MatchValue: from.MatchValue,
		Reason: from.Reason, Cause: from.Cause,
	}}
	w.entry.Fields = make([]store.Field, len(from.Fields))
	for i := range from.Fields {
		f := &from.Fields[i]
		w.entry.Fields[i] = store.Field{
			Name: f.Assignment.Field, Value: f.JSON, File: r.entry.RuleFile, Line: f.Assignment.Line, Source: f.Assignment.Source, Note: f.Skipped,
		}
	}
	w.index = r.event.count
	r.event.count++
	w.address(from.Body, l.describe(a.Connection, a.Object))
	if w.op == salesforce.Create {
		if record, ok := r.event.again.created(r, a.Object); ok {
			w.finish(store.Skipped, "an earlier try has created it")
			w.entry.RecordID = record
			return w
		}
	}
	switch from.State {
	case plan.Skipped:
		w.finish(store.Skipped, from.Reason)
	case plan.Failed:
		w.finish(store.Failed, from.Reason)
	default:
		if at := r.event.happened(); w.record != "" && !at.IsZero() {
			w.applied, w.newsMark = at.UnixNano(), newsKey(r.entry.Rule, w.record)
		}
	}
	return w
}

// address says where a write goes. The entry of the run log knows all of it, so
// that a write which was put off is addressed in the same way.
func (w *write) address(body []byte, o *schema.Object) {
	w.row = salesforce.Row{Object: w.entry.Object, Body: body, Schema: o}
	if w.op == salesforce.Create || w.entry.MatchValue == "" {
		return
	}
	key := w.entry.MatchValue
	if w.entry.MatchField == "Id" {
		w.row.ID = key
		key = key[:min(len(key), 15)]
	} else {
		w.row.ExternalField, w.row.ExternalValue = w.entry.MatchField, key
		// Most external ids ignore case; to take two records for one costs only time.
		key = strings.ToLower(key)
	}
	w.record = w.entry.Connection + "\x1f" + strings.ToLower(w.entry.Object) + "\x1f" + strings.ToLower(w.entry.MatchField) + "\x1f" + key
}

func (l *loop) describe(connection, object string) *schema.Object {
	if l.config.Schema == nil {
		return nil
	}
	if s := l.config.Schema(connection); s != nil {
		return s.Object(object)
	}
	return nil
}
