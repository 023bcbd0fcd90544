package runtime

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// backoff returns how long to wait after the n-th failure: twice as long each
// time, and up to a quarter more or less, so that what failed together does not
// come back together.
func backoff(pace salesforce.Retry, n int) time.Duration {
	wait := pace.First
	for i := 1; i < n && wait < pace.Max; i++ {
		wait *= 2
	}
	wait = min(wait, max(pace.Max, pace.First))
	return wait*3/4 + time.Duration(rand.Int64N(int64(wait)/2+1))
}

// landed takes in what a call brought.
func (l *loop) landed(c *call, now time.Time) {
	conn := c.connection
	conn.calls--
	l.calls--
	for _, w := range l.contention.release(c) {
		conn.lane(w).push(w)
	}
	counted := false              // the call counts for the run of its first row
	outdated := c.org != conn.org // somebody has signed in anew since the call began
	var trouble *salesforce.Error
	for i, w := range c.writes {
		if !c.mayGo(i) {
			l.withheld(c, i, now)
			continue
		}
		if w.entry.Attempts++; !counted {
			w.run.entry.APICalls += 1 + c.reads
			counted = true
		}
		res := &c.results[i]
		if res.Err == nil {
			l.end(w, func() {
				w.finish(store.Synced, "")
				c.note(i)
				if w.entry.RecordID, w.entry.Created = res.ID, res.Created || w.op == salesforce.Create; res.ID == "" {
					w.entry.RecordID = w.row.ID
				}
			})
			if w.op == salesforce.Create && w.run.event.open > 0 {
				l.toSave = append(l.toSave, w.run.event)
			}
			l.noteNews(w, now)
			continue
		}
		if concerns(res.Err) {
			trouble = res.Err
		}
	}
	switch {
	case trouble != nil && !outdated:
		conn.strike(l.config.Pace(trouble), trouble.RetryAfter, c.started, now)
		conn.pause.reason, conn.pause.cause = reasonOf(trouble), string(trouble.Cause)
		l.parkLanes(conn, now)
	case trouble == nil && counted:
		l.recovered(conn, now)
	}
	if counted {
		conn.limiter.saw(trouble == nil || trouble.Cause == salesforce.Auth, c.started, now)
	}
	refused := &look{connection: conn, rows: len(c.writes)}
	for i, w := range c.writes {
		if w.state != calling {
			continue
		}
		if e := c.results[i].Err; l.governed(w, e, now) {
			refused.writes = append(refused.writes, w)
			refused.refused = append(refused.refused, salesforce.Refusal{Row: &w.row, Err: e})
		} else {
			l.failed(w, e, len(c.writes), conn, now)
		}
	}
	if !l.lookAt(refused, c.org, now) {
		for i, w := range refused.writes {
			l.failed(w, refused.refused[i].Err, len(c.writes), conn, now)
		}
	}
}

// withheld deals with a create that was not sent.
func (l *loop) withheld(c *call, i int, now time.Time) {
	w := c.writes[i]
	if err := c.refused[i]; err != nil {
		l.putOff(w, delay{until: now.Add(time.Second), reason: "the store cannot note that this is about to be created: " + err.Error()})
		return
	}
	l.end(w, func() {
		w.finish(store.InDoubt, "sfsync stopped while this was being created, at "+c.priors[i].Begun.UTC().Format(time.RFC3339)+", and does not know whether it was")
		w.help = lookUp(w)
	})
}

func lookUp(w *write) string {
	return "look in Salesforce whether this " + w.entry.Object + " is there; an upsert by an external id would have been repeated safely"
}

// failed decides what a failure means for a write.
func (l *loop) failed(w *write, e *salesforce.Error, rows int, conn *connection, now time.Time) {
	lasts := w.failing(e, now)
	w.entry.Code, w.entry.Message = e.Code, e.Message
	reason := w.refusal(e)
	if e.InDoubt && w.op == salesforce.Create {
		l.end(w, func() {
			w.finish(store.InDoubt, "the answer was lost, so it may have been created: "+reason)
			w.entry.Cause, w.help = string(e.Cause), lookUp(w)
		})
		return
	}
	if e.Cause == salesforce.RecordLocked {
		l.contention.locked(w, e, now)
	}
	pace := l.config.Pace(e)
	switch {
	case w.upsertRace(e):
		pace = l.config.Pace(&salesforce.Error{Cause: salesforce.RecordLocked})
	case e.InDoubt && !pace.Heals:
		// Whatever came in place of an answer, to write the same values again is safe.
		pace = l.config.Pace(&salesforce.Error{Cause: salesforce.Unavailable, Code: "UNKNOWN_EXCEPTION"})
	}
	if !pace.Heals {
		l.end(w, func() { w.fail(e.Cause, reason, w.refusalHelp(e)) })
		return
	}
	wait := delay{reason: reason, cause: string(e.Cause)}
	if concerns(e) {
		wait.until, wait.why, wait.on = conn.pause.until, store.WhyConnection, []string{conn.topic()}
		if conn.pausedUntil(now).IsZero() { // the failure is of a sign-in that was
			wait.until = now.Add(slack)
		}
	} else {
		w.burnt++
		wait.until = now.Add(max(backoff(pace, w.burnt), e.RetryAfter))
		if e.Whole && rows > 1 {
			w.batch = max(1, rows/4) // who spoilt the call comes out in smaller ones
		}
	}
	switch {
	case pace.Attempts > 0 && w.burnt > pace.Attempts:
		l.end(w, func() { w.fail(e.Cause, fmt.Sprintf("given up after %d attempts: %s", w.entry.Attempts, reason), "") })
	case pace.For > 0 && lasts > pace.For:
		l.end(w, func() {
			w.fail(e.Cause, fmt.Sprintf("given up after %s: %s", lasts.Round(time.Second), reason), "")
		})
	default:
		l.putOff(w, wait)
	}
}

// failing returns for how long a write has failed in this way. To wait for something else,
// as for the connection or for an earlier write, is not part of it.
func (w *write) failing(e *salesforce.Error, now time.Time) time.Duration {
	if w.since.IsZero() || w.entry.Code != e.Code {
		w.since = now
	}
	return now.Sub(w.since)
}

// upsertRace reports whether an upsert lost against another that made the record
// at the same time. Once more, it is an update.
func (w *write) upsertRace(e *salesforce.Error) bool {
	return w.op == salesforce.Upsert && e.Code == "DUPLICATE_VALUE" && w.burnt == 0 && e.Names(w.row.ExternalField)
}

func reasonOf(e *salesforce.Error) string {
	switch {
	case e.Message == "":
		return e.Code
	case e.Code == "":
		return e.Message
	}
	return e.Code + ": " + e.Message
}
