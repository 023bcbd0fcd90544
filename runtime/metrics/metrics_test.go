package metrics

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func text(t *testing.T, r *Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", got)
	}
	return w.Body.String()
}

// fake is an org that answers at once.
type fake struct{}

func (fake) Write(_ context.Context, _ salesforce.Op, rows []salesforce.Row) []salesforce.Result {
	return make([]salesforce.Result, len(rows))
}
func (fake) Usage() salesforce.Usage { return salesforce.Usage{Used: 30, Max: 100} }

func TestSeries(t *testing.T) {
	failing := error(nil)
	m := New(Config{
		Version: "1.2",
		Health: func(context.Context) (store.Health, error) {
			return store.Health{Queued: 5, Waiting: 2, Used: 100, Limit: 1000, Oldest: time.Now().Add(-time.Hour)}, failing
		},
		Orgs: func() []Org {
			return []Org{{"production", 7, fake{}.Usage(), 0.8}, {Connection: "new"}}
		},
	})
	c := m.Client("production", fake{})
	c.Write(t.Context(), salesforce.Update, make([]salesforce.Row, 3))
	if c.Usage().Max != 100 {
		t.Error("usage is not passed on")
	}
	waiting := []store.Run{{Outcome: store.Waiting, Cause: "network", Writes: []store.Write{{Outcome: store.Waiting, Cause: "network"}, {Outcome: store.Synced}}}}
	m.Observe(runtime.Report{Accepted: time.Now(), Runs: waiting})
	m.Observe(runtime.Report{Accepted: time.Now(), Runs: waiting})
	m.Observe(runtime.Report{Accepted: time.Now().Add(-2 * time.Second), Done: true, Runs: []store.Run{
		{Outcome: store.Failed, Cause: "duplicate", Writes: []store.Write{{Outcome: store.Failed, Cause: "duplicate"}, {Outcome: store.Synced}}},
	}})
	m.Events.Add(2, "soap", "accepted")
	got := text(t, m.Registry)
	for _, want := range []string{
		`sfsync_build_info{version="1.2"} 1`,
		`sfsync_events_total{answer="accepted",endpoint="soap"} 2`,
		`sfsync_events_total{answer="duplicate",endpoint="events"} 0`,
		`sfsync_events_done_total 1`,
		`sfsync_event_duration_seconds_bucket{le="1"} 0`,
		`sfsync_event_duration_seconds_bucket{le="2.5"} 1`,
		`sfsync_runs_total{cause="duplicate",outcome="failed"} 1`,
		`sfsync_writes_total{cause="",outcome="synced"} 1`,
		`sfsync_writes_total{cause="duplicate",outcome="failed"} 1`,
		`sfsync_writes_put_off_total{cause="network"} 2`,
		`sfsync_batch_rows_bucket{connection="production",op="update",le="2"} 0`,
		`sfsync_batch_rows_bucket{connection="production",op="update",le="5"} 1`,
		`sfsync_call_duration_seconds_count{connection="production",op="update"} 1`,
		`sfsync_api_calls_total{connection="production"} 7`,
		`sfsync_api_quota_left_calls{connection="production"} 70`,
		`sfsync_api_budget_calls{connection="production"} 80`,
		`sfsync_queue_events 5`,
		`sfsync_queue_waiting_events 2`,
		`sfsync_store_limit_bytes 1000`,
		`sfsync_store_up 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if strings.Contains(got, `sfsync_api_quota_calls{connection="new"}`) {
		t.Error("a quota that nobody has told is shown")
	}
	if !strings.Contains(got, "sfsync_queue_oldest_age_seconds 36") {
		t.Error("the age of the oldest event is missing")
	}
	failing = errors.New("no")
	if strings.Contains(text(t, m.Registry), "sfsync_queue_events 5") {
		t.Error("an old value is shown")
	}
}

func BenchmarkObserve(b *testing.B) {
	m := New(Config{})
	r := runtime.Report{Accepted: time.Now(), Done: true, Runs: []store.Run{{Outcome: store.Synced, Writes: []store.Write{{Outcome: store.Synced}}}}}
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(r)
	}
}
