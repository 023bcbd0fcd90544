package runtime

import (
	"slices"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// event is an event in memory: from the store's handing it out until what became
// of it is on disk.
type event struct {
	item   store.Item // its Body is the bare text
	again  *again     // what of it is run again, nil for an event that is run for the first time
	part   *part
	place  place
	head   plan.Event
	broken error     // why it cannot be read
	news   time.Time // when what it tells happened, zero if it does not say
	runs   []*run
	count  int // writes

	open     int // writes that are neither finished nor put off
	settling bool
	held     bool // its mark of what it holds is in the store

	keys  []string     // under which it is kept as a message
	park  string       // key of the message it waits for
	until time.Time    // how long it does
	marks []store.Mark // news that it brought
}

func newEvent(item feedItem) *event {
	ev := &event{item: item.Item, part: item.part, place: place{at: item.at}}
	ev.item.Body, ev.again, ev.broken = unwrap(item.Body)
	return ev
}

// place is an event's place in the order. A status stands behind its message, also if
// that came later, and there in the order of such statuses.
type place struct {
	at    int64 // when the event was accepted, or a later message of it, in Unix nanoseconds
	early int64 // when a status was accepted that came before its message, else 0
}

func (p place) before(q place) bool {
	return p.at < q.at || p.at == q.at && p.early < q.early
}

// behind puts a status behind its message, accepted at the given time.
func (p *place) behind(message int64) {
	if message > p.at {
		p.at, p.early = message, p.at
	}
}

// run is what one rule makes of an event.
type run struct {
	event  *event
	entry  store.Run // without its Writes
	writes []*write
	help   string // in place of the cause's advice

	admitted  bool   // it has passed the loop breaker
	unsure    bool   // whether it is an echo is not known yet
	echo      string // that it is one, as a reason to skip
	discarded string // by whom and why, of a run that was given up
}

// write is one write of a run.
type write struct {
	run   *run
	index int // among the writes of the event
	op    salesforce.Op
	row   salesforce.Row
	entry store.Write
	help  string

	record     string // names the record it writes; "" for a create
	needs      int    // earlier writes of the event that make its parents, not finished yet
	dependents []*write

	state    state
	since    time.Time // when it began to fail as it did last, or to look like a loop
	until    time.Time // put off until then
	on       []string  // what it waits on then
	burnt    int       // attempts that failed by fault of the write itself
	batch    int       // most rows that may share its next call; 0 for no bound
	applied  int64     // its news, in Unix nanoseconds, to be noted when it is done
	newsMark string
}

// state is how far a write has come.
type state uint8

const (
	pending  state = iota // behind another write, or not looked at yet
	queued                // in its lane
	calling               // in a call
	finished              // its outcome is final
	putOff                // to be tried again when the event comes back
)

func (ev *event) writes(yield func(*write) bool) {
	for _, r := range ev.runs {
		for _, w := range r.writes {
			if !yield(w) {
				return
			}
		}
	}
}

// finish gives a write its final outcome.
func (w *write) finish(outcome store.Outcome, reason string) {
	w.state = finished
	w.entry.Outcome, w.entry.Why, w.entry.Reason = outcome, "", reason
	if outcome == store.Synced || outcome == store.Skipped {
		w.entry.Cause, w.entry.Code, w.entry.Message = "", "", ""
	}
}

// skip finishes a write that sfsync itself decides not to make.
func (w *write) skip(why store.Why, reason string) {
	w.finish(store.Skipped, reason)
	w.entry.Why = why
}

// fail finishes a write with the cause of its failure.
func (w *write) fail(cause salesforce.Cause, reason, help string) {
	w.finish(store.Failed, reason)
	w.entry.Cause, w.help = string(cause), help
}

// severity orders outcomes: that of a run is the gravest of its writes.
var severity = []store.Outcome{store.Skipped, store.Synced, store.Waiting, store.Failed, store.InDoubt}

func graver(a, b store.Outcome) bool {
	return slices.Index(severity, a) > slices.Index(severity, b)
}

// summary returns the entry of the run log.
func (r *run) summary(now time.Time) store.Run {
	entry := r.entry
	if len(r.writes) == 0 {
		entry.Advice = r.advice(entry.Cause, r.help)
		if entry.Outcome != store.Waiting {
			entry.Ended = now
		}
		return entry
	}
	entry.Writes = make([]store.Write, len(r.writes))
	entry.Outcome, entry.NotBefore = "", time.Time{}
	var telling *write
	waiting := false
	for i, w := range r.writes {
		entry.Writes[i] = w.entry
		entry.Attempts = max(entry.Attempts, w.entry.Attempts)
		if w.state == putOff {
			waiting = true
			if entry.NotBefore.IsZero() || w.until.Before(entry.NotBefore) {
				entry.NotBefore = w.until
			}
		}
		if entry.Outcome == "" || graver(w.entry.Outcome, entry.Outcome) {
			entry.Outcome, telling = w.entry.Outcome, w
		}
	}
	if waiting && entry.Outcome != store.Waiting {
		// What has failed already shows in its write; the run is not over.
		entry.Outcome = store.Waiting
		telling = r.writes[slices.IndexFunc(r.writes, func(w *write) bool { return w.state == putOff })]
	}
	if !waiting {
		entry.Ended = now
	}
	entry.Why, entry.Reason, entry.Cause = telling.entry.Why, telling.entry.Reason, telling.entry.Cause
	if entry.Outcome == store.Synced && entry.Reason == "" {
		entry.Reason = differences(entry.Writes)
	}
	if r.discarded != "" && entry.Outcome == store.Synced {
		// Some writes were done, but it is not over as the rule says.
		entry.Outcome, entry.Why, entry.Reason = store.Skipped, store.WhyDiscarded, r.discarded
	}
	entry.Advice = r.advice(entry.Cause, telling.help)
	return entry
}

func (r *run) advice(cause, help string) string {
	if help != "" || cause == "" {
		return help
	}
	info, _ := salesforce.ExplainCause(salesforce.Cause(cause))
	return info.Advice
}
