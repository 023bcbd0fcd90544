package runtime

import (
	"fmt"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// connection is an org as the loop sees it.
type connection struct {
	name    string
	org     *Org // nil until it could be had
	signIn  signIn
	lanes   map[laneKey]*lane
	calls   int // in flight
	limiter limiter
	pause   pause
	share   float64 // of the org's daily calls that may be used
	parked  bool    // events may wait on it, which its first success wakes
}

// pause is why a connection makes no calls for a while. It concerns all of its
// writes alike and burns no attempt of theirs.
type pause struct {
	until   time.Time
	begun   time.Time
	strikes int // failures in a row that led to a pause
	reason  string
	cause   string
}

func (l *loop) connection(name string) *connection {
	c := l.connections[name]
	if c == nil {
		// What waits on it may be left of an earlier run.
		c = &connection{name: name, lanes: map[laneKey]*lane{}, limiter: newLimiter(l.config.MaxCalls), share: l.config.QuotaShare, parked: true}
		l.connections[name] = c
	}
	return c
}

// ready reports whether the connection's org is there, and still the one to ask.
func (c *connection) ready() bool { return c.org != nil && !c.signIn.outdated }

// wanted reports whether something is there to be sent.
func (c *connection) wanted() bool {
	if len(c.signIn.waiting) > 0 {
		return true
	}
	for _, n := range c.lanes {
		if n.len() > 0 {
			return true
		}
	}
	return false
}

func (c *connection) pausedUntil(now time.Time) time.Time {
	if c.pause.until.After(now) {
		return c.pause.until
	}
	return time.Time{}
}

// concerns reports whether a failure tells of the connection, not of the row.
func concerns(e *salesforce.Error) bool {
	switch e.Cause {
	case salesforce.Auth, salesforce.Network:
		return true
	case salesforce.RateLimited:
		// What one row is refused for, in a call that went through or with 400, is a limit
		// of its own, such as one of Apex.
		return e.Whole || e.HTTPStatus > 400
	case salesforce.Unavailable:
		// An UNKNOWN_EXCEPTION may well come of one row.
		return (e.Code == "" || e.Code == "SERVER_UNAVAILABLE" || e.Code == "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE") && e.HTTPStatus >= 400
	}
	return false
}

// strike pauses the connection after a failure of a call that began at started.
// Calls that were in flight together count once.
func (c *connection) strike(pace salesforce.Retry, retryAfter time.Duration, started, now time.Time) {
	if c.pause.strikes > 0 && started.Before(c.pause.begun) {
		return
	}
	c.pause.strikes++
	c.pause.begun = now
	c.pause.until = now.Add(max(backoff(pace, c.pause.strikes), retryAfter))
}

// quotaPause is how long the connection stays away from a quota that is used up,
// before one call looks again. The quota is of a rolling 24 hours, so it comes back
// bit by bit.
const quotaPause = 15 * time.Minute

// withinQuota reports whether the org's share of daily calls is not used up.
func (c *connection) withinQuota() bool {
	u := c.org.Client.Usage()
	return u.Max == 0 || float64(u.Used) < c.share*float64(u.Max)
}

// checkQuota pauses the connection while the org's share of daily calls is used.
// It reports whether a call may be made.
func (c *connection) checkQuota(now time.Time) bool {
	if c.withinQuota() {
		return true
	}
	u := c.org.Client.Usage()
	if until := u.At.Add(quotaPause); until.After(now) {
		c.pause.begun, c.pause.until = now, until
		c.pause.cause = string(salesforce.RateLimited)
		c.pause.reason = fmt.Sprintf("%d of the org's %d daily API calls are used, and sfsync stops at %.0f %%", u.Used, u.Max, c.share*100)
		return false
	}
	return c.calls == 0 // one call, to see how things are
}

// waiting is what of a pause concerns a write that is put off for it.
func (c *connection) waiting() delay {
	return delay{until: c.pause.until, why: store.WhyConnection, reason: c.pause.reason, cause: c.pause.cause, on: []string{c.topic()}}
}

// topic is what the events that wait on the connection wait on, to the store.
func (c *connection) topic() string {
	topic := "connection/" + c.name
	return topic[:min(len(topic), store.MaxName)]
}

// parkLanes puts off what stands in the lanes of a connection that pauses for long.
func (l *loop) parkLanes(c *connection, now time.Time) {
	if c.pause.until.Sub(now) <= patience {
		return
	}
	for _, lane := range c.lanes {
		for _, w := range lane.take(lane.len()) {
			l.putOff(w, c.waiting())
		}
	}
}

// probe is how many events of a partition are woken to see whether a connection is
// back. The first call that succeeds wakes the others.
const probe = 4

// recovered wakes what waits on a connection of which a call has succeeded.
func (l *loop) recovered(c *connection, now time.Time) {
	c.pause.strikes = 0
	if c.parked && c.pausedUntil(now).IsZero() && c.withinQuota() {
		c.parked = false
		l.toWake = append(l.toWake, wakeUp{c.topic(), 0})
	}
}

// wakeUp is to make due what waits on something.
type wakeUp struct {
	what string
	most int // in a partition, 0 for all
}

// wakeWaiting wakes all that is to be woken before anything else is read, so that
// events come back in their order.
func (l *loop) wakeWaiting() error {
	for _, up := range l.toWake {
		for _, p := range l.feed.parts {
			n, err := p.claim.WakeOn(l.ctx, up.what, up.most)
			if err != nil {
				return fmt.Errorf("cannot wake what waits: %w", err)
			}
			if n > 0 {
				l.dirty.Store(true)
			}
		}
	}
	l.toWake = nil
	return nil
}
