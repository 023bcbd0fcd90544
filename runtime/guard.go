package runtime

import (
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// Two of the guards against loops stand here; the third, skipping a write whose
// values the message already shows, is the plan's.

// echo reports, as a reason to skip, that an outbound message only tells of our
// own write: the record was last changed by the connection's own user. It needs
// LastModifiedById among the message's fields. It is not sure while the connection
// signs in, which tells who that user is.
func (l *loop) echo(ev *event, connection string) (reason string, sure bool) {
	if ev.head.Type != plan.TypeOutbound {
		return "", true
	}
	by := gjson.GetBytes(ev.item.Body, "record.LastModifiedById").Str
	if by == "" {
		return "", true
	}
	c := l.connection(connection)
	switch {
	case c.org == nil:
		return "", !c.pausedUntil(time.Now()).IsZero()
	case c.org.UserID == "" || !schema.SameID(by, c.org.UserID):
		return "", true
	}
	return "own echo: the record was last changed by the user of this connection", true
}

// loopPatience is how long a run waits for a loop to end before it fails.
const loopPatience = 24 * time.Hour

// breaker counts how often a rule runs for a record, in windows of fixed length.
// Only outbound messages count, since only they can be answers to our own writes.
// It starts empty with the process.
type breaker struct {
	limit  int
	window time.Duration
	counts map[string]*count
	swept  time.Time
}

type count struct {
	since time.Time
	n     int
}

// admit counts a run, or returns when its window is over.
func (b *breaker) admit(key string, now time.Time) (until time.Time, ok bool) {
	if now.Sub(b.swept) > b.window {
		for k, c := range b.counts {
			if now.Sub(c.since) >= b.window {
				delete(b.counts, k)
			}
		}
		b.swept = now
	}
	c := b.counts[key]
	if c == nil || now.Sub(c.since) >= b.window {
		c = &count{since: now}
		b.counts[key] = c
	}
	if c.n >= b.limit {
		return c.since.Add(b.window), false
	}
	c.n++
	return time.Time{}, true
}

// breakLoop puts off the writes of a run that looks like a turn of a loop.
func (l *loop) breakLoop(r *run, now time.Time) {
	ev := r.event
	if ev.head.Type != plan.TypeOutbound || ev.head.Record == "" || r.admitted {
		return
	}
	until, ok := l.breaker.admit(r.entry.Rule+"\x1f"+ev.head.Record, now)
	if r.admitted = ok; ok {
		return
	}
	reason := fmt.Sprintf("loop breaker: this rule has run %d times within %s for %s", l.breaker.limit, l.breaker.window, ev.head.Record)
	for _, w := range r.writes {
		if w.state != pending {
			continue
		}
		if w.since.IsZero() {
			w.since = now
		}
		if now.Sub(w.since) > loopPatience {
			l.end(w, func() {
				w.fail(salesforce.Unknown, reason+", for a day", "find what fires the outbound message again: a rule that writes the record which fires it, or a flow")
				w.entry.Why = store.WhyLoopBreaker
			})
			continue
		}
		l.putOff(w, delay{until: until, why: store.WhyLoopBreaker, reason: reason})
	}
}
