package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

// maxReplayed is how many events that end otherwise are told of one by one.
const maxReplayed = 1000

// replay runs events through two versions of rules and says which writes differ.
type replay struct {
	Events   int            `json:"events"`
	Differ   int            `json:"differ"`   // events of which some write differs
	NowFail  int            `json:"now_fail"` // events of which some write fails only with the new rules
	NowGood  int            `json:"now_good"` // events of which some write failed only with the old ones
	Broken   int            `json:"broken"`   // that are no events
	NotKept  int            `json:"not_kept"` // past events of which only the runs are still there
	Unjoined int            `json:"unjoined"` // statuses whose outbound message is not at hand
	Changes  []eventReplay  `json:"changes"`  // of the first events that differ
	LeftOut  int            `json:"left_out"` // events that differ and are not among these
	sides    [2]*replaySide // old, new
}

type replaySide struct {
	plan *plan.Plan
	eval plan.Evaluation
}

// eventReplay is an event of which some write differs.
type eventReplay struct {
	Event  string        `json:"event"`
	Status string        `json:"status,omitempty"`
	Writes []writeReplay `json:"writes"`
}

// writeReplay is a write that differs.
type writeReplay struct {
	Change string        `json:"change"`
	Old    *plannedWrite `json:"old,omitempty"`
	New    *plannedWrite `json:"new,omitempty"`
	Fields []fieldReplay `json:"fields,omitempty"`
}

// plannedWrite is what one version of the rules would do.
type plannedWrite struct {
	Op         string `json:"op,omitempty"`
	Object     string `json:"object,omitempty"`
	Connection string `json:"connection,omitempty"`
	MatchField string `json:"match_field,omitempty"`
	MatchValue string `json:"match_value,omitempty"`
	Rule       string `json:"rule"`
	Cause      string `json:"cause,omitempty"` // why it would fail; "" if it would not
	Reason     string `json:"reason,omitempty"`

	fields []fieldReplay
}

// fieldReplay is a field of a write, with its value as JSON; a value that is not
// there leaves the field as it is.
type fieldReplay struct {
	Field string          `json:"field"`
	Old   json.RawMessage `json:"old,omitempty"`
	New   json.RawMessage `json:"new,omitempty"`
}

func newReplay(before, after *plan.Plan) *replay {
	return &replay{Changes: []eventReplay{}, sides: [2]*replaySide{{plan: before}, {plan: after}}}
}

// files runs the events of files.
func (r *replay) files(c *console, paths []string) error {
	feed := &eventFeed{console: c, each: r.event}
	err := c.eachEventFile(paths, feed.read)
	r.Broken += feed.broken
	return err
}

// event runs one event through both versions.
func (r *replay) event(ev plan.Event, text, of string) error {
	if ev.Type == plan.TypeDistribution && of == "" {
		r.Unjoined++
		return nil
	}
	r.Events++
	old, new := r.sides[0].writes(text, of), r.sides[1].writes(text, of)
	fails := func(all []*plannedWrite) bool {
		return slices.ContainsFunc(all, func(w *plannedWrite) bool { return w.Cause != "" })
	}
	writes := compareWrites(old, new)
	if len(writes) == 0 {
		writes = compareLast(old, new)
	}
	if len(writes) == 0 {
		return nil
	}
	r.Differ++
	if fails(new) && !fails(old) {
		r.NowFail++
	}
	if fails(old) && !fails(new) {
		r.NowGood++
	}
	if len(r.Changes) < maxReplayed {
		r.Changes = append(r.Changes, eventReplay{Event: ev.ID, Status: ev.Status, Writes: writes})
	}
	return nil
}

func (r *replay) finish() { r.LeftOut = r.Differ - len(r.Changes) }

// writes are what one version of the rules would write for an event, what fails
// included.
func (s *replaySide) writes(text, of string) (all []*plannedWrite) {
	if err := s.plan.Eval(&s.eval, text, of); err != nil {
		return []*plannedWrite{{Cause: "invalid_value", Reason: err.Error()}}
	}
	for _, run := range s.eval.Runs {
		for i := range run.Writes {
			w := &run.Writes[i]
			if w.State == plan.Skipped {
				continue
			}
			p := &plannedWrite{Rule: run.Rule.Name, Cause: w.Cause, Reason: w.Reason, MatchValue: w.MatchValue}
			if a := w.Action; a != nil {
				p.Op, p.Object, p.Connection, p.MatchField = plan.Verb(a.Kind), a.Object, a.Connection, a.MatchField
			}
			if w.State == plan.Ready {
				gjson.ParseBytes(bytes.Clone(w.Body)).ForEach(func(name, value gjson.Result) bool {
					p.fields = append(p.fields, fieldReplay{Field: name.String(), New: json.RawMessage(value.Raw)})
					return true
				})
			}
			all = append(all, p)
		}
	}
	return all
}

// record names what a write is about, the same in both versions.
func (w *plannedWrite) record() string {
	return strings.ToLower(strings.Join([]string{w.Connection, w.Object, w.MatchField}, "\n")) + "\n" + w.MatchValue
}

// compareWrites pairs the writes of two versions, those that are most alike first, and
// returns the pairs that differ.
func compareWrites(old, new []*plannedWrite) []writeReplay {
	partner := make([]*plannedWrite, len(new))
	used := map[*plannedWrite]bool{}
	for _, same := range []func(a, b *plannedWrite) bool{
		func(a, b *plannedWrite) bool { return a.same(b) },
		func(a, b *plannedWrite) bool {
			return a.Op == b.Op && a.record() == b.record() && plainRule(a) == plainRule(b)
		},
		func(a, b *plannedWrite) bool { return a.Op == b.Op && a.record() == b.record() },
		func(a, b *plannedWrite) bool { return a.record() == b.record() },
		func(a, b *plannedWrite) bool {
			return strings.EqualFold(a.Object, b.Object) && plainRule(a) == plainRule(b)
		},
	} {
		for j, b := range new {
			for _, a := range old {
				if partner[j] == nil && !used[a] && same(a, b) {
					partner[j], used[a] = a, true
				}
			}
		}
	}
	var out []writeReplay
	for j, b := range new {
		a := partner[j]
		switch {
		case a == nil:
			out = append(out, writeReplay{Change: rulediff.Added, New: b, Fields: b.fields})
		case !a.same(b):
			out = append(out, writeReplay{Change: rulediff.Changed, Old: a, New: b, Fields: compareFields(a, b)})
		}
	}
	for _, a := range old {
		if !used[a] {
			out = append(out, writeReplay{Change: rulediff.Removed, Old: a, Fields: compareFields(a, &plannedWrite{})})
		}
	}
	return out
}

// compareLast finds the fields that the same writes leave with another value, since they
// come in another order.
func compareLast(old, new []*plannedWrite) (out []writeReplay) {
	for _, b := range new {
		var fields []fieldReplay
		var before *plannedWrite
		for _, f := range b.fields {
			was, is := lastOf(old, b, f.Field), lastOf(new, b, f.Field)
			if is == b && was != nil && !bytes.Equal(was.value(f.Field), f.New) {
				before, fields = was, append(fields, fieldReplay{f.Field, was.value(f.Field), f.New})
			}
		}
		if before != nil {
			out = append(out, writeReplay{Change: rulediff.Changed, Old: before, New: b, Fields: fields})
		}
	}
	return out
}

// lastOf is the last of the writes that sets a field of the record of another one.
func lastOf(all []*plannedWrite, of *plannedWrite, field string) (last *plannedWrite) {
	for _, w := range all {
		if w.Op != "create" && w.record() == of.record() && w.value(field) != nil {
			last = w
		}
	}
	return last
}

func (w *plannedWrite) value(field string) json.RawMessage {
	for _, f := range w.fields {
		if f.Field == field {
			return f.New
		}
	}
	return nil
}

func plainRule(w *plannedWrite) string {
	return strings.ToLower(strings.Join(strings.Fields(w.Rule), " "))
}

// same reports whether two writes do the same to Salesforce, or fail for one cause.
func (w *plannedWrite) same(o *plannedWrite) bool {
	return w.Op == o.Op && w.record() == o.record() && w.Cause == o.Cause && len(compareFields(w, o)) == 0
}

// compareFields lists the fields that two writes give other values.
func compareFields(old, new *plannedWrite) (out []fieldReplay) {
	for _, f := range new.fields {
		i := slices.IndexFunc(old.fields, func(o fieldReplay) bool { return o.Field == f.Field })
		switch {
		case i < 0:
			out = append(out, f)
		case !bytes.Equal(old.fields[i].New, f.New):
			out = append(out, fieldReplay{f.Field, old.fields[i].New, f.New})
		}
	}
	for _, f := range old.fields {
		if !slices.ContainsFunc(new.fields, func(n fieldReplay) bool { return n.Field == f.Field }) {
			out = append(out, fieldReplay{Field: f.Field, Old: f.New})
		}
	}
	return out
}
