package orgsim

import (
	"fmt"
	"sync"
	"time"
)

// limits count calls against the org's allocations.
type limits struct {
	mu         sync.Mutex
	used       int
	since      time.Time // begin of the 24 hours that used is counted in
	max        int       // below 0: none
	concurrent int       // below 0: none
	long       time.Duration
	running    map[*time.Time]struct{} // when each call under way began
}

func (l *limits) init(opts Options) {
	l.max, l.concurrent, l.long = opts.DailyLimit, opts.ConcurrentLimit, opts.LongRunning
	if l.max == 0 {
		l.max = 100_000
	}
	if l.concurrent == 0 {
		l.concurrent = 25
	}
	if l.long == 0 {
		l.long = 20 * time.Second
	}
	l.running = make(map[*time.Time]struct{})
}

func (l *limits) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used, l.since = 0, time.Time{}
}

// begin notes a call under way; the caller calls what it returns at the end.
func (l *limits) begin(at time.Time) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[&at] = struct{}{}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.running, &at)
	}
}

// count counts a call, or refuses it. A refused call counts for nothing. The 24 hours do not roll:
// they begin anew with the first call after they ended.
func (l *limits) count(c *call) (answer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.at.Sub(l.since) >= 24*time.Hour {
		l.used, l.since = 0, c.at
	}
	c.counted = true
	if l.max >= 0 && l.used >= l.max {
		return dailyLimit(), false
	}
	if l.concurrent >= 0 && l.longRunning() >= l.concurrent {
		return concurrentLimit(), false
	}
	l.used++
	return answer{}, true
}

func (l *limits) longRunning() int {
	n, now := 0, time.Now()
	for began := range l.running {
		if now.Sub(*began) >= l.long {
			n++
		}
	}
	return n
}

func dailyLimit() answer {
	return fail(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
}

func concurrentLimit() answer {
	return fail(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")
}

// info is the value of Sforce-Limit-Info.
func (l *limits) info() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("api-usage=%d/%d", l.used, l.cap())
}

// cap is the allocation as answers show it; an org without one shows the largest that there is.
func (l *limits) cap() int {
	if l.max < 0 {
		return 5_000_000
	}
	return l.max
}

// SetDailyLimit changes the number of calls in 24 hours, and how many of them are used.
// Below 0 there is no limit.
func (g *Org) SetDailyLimit(max, used int) {
	g.limits.mu.Lock()
	defer g.limits.mu.Unlock()
	g.limits.max, g.limits.used, g.limits.since = max, used, g.now()
}

// limitsResource answers GET /limits.
func (g *Org) limitsResource(c *call) answer {
	type limit struct{ Max, Remaining int }
	g.limits.mu.Lock()
	most, used := g.limits.cap(), g.limits.used
	g.limits.mu.Unlock()
	out := map[string]limit{"DailyApiRequests": {most, max(0, most-used)}, "ConcurrentAsyncGetReportInstances": {200, 200},
		"DailyBulkV2QueryJobs": {10_000, 10_000}, "DataStorageMB": {1024, 1024}}
	if records := c.cfg.overlay.MaxRecords; records > 0 {
		// Salesforce reckons 2 kB for nearly every record.
		var live int
		c.read(func() { live = g.liveRecords() })
		out["DataStorageMB"] = limit{records * 2 / 1024, max(0, records-live) * 2 / 1024}
	}
	return jsonAnswer(200, out)
}
