package runtime

import (
	"math"
	"time"
)

// limiter decides how many calls may be in flight to one org: one more for every
// round of calls that went well, half as many after a refusal or a very slow call.
type limiter struct {
	limit, most float64
	reduced     time.Time
}

const (
	firstCalls = 4
	// slowCall is half of the time from which Salesforce counts a call as long-running.
	slowCall = 10 * time.Second
)

func newLimiter(most int) limiter {
	return limiter{limit: math.Min(firstCalls, float64(most)), most: float64(most)}
}

func (m *limiter) allows(calls int) bool { return calls < int(m.limit) }

// saw takes a call's end into account. Calls that were in flight together halve
// the limit once.
func (m *limiter) saw(ok bool, started, now time.Time) {
	switch {
	case ok && now.Sub(started) < slowCall:
		m.limit = math.Min(m.most, m.limit+1/m.limit)
	case !started.Before(m.reduced):
		m.limit = math.Max(1, m.limit/2)
		m.reduced = now
	}
}
