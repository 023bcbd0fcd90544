package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/salesforce"
)

// connection is an org as the loop sees it.
type connection struct {
	name    string
	org     *Org // nil until it could be had
	lanes   map[laneKey]*lane
	calls   int // in flight
	limiter limiter
	pause   pause
	share   float64 // of the org's daily calls that may be used
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
		c = &connection{name: name, lanes: map[laneKey]*lane{}, limiter: newLimiter(l.config.MaxCalls), share: l.config.QuotaShare}
		l.connections[name] = c
	}
	if now := time.Now(); c.org == nil && !c.pause.until.After(now) {
		l.connect(c, now)
	}
	return c
}

// connect asks for the org. Without one, the connection is not signed in.
func (l *loop) connect(c *connection, now time.Time) {
	ctx, cancel := context.WithTimeout(l.ctx, 30*time.Second)
	defer cancel()
	org, err := l.config.Org(ctx, c.name)
	if err == nil && org.Client != nil {
		c.org = &org
		return
	}
	if err == nil {
		err = fmt.Errorf("connection %q is not set up", c.name)
	}
	c.strike(l.config.Pace(&salesforce.Error{Cause: salesforce.Auth}), 0, now, now)
	c.pause.reason, c.pause.cause = err.Error(), string(salesforce.Auth)
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
	case salesforce.Auth, salesforce.RateLimited, salesforce.Network:
		return true
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

// checkQuota pauses the connection while the org's share of daily calls is used.
// It reports whether a call may be made.
func (c *connection) checkQuota(now time.Time) bool {
	u := c.org.Client.Usage()
	if u.Max == 0 || float64(u.Used) < c.share*float64(u.Max) {
		return true
	}
	if until := u.At.Add(quotaPause); until.After(now) {
		c.pause.begun, c.pause.until = now, until
		c.pause.cause = string(salesforce.RateLimited)
		c.pause.reason = fmt.Sprintf("%d of the org's %d daily API calls are used, and sfsync stops at %.0f %%", u.Used, u.Max, c.share*100)
		return false
	}
	return c.calls == 0 // one call, to see how things are
}

// parkLanes puts off what stands in the lanes of a connection that pauses for long.
func (l *loop) parkLanes(c *connection, now time.Time) {
	if c.pause.until.Sub(now) <= patience {
		return
	}
	for _, lane := range c.lanes {
		for _, w := range lane.take(lane.len()) {
			l.putOff(w, c.pause.until, c.pause.reason, c.pause.cause)
		}
	}
}
