package metrics

import (
	"context"
	"errors"
	"math"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func text(t *testing.T, r *Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if got := w.Header().Get("Content-Type"); got != ContentType {
		t.Errorf("content type %q", got)
	}
	return w.Body.String()
}

// Labels are escaped, buckets are cumulative, and a value on a bound is inside it.
func TestFormat(t *testing.T) {
	r := &Registry{}
	plain := r.Counter("a_total", "Back\\slash and\nline.")
	labelled := r.Counter("b_total", "B.", "x", "y")
	labelled.Add(2, "quo\"te\\\n", "\xff")
	labelled.Add(1, "a", "")
	labelled.Add(0.5, "a", "")
	r.Func("c", "C.", GaugeKind, []string{"l"}, func(_ context.Context, emit Emit) { emit(math.Inf(-1), "v") })
	h := r.Histogram("d_seconds", "D.", []float64{0.1, 1}, "op")
	for _, v := range []float64{0.1, 0.11, 5} {
		h.Observe(v, "create")
	}
	r.Histogram("e", "E.", []float64{1}).Observe(2)
	plain.Add(3)
	want := `# HELP a_total Back\\slash and\nline.
# TYPE a_total counter
a_total 3
# HELP b_total B.
# TYPE b_total counter
b_total{x="a",y=""} 1.5
b_total{x="quo\"te\\\n",y="�"} 2
# HELP c C.
# TYPE c gauge
c{l="v"} -Inf
# HELP d_seconds D.
# TYPE d_seconds histogram
d_seconds_bucket{op="create",le="0.1"} 1
d_seconds_bucket{op="create",le="1"} 2
d_seconds_bucket{op="create",le="+Inf"} 3
d_seconds_sum{op="create"} 5.21
d_seconds_count{op="create"} 3
# HELP e E.
# TYPE e histogram
e_bucket{le="1"} 0
e_bucket{le="+Inf"} 1
e_sum 2
e_count 1
`
	if diff := cmp.Diff(want, text(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := &Registry{}
	c, h := r.Counter("c_total", "C.", "l"), r.Histogram("h", "H.", []float64{1})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				c.Add(1, "v")
				h.Observe(1)
			}
			text(t, r)
		})
	}
	all.Wait()
	if got := text(t, r); !strings.Contains(got, `c_total{l="v"} 4000`) || !strings.Contains(got, "h_count 4000") {
		t.Error(got)
	}
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
			return []Org{{"production", 7, fake{}.Usage()}, {Connection: "new"}}
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
		`sfsync_events_total{endpoint="soap",answer="accepted"} 2`,
		`sfsync_events_total{endpoint="events",answer="duplicate"} 0`,
		`sfsync_events_done_total 1`,
		`sfsync_event_duration_seconds_bucket{le="1"} 0`,
		`sfsync_event_duration_seconds_bucket{le="2.5"} 1`,
		`sfsync_runs_total{outcome="failed",cause="duplicate"} 1`,
		`sfsync_writes_total{outcome="synced",cause=""} 1`,
		`sfsync_writes_total{outcome="failed",cause="duplicate"} 1`,
		`sfsync_writes_put_off_total{cause="network"} 2`,
		`sfsync_batch_rows_bucket{connection="production",op="update",le="2"} 0`,
		`sfsync_batch_rows_bucket{connection="production",op="update",le="5"} 1`,
		`sfsync_call_duration_seconds_count{connection="production",op="update"} 1`,
		`sfsync_api_calls_total{connection="production"} 7`,
		`sfsync_api_quota_left_calls{connection="production"} 70`,
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
