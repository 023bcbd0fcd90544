package runtime

import (
	"fmt"
	"slices"
	"time"

	"github.com/sfsync/sfsync/store"
)

// slack is how much later than an earlier write to its record a write comes back,
// so that both are there when the order is decided; and how early is early enough.
const slack = 20 * time.Millisecond

// patience is how long a write stays in memory for a connection that pauses;
// beyond that it is put off, which the run log shows.
const patience = time.Second

// records keeps the writes to one record in the order in which their events were
// accepted: one at a time, the first first.
type records struct {
	queues map[string]*queue
	holds  holds
}

// queue is the line of writes to one record.
type queue struct {
	writes []*write // the first may be in its lane or in a call
	last   *event   // that wrote the record last, if that is not known to be on disk
}

// join puts a write in its place, but behind what is on its way.
func (rs *records) join(w *write) {
	q := rs.queues[w.record]
	if q == nil {
		q = &queue{}
		rs.queues[w.record] = q
	}
	i := len(q.writes)
	for i > 0 && q.writes[i-1].state == pending && before(w, q.writes[i-1]) {
		i--
	}
	q.writes = slices.Insert(q.writes, i, w)
}

func before(a, b *write) bool {
	if ev := a.run.event; ev != b.run.event {
		return ev.place.before(b.run.event.place)
	}
	return a.index < b.index
}

// first reports whether it is w's turn to write its record. What the event before it
// wrote must be on disk as done: else a crash would repeat the earlier write on top of
// this one.
func (rs *records) first(w *write) bool {
	if w.record == "" {
		return true
	}
	q, ev := rs.queues[w.record], w.run.event
	// One that came back after a later event must not wait for it, as that may wait
	// for this one elsewhere.
	return q.writes[0] == w && (q.last == nil || q.last == ev || ev.place.before(q.last.place))
}

// leave takes a write out of its line and returns the one whose turn it may be now.
func (rs *records) leave(w *write) *write {
	q := rs.queues[w.record]
	if q == nil {
		return nil
	}
	if i := slices.Index(q.writes, w); i >= 0 {
		q.writes = slices.Delete(q.writes, i, i+1)
	}
	if w.state == finished && w.entry.Attempts > 0 {
		q.last = w.run.event
	}
	if len(q.writes) > 0 {
		return q.writes[0]
	}
	rs.drop(w.record)
	return nil
}

// settled lets the next write of the record go, now that what ev did to it is on disk.
// It returns that write.
func (rs *records) settled(record string, ev *event) *write {
	q := rs.queues[record]
	if q == nil || q.last != ev {
		return nil
	}
	q.last = nil
	if len(q.writes) > 0 {
		return q.writes[0]
	}
	rs.drop(record)
	return nil
}

// drop forgets a line that nobody stands in and nobody needs to wait in.
func (rs *records) drop(record string) {
	if q := rs.queues[record]; q != nil && len(q.writes) == 0 && q.last == nil {
		delete(rs.queues, record)
	}
}

// admit starts an event: its writes take their places in line.
func (l *loop) admit(ev *event) {
	now := time.Now()
	l.events[ev] = struct{}{}
	freed := l.records.holds.byHolder[ev.holder()]
	ev.held = l.records.holds.release(ev.holder())
	l.known(ev)
	if !ev.until.IsZero() { // a status that is put off before it is evaluated
		l.records.holds.park(ev)
		l.parking[messageKey(ev.head.Of)]++
	}
	for w := range ev.writes {
		l.writes++
		switch w.state {
		case pending:
			ev.open++
			if w.record != "" {
				l.records.join(w)
			}
		case putOff:
			l.records.holds.add(w)
		}
	}
	for _, r := range ev.runs {
		l.breakLoop(r, now)
	}
	for w := range ev.writes {
		l.standBack(w, now)
	}
	for w := range ev.writes {
		l.advance(w, now)
	}
	l.conclude(ev, now)
	for record := range freed {
		l.refill(record)
	}
}

// line is how many writes to one record are kept in memory, so that there is room for
// those to others.
func (l *loop) line() int { return max(8, l.config.MaxWrites/20) }

// standBack puts a write off that finds too many before it. It comes back when they
// have become few, and at the latest when they could be done.
func (l *loop) standBack(w *write, now time.Time) {
	if w.state != pending || w.record == "" {
		return
	}
	q := l.records.queues[w.record]
	if n := len(q.writes); n > l.line() && q.writes[n-1] == w {
		ahead := n + len(l.records.holds.byRecord[w.record])
		l.putOff(w, delay{until: now.Add(time.Duration(ahead) * slack), why: store.WhyEarlierWrite,
			reason: fmt.Sprintf("about %d earlier writes to the same record are to be done first", ahead)})
	}
}

// refill lets some of the writes come back that wait for earlier ones to their record,
// when these are few.
func (l *loop) refill(record string) {
	few := l.line() / 2
	if q := l.records.queues[record]; q != nil && len(q.writes) > few {
		return
	}
	for _, h := range l.records.holds.next(record, few) {
		l.recalls = append(l.recalls, h.event)
	}
}

// advance sends a write on its way if its turn has come.
func (l *loop) advance(w *write, now time.Time) {
	if w.state != pending || w.needs > 0 || !l.records.first(w) {
		return
	}
	if r := w.run; r.unsure {
		reason, sure := l.echo(r.event, r.entry.Connection)
		if !sure {
			home := l.connection(r.entry.Connection)
			home.signIn.waiting = append(home.signIn.waiting, w)
			return
		}
		r.unsure, r.echo = false, reason
	}
	if reason := w.run.echo; reason != "" {
		l.end(w, func() { w.skip(store.WhyOwnEcho, reason) })
		return
	}
	if first := w.ahead(); first != nil {
		l.putOff(w, delay{until: first.until, why: store.WhyEarlierWrite, reason: behind, on: first.on})
		return
	}
	if h, held := l.records.holds.before(w.record, w.run.event); held {
		until := h.until
		if until.Before(now) {
			until = now.Add(slack)
		}
		l.putOff(w, delay{until: until.Add(slack), why: store.WhyEarlierWrite, reason: behind, on: h.on})
		return
	}
	c := l.connection(w.entry.Connection)
	if until := c.pausedUntil(now); until.Sub(now) > patience {
		l.putOff(w, c.waiting())
		return
	}
	if reason := l.stale(w); reason != "" {
		l.end(w, func() { w.skip(store.WhyStale, reason) })
		return
	}
	if !c.ready() {
		c.signIn.waiting = append(c.signIn.waiting, w)
		return
	}
	w.state = queued
	c.lane(w).push(w)
}

// behind is why a write waits whose record is held.
const behind = "an earlier write to the same record waits"

// ahead returns the first write of the same event to the same record if that is put off.
// Those of other events are known to holds.
func (w *write) ahead() *write {
	if w.record == "" {
		return nil
	}
	for first := range w.run.event.writes {
		if first == w {
			break
		}
		if first.state == putOff && first.record == w.record {
			return first
		}
	}
	return nil
}

// end finishes a write as how says, and lets those go on that waited for it.
func (l *loop) end(w *write, how func()) {
	how()
	l.writeOver(w)
	for _, child := range w.dependents {
		child.needs--
		l.turns = append(l.turns, child)
	}
}

// delay is how long a write is put off, and why.
type delay struct {
	until  time.Time
	why    store.Why
	reason string
	cause  string
	on     []string // what it waits on, for Claim.WakeOn
}

// putOff leaves a write for later, with what it holds up: later writes to its
// record, and the event's own writes that need it.
func (l *loop) putOff(w *write, d delay) {
	w.state = putOff
	w.until, w.on = d.until, d.on
	w.entry.Outcome, w.entry.Why, w.entry.Reason, w.entry.Cause = store.Waiting, d.why, d.reason, d.cause
	if d.why == store.WhyConnection {
		l.connection(w.entry.Connection).parked = true
	}
	l.records.holds.add(w)
	l.writeOver(w)
	for _, child := range w.dependents {
		if child.state == pending {
			l.putOff(child, delay{until: d.until, why: store.WhyEarlierWrite, on: d.on,
				reason: "it needs the " + w.entry.Object + " that an earlier write of this event makes"})
		}
	}
}

func (l *loop) writeOver(w *write) {
	if next := l.records.leave(w); next != nil {
		l.turns = append(l.turns, next)
	}
	if w.state == finished {
		l.refill(w.record)
	}
	ev := w.run.event
	ev.open--
	if ev.open == 0 {
		l.concluding = append(l.concluding, ev)
	}
}

// takeTurns goes on with what the end of other writes has set free.
func (l *loop) takeTurns(now time.Time) {
	for len(l.turns) > 0 || len(l.concluding) > 0 {
		turns, concluding := l.turns, l.concluding
		l.turns, l.concluding = nil, nil
		for _, w := range turns {
			l.advance(w, now)
		}
		for _, ev := range concluding {
			l.conclude(ev, now)
		}
	}
}
