package runtime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sfsync/sfsync/store"
)

// failedKey is under what an event is kept that has failed or is in doubt, so that
// it can be run again. An event that is run again is also kept under the key of the
// first of its line, from when it begins: so that key leads to the last of them,
// and nothing is run again twice.
func failedKey(event string) string { return "failed/" + event }

// again says what of an event is to be run again. It stands in front of the
// event's text, which it leaves as it was accepted.
type again struct {
	Root  string   `json:"root"` // id of the event as it first came, with its source
	Turn  int      `json:"turn"` // 2 for the first time that it is run again
	Rules []string `json:"rules,omitempty"`
	Not   []string `json:"not,omitempty"`  // if there are no Rules: all but these
	Made  []made   `json:"made,omitempty"` // what must not be created once more
	// Dismissed is why it is not run after all, and only ends; "" if it is run.
	Dismissed string `json:"dismissed,omitempty"`
	// Turns is the last turn in which each rule was run again, under "" that in
	// which all were.
	Turns map[string]int `json:"turns,omitempty"`
}

// made is a record that an earlier turn has created.
type made struct {
	Rule   string `json:"rule"`
	Object string `json:"object"`
	Nth    int    `json:"nth"` // among the creates of that object in the rule, from 0
	Record string `json:"record"`
}

// againMark begins the line in front of the text. No JSON begins so.
const againMark = "again "

func (a *again) wrap(text []byte) []byte {
	head, _ := json.Marshal(a) // strings and numbers only
	return slices.Concat([]byte(againMark), head, []byte("\n"), text)
}

// unwrap returns the text of an event, and what of it is to be run again: nil for
// one that is run for the first time.
func unwrap(body []byte) (text []byte, a *again, err error) {
	rest, ok := bytes.CutPrefix(body, []byte(againMark))
	if !ok {
		return body, nil, nil
	}
	head, text, _ := bytes.Cut(rest, []byte("\n"))
	a = &again{}
	if err := json.Unmarshal(head, a); err != nil {
		return text, nil, fmt.Errorf("%w: cannot read what of an event is to be run again: %w", store.ErrCorrupt, err)
	}
	return text, a, nil
}

// dismissed reports whether an event only ends.
func (a *again) dismissed() bool { return a != nil && a.Dismissed != "" }

func (a *again) wants(rule string) bool {
	switch {
	case a == nil:
		return true
	case len(a.Rules) > 0:
		return slices.Contains(a.Rules, rule)
	}
	return !slices.Contains(a.Not, rule)
}

// created returns the record that an earlier turn made by the create that comes
// next in r.
func (a *again) created(r *run, object string) (record string, ok bool) {
	if a == nil {
		return "", false
	}
	nth := 0
	for _, w := range r.writes {
		if w.entry.Op == "create" && strings.EqualFold(w.entry.Object, object) {
			nth++
		}
	}
	for _, m := range a.Made {
		if m.Rule == r.entry.Rule && m.Nth == nth && strings.EqualFold(m.Object, object) {
			return m.Record, true
		}
	}
	return "", false
}

// Retried says whether an event is run again.
type Retried struct {
	Event  string // its id, with the source in front
	As     string // the id under which it is run again, "" if it is not
	Rules  []string
	Reason string // why it is not run again, in one clause
}

// Retry accepts events once more of which runs have failed, so that the rules are
// evaluated anew for those runs: the event takes its place behind everything that
// was accepted before, under its id with "#2", "#3" and so on behind it. The runs
// come from the run log. What they created is not created again. A run in doubt is
// left alone unless inDoubt is given, which creates once more what may be there
// already.
//
// An event is known for Config.KeepRuns after it was accepted.
func (e *Engine) Retry(ctx context.Context, runs []store.Run, inDoubt bool) ([]Retried, error) {
	return retry(ctx, e.config.Store, e.appendEvents, runs, inDoubt, "")
}

// Dismiss closes runs that have failed or are in doubt: what was wrong has been seen to
// otherwise, or does not matter. Their events are accepted once more as by Retry, but
// nothing is run for them: the runs end as skipped for the given reason.
func (e *Engine) Dismiss(ctx context.Context, runs []store.Run, reason string) ([]Retried, error) {
	return retry(ctx, e.config.Store, e.appendEvents, runs, true, reason)
}

// Retry does the same as the method of [Engine] for a store that no engine uses;
// the next one runs the events.
func Retry(ctx context.Context, s store.Store, runs []store.Run, inDoubt bool) ([]Retried, error) {
	add, err := appendTo(ctx, s)
	if err != nil {
		return nil, err
	}
	return retry(ctx, s, add, runs, inDoubt, "")
}

// Dismiss does the same as the method of [Engine] for a store that no engine uses.
func Dismiss(ctx context.Context, s store.Store, runs []store.Run, reason string) ([]Retried, error) {
	add, err := appendTo(ctx, s)
	if err != nil {
		return nil, err
	}
	answers, err := retry(ctx, s, add, runs, true, reason)
	if err != nil {
		return answers, err
	}
	var accepted []string
	for _, a := range answers {
		if a.As != "" {
			accepted = append(accepted, a.As)
		}
	}
	_, err = Discard(ctx, s, accepted, reason)
	return answers, err
}

// appendTo accepts events for a store that no engine uses, behind all that it has.
func appendTo(ctx context.Context, s store.Store) (appendFunc, error) {
	queued, err := s.Health(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot see what is queued: %w", err)
	}
	var accepted acceptance
	if !queued.Newest.IsZero() {
		accepted.saw(queued.Newest.UnixNano())
	}
	return func(ctx context.Context, batch []store.Event) ([]store.Receipt, error) {
		first, open := accepted.begin(len(batch))
		defer accepted.end(open)
		for i := range batch {
			batch[i].At = time.Unix(0, first+int64(i)).UTC()
		}
		return s.Append(ctx, batch)
	}, nil
}

type appendFunc func(context.Context, []store.Event) ([]store.Receipt, error)

func retry(ctx context.Context, s store.Store, add appendFunc, runs []store.Run, inDoubt bool, dismissed string) ([]Retried, error) {
	byEvent := map[string][]store.Run{}
	for _, r := range runs {
		byEvent[r.Event] = append(byEvent[r.Event], r)
	}
	order := make([]string, 0, len(byEvent))
	for id := range byEvent {
		order = append(order, id)
	}
	// As they came first, they come again.
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(byEvent[a][0].Received.Compare(byEvent[b][0].Received), cmp.Compare(a, b))
	})
	answers := make([]Retried, 0, len(order))
	for part := range slices.Chunk(order, store.MaxBatch) {
		var events []store.Event
		from := len(answers)
		for _, id := range part {
			answer := Retried{Event: id}
			ev, reason, err := onceMore(ctx, s, byEvent[id], inDoubt, dismissed, &answer)
			if err != nil {
				return answers, err
			}
			if answer.Reason = reason; reason == "" {
				events = append(events, ev)
			}
			answers = append(answers, answer)
		}
		if len(events) == 0 {
			continue
		}
		receipts, err := add(ctx, events)
		if err != nil {
			return answers[:from], fmt.Errorf("cannot accept events again: %w", err)
		}
		for i := range answers[from:] {
			if a := &answers[from+i]; a.Reason == "" {
				if a.As = events[0].ID; receipts[0].Duplicate {
					a.As, a.Reason = "", "its event is being tried again as "+events[0].ID+", which has not ended"
				}
				events, receipts = events[1:], receipts[1:]
			}
		}
	}
	return answers, nil
}

// onceMore is the event to be accepted for runs of one event, or the reason why
// there is none.
func onceMore(ctx context.Context, s store.Store, runs []store.Run, inDoubt bool, dismissed string, answer *Retried) (ev store.Event, reason string, err error) {
	id := runs[0].Event
	var next again
	whole := false // the event itself has failed, before any rule
	for i := range runs {
		switch r := &runs[i]; {
		case r.Outcome == store.InDoubt && !inDoubt:
			reason = "it is in doubt: what it may have created would be created again"
		case r.Outcome == store.Waiting:
			reason = "it waits, and is tried again by itself"
		case r.Outcome != store.Failed && r.Outcome != store.InDoubt:
			reason = "it is " + string(r.Outcome) + ", and only what has failed is tried again"
		case r.Rule == "":
			whole = true
		default:
			next.Rules = append(next.Rules, r.Rule)
			next.note(r)
		}
	}
	if whole {
		if runs, err = s.Runs().Get(ctx, id); err != nil {
			return ev, "", err
		}
		next = again{}
		for i := range runs {
			if runs[i].Outcome == store.Synced {
				next.Not = append(next.Not, runs[i].Rule)
			}
			next.note(&runs[i])
		}
	}
	if !whole && len(next.Rules) == 0 {
		return ev, reason, nil
	}
	kept, turn, last, err := lineOf(ctx, s, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ev, "the event itself is no longer kept", nil
	case err != nil:
		return ev, "", err
	}
	if whole && last.latest("") > turn {
		return ev, last.already(), nil
	}
	if !whole {
		next.Rules = slices.DeleteFunc(next.Rules, func(rule string) bool { return last.latest(rule) > turn })
		if len(next.Rules) == 0 {
			return ev, last.already(), nil
		}
	}
	next.Root, next.Turn, next.Made = last.Root, last.Turn+1, append(next.Made, last.Made...)
	next.Turns = map[string]int{}
	maps.Copy(next.Turns, last.Turns)
	for _, rule := range next.Rules {
		next.Turns[rule] = next.Turn
	}
	if whole {
		next.Turns[""] = next.Turn
	}
	next.Dismissed = dismissed
	answer.Rules = next.Rules
	return store.Event{ID: next.id(), Key: next.id(), Type: kept.Type, Body: next.wrap(kept.Body)}, "", nil
}

// lineOf returns the kept event with its bare text, which turn of its line it is,
// and the last turn of that line.
func lineOf(ctx context.Context, s store.Store, id string) (kept store.Event, turn int, last *again, err error) {
	if kept, err = s.Lookup(ctx, failedKey(id)); err != nil {
		return kept, 0, nil, err
	}
	kept.Body, last, err = unwrap(kept.Body)
	switch {
	case err != nil:
		return kept, 0, nil, err
	case last == nil: // it was never run again
		return kept, 1, &again{Root: id, Turn: 1}, nil
	case kept.ID != id: // it is the first of its line
		return kept, 1, last, nil
	}
	turn = last.Turn
	newest, err := s.Lookup(ctx, failedKey(last.Root))
	if err == nil {
		_, last, err = unwrap(newest.Body)
	}
	if err == nil && last == nil {
		err = fmt.Errorf("%w: the line of event %s", store.ErrCorrupt, id)
	}
	return kept, turn, last, err
}

// already says why nothing is to be done about a turn behind which this one is.
func (a *again) already() string {
	if a.dismissed() {
		return "it was discarded already, as " + a.id()
	}
	return "it was tried again already, as " + a.id()
}

func (a *again) id() string { return a.Root + "#" + strconv.Itoa(a.Turn) }

// latest is the last turn of the line in which the rule was run.
func (a *again) latest(rule string) int { return max(1, a.Turns[rule], a.Turns[""]) }

// note notes what a run has created.
func (a *again) note(r *store.Run) {
	counts := map[string]int{}
	for i := range r.Writes {
		w := &r.Writes[i]
		if w.Op != "create" {
			continue
		}
		object := strings.ToLower(w.Object)
		if w.Outcome == store.Synced {
			a.Made = append(a.Made, made{r.Rule, w.Object, counts[object], w.RecordID})
		}
		counts[object]++
	}
}
