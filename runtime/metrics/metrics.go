package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// Config says where values come from that are read when they are asked for.
type Config struct {
	Health  func(context.Context) (store.Health, error)
	Orgs    func() []Org
	Version string // of the program
}

// Org is an org whose API calls are shown.
type Org struct {
	Connection string
	Calls      int64 // made by this process
	Usage      salesforce.Usage
	Share      float64 // of the calls in 24 hours, up to which writes are sent
}

// Metrics are the series of the daemon.
type Metrics struct {
	Registry *Registry

	// Events counts submitted events by way ("soap", "events", "distributions") and
	// answer (accepted, duplicate, rejected).
	Events *Counter
	// Requests counts HTTP requests by way and status code.
	Requests *Counter
	// Reloads counts reloads of the rules by result (done, refused).
	Reloads *Counter
	// Alerts counts deliveries of alerts by sender and result (sent, failed).
	Alerts *Counter

	settled   *Counter
	runs      *Counter
	writes    *Counter
	putOff    *Counter
	batchRows histogram
	callTime  histogram
	delay     histogram
}

// New returns metrics in a registry of their own.
func New(config Config) *Metrics {
	r := newRegistry()
	m := &Metrics{Registry: r}
	r.read("sfsync_build_info", "Version of the program; always 1.", prometheus.GaugeValue, []string{"version"},
		func(to emit) { to(1, config.Version) })

	m.Requests = r.counter("sfsync_http_requests_total", "HTTP requests, by endpoint and status code.", "endpoint", "code")
	m.Events = r.counter("sfsync_events_total", "Events that came in, by endpoint and answer: accepted, duplicate, rejected.", "endpoint", "answer")
	for _, way := range []string{"soap", "events", "distributions"} {
		for _, answer := range []runtime.Status{runtime.Accepted, runtime.Duplicate, runtime.Rejected} {
			m.Events.Add(0, way, string(answer)) // so that a rate has a beginning
		}
	}
	m.settled = r.counter("sfsync_events_done_total", "Events that have ended, with whatever outcome.")
	m.delay = r.histogram("sfsync_event_duration_seconds", "From an event's acceptance to its end.",
		[]float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400})
	m.runs = r.counter("sfsync_runs_total", "Runs of a rule for an event that have ended, by outcome and cause.", "outcome", "cause")
	m.writes = r.counter("sfsync_writes_total", "Writes that have ended, by outcome and cause.", "outcome", "cause")
	for _, outcome := range store.Outcomes {
		if outcome != store.Waiting {
			m.runs.Add(0, string(outcome), "")
			m.writes.Add(0, string(outcome), "")
		}
	}
	m.putOff = r.counter("sfsync_writes_put_off_total", "Times that a write was put off, by cause; none if it waits for another write.", "cause")
	m.callTime = r.histogram("sfsync_call_duration_seconds", "Latency of calls that write, by connection and operation.",
		[]float64{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120}, "connection", "op")
	m.batchRows = r.histogram("sfsync_batch_rows", "Records in a call that writes, of 200 at most.",
		[]float64{1, 2, 5, 10, 25, 50, 100, 150, 199, 200}, "connection", "op")
	if config.Orgs != nil {
		orgs(r, config.Orgs)
	}
	if config.Health != nil {
		health(r, config.Health)
	}
	m.Reloads = r.counter("sfsync_rules_reloads_total", "Reloads of the rules, by result: done, refused.", "result")
	m.Alerts = r.counter("sfsync_alerts_total", "Deliveries of alerts, by sender and result: sent, failed.", "sender", "result")
	return m
}

func orgs(r *Registry, read func() []Org) {
	each := func(value func(Org) (float64, bool)) func(emit) {
		return func(to emit) {
			for _, o := range read() {
				if v, ok := value(o); ok {
					to(v, o.Connection)
				}
			}
		}
	}
	labels := []string{"connection"}
	r.read("sfsync_api_calls_total", "API calls made that count against the org's daily limit.", prometheus.CounterValue, labels,
		each(func(o Org) (float64, bool) { return float64(o.Calls), true }))
	r.read("sfsync_api_quota_calls", "API calls that the org allows in 24 hours, as Salesforce said last.", prometheus.GaugeValue, labels,
		each(func(o Org) (float64, bool) { return float64(o.Usage.Max), o.Usage.Max > 0 }))
	r.read("sfsync_api_budget_calls", "API calls in 24 hours, anybody's, past which writes wait.", prometheus.GaugeValue, labels,
		each(func(o Org) (float64, bool) { return o.Share * float64(o.Usage.Max), o.Usage.Max > 0 }))
	r.read("sfsync_api_quota_left_calls", "API calls of the last 24 hours that nobody has used, as Salesforce said last.", prometheus.GaugeValue, labels,
		each(func(o Org) (float64, bool) { return float64(o.Usage.Max - o.Usage.Used), o.Usage.Max > 0 }))
}

// healthTime is how long the store may take to tell how it is.
const healthTime = 5 * time.Second

func health(r *Registry, read func(context.Context) (store.Health, error)) {
	one := func(name, help string, value func(h store.Health) float64) {
		r.read(name, help, prometheus.GaugeValue, nil, func(to emit) {
			ctx, cancel := context.WithTimeout(context.Background(), healthTime)
			defer cancel()
			if h, err := read(ctx); err == nil {
				to(value(h))
			}
		})
	}
	one("sfsync_queue_events", "Events that have not ended, the waiting ones included.", func(h store.Health) float64 { return float64(h.Queued) })
	one("sfsync_queue_waiting_events", "Events put off until a time or a message.", func(h store.Health) float64 { return float64(h.Waiting) })
	one("sfsync_queue_oldest_age_seconds", "Age of the oldest event that has not ended and does not wait for a message; 0 without one.", func(h store.Health) float64 {
		if h.Oldest.IsZero() {
			return 0
		}
		return time.Since(h.Oldest).Seconds()
	})
	one("sfsync_store_used_bytes", "Bytes in use for events, runs and messages.", func(h store.Health) float64 { return float64(h.Used) })
	one("sfsync_store_limit_bytes", "Bytes at which no more events are accepted; 0 for none.", func(h store.Health) float64 { return float64(h.Limit) })
	one("sfsync_store_up", "1 while the store takes writes.", func(h store.Health) float64 {
		if h.Failed != nil {
			return 0
		}
		return 1
	})
}

// Observe counts what became of an event. It is for runtime.Config.
func (m *Metrics) Observe(r runtime.Report) {
	if r.Done {
		m.settled.Add(1)
		m.delay.observe(time.Since(r.Accepted).Seconds())
	}
	for i := range r.Runs {
		run := &r.Runs[i]
		if r.Done {
			m.runs.Add(1, string(run.Outcome), run.Cause)
		}
		for j := range run.Writes {
			w := &run.Writes[j]
			switch {
			case r.Done:
				m.writes.Add(1, string(w.Outcome), w.Cause)
			case w.Outcome == store.Waiting:
				m.putOff.Add(1, w.Cause)
			}
		}
	}
}

// Client returns a client that measures its calls as those of a connection.
func (m *Metrics) Client(connection string, c runtime.Client) runtime.Client {
	return &client{c, m, connection}
}

type client struct {
	runtime.Client
	metrics    *Metrics
	connection string
}

// Unwrap returns the client that is measured, for what else it can do.
func (c *client) Unwrap() runtime.Client { return c.Client }

func (c *client) Write(ctx context.Context, op salesforce.Op, rows []salesforce.Row) []salesforce.Result {
	begun := time.Now()
	results := c.Client.Write(ctx, op, rows)
	c.metrics.callTime.observe(time.Since(begun).Seconds(), c.connection, string(op))
	c.metrics.batchRows.observe(float64(len(rows)), c.connection, string(op))
	return results
}
