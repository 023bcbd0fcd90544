package prooftest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// balancer is the address that Salesforce knows, in front of a daemon that may be away
// and come back at another one. It loses some of the daemon's answers.
type balancer struct {
	*httptest.Server
	passed, lost, refused atomic.Int64 // messages
	slowest               atomic.Int64 // nanoseconds of an answer
}

// errLost makes the proxy drop the connection in place of the answer.
var errLost = http.ErrAbortHandler

func balance(t *testing.T, d *daemon, lose float64) *balancer {
	t.Helper()
	b := new(balancer)
	rng := rand.New(rand.NewPCG(7, 7))
	var one sync.Mutex
	unlucky := func() bool {
		one.Lock()
		defer one.Unlock()
		return rng.Float64() < lose
	}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		address := d.url
		d.mu.Unlock()
		to, err := url.Parse(address)
		if err != nil || address == "" {
			b.refused.Add(1)
			http.Error(w, "nothing behind", http.StatusServiceUnavailable)
			return
		}
		begun := time.Now()
		proxy := &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
			ModifyResponse: func(*http.Response) error {
				b.slowest.Store(max(b.slowest.Load(), int64(time.Since(begun))))
				if unlucky() {
					b.lost.Add(1)
					return errLost
				}
				b.passed.Add(1)
				return nil
			},
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// TestRetryStorm is the end of a day without sfsync. Salesforce has queued a message
// for every case that was made, has tried each over and over, and goes on trying, in
// disorder and often twice. The user sees each notification once, and each took effect.
//
// Everything that sends is the simulator's own outbound sender, on a clock that makes
// a day pass in seconds.
func TestRetryStorm(t *testing.T) {
	// pace is by how much the org's clock is too fast while sfsync is there again.
	cases, away, pace := 4_000, 12*time.Hour, 4_000.0
	if *long {
		cases, away, pace = 40_000, 18*time.Hour, 500
	}
	org := simulate(t, orgsim.Options{DailyLimit: -1, Latency: 10 * time.Millisecond})
	ids := contacts(t, org, cases/20)
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: true})
	front := balance(t, d, 0.2)

	// sfsync has been there before, and goes away.
	d.run()
	d.stop()
	const outage = 20_000 // times as fast as other clocks
	delivery := orgsim.Delivery{Speed: outage, Duplicates: 0.2, Reorder: orgsim.Duration(time.Minute)}
	if err := org.SetDelivery(delivery); err != nil {
		t.Fatal(err)
	}
	if err := org.DefineOutboundMessage(orgsim.OutboundMessage{Name: "Case_made", Object: "Case", Fields: []string{"ContactId", "Subject"},
		Endpoint: front.URL + "/soap/default", On: "create"}); err != nil {
		t.Fatal(err)
	}
	gone := time.Now()
	makeCases(t, org, cases, ids)
	time.Sleep(time.Until(gone.Add(away / outage)))
	queued := org.OutboundStatus()[0]
	if n := queued.Counts; n.Queued != cases || n.Delivered != 0 || n.Dropped != 0 || n.Failures < 2*cases/100 {
		t.Fatalf("after %s without sfsync: %+v", away, n)
	}

	// It comes back. Starting takes no part of the day.
	delivery.Speed = 1
	if err := org.SetDelivery(delivery); err != nil {
		t.Fatal(err)
	}
	d.run()
	begun := time.Now()
	delivery.Speed = pace
	if err := org.SetDelivery(delivery); err != nil {
		t.Fatal(err)
	}
	// Most of the time that is left until the first notification gets too old.
	deliverAll(t, org, delivery, time.Duration(float64(24*time.Hour-away)/pace*3/4))
	acked := time.Since(begun)
	s, _ := d.status("")
	d.drain(5 * time.Minute)
	took := time.Since(begun)
	d.stop()

	n := org.OutboundStatus()[0].Counts
	t.Logf("%d notifications were tried in %d messages while sfsync was away; then %d messages were acknowledged, %d Acks were lost, and %d notifications came once more",
		cases, queued.Counts.Failures, front.passed.Load(), front.lost.Load(), n.Duplicates)
	t.Logf("all are acknowledged %s after the start, the slowest message in %s; %d were queued then, and all are done after %s",
		acked.Round(time.Millisecond), time.Duration(front.slowest.Load()).Round(time.Millisecond), s.Queued, took.Round(time.Millisecond))
	if n.Delivered != cases || n.Dropped != 0 || n.Duplicates == 0 || front.lost.Load() == 0 {
		t.Errorf("the org says %+v", n)
	}
	runs := outcomes(t, d.set.Dir)
	if len(runs) != cases {
		t.Errorf("%d of %d notifications have an outcome", len(runs), cases)
	}
	for id, list := range runs {
		if len(list) != 1 || list[0].Outcome != store.Synced {
			t.Errorf("%s: %+v", id, list)
		}
	}
	for i, id := range ids {
		var got, want []string
		for _, rev := range org.History(id) {
			if change, ok := rev.Fields["Description"]; ok && rev.Op != "seed" {
				got = append(got, change.After)
			}
		}
		for n := i; n < cases; n += len(ids) {
			want = append(want, subject(n))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("contact %d had %q, want %q", i, got, want)
		}
	}
}

func subject(n int) string { return fmt.Sprintf("value %06d", n) }

// makeCases lets somebody make cases through the API, each of a contact.
func makeCases(t *testing.T, org *orgsim.Org, n int, contacts []string) {
	t.Helper()
	client, err := salesforce.New(salesforce.Config{InstanceURL: org.URL(), Token: salesforce.StaticToken(org.Login(""))})
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; from += 200 {
		var rows []salesforce.Row
		for i := from; i < min(n, from+200); i++ {
			rows = append(rows, salesforce.Row{Object: "Case", Body: fmt.Appendf(nil, `{"Subject":%q,"ContactId":%q}`, subject(i), contacts[i%len(contacts)])})
		}
		for _, r := range client.Write(t.Context(), salesforce.Create, rows) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
}

// deliverAll waits until the org has delivered everything. If that takes too long, the
// org's clock is let go as others do, and its admin presses Retry: the disk may be busy.
func deliverAll(t *testing.T, org *orgsim.Org, delivery orgsim.Delivery, atMost time.Duration) {
	t.Helper()
	patience, cancel := context.WithTimeout(t.Context(), atMost)
	defer cancel()
	if org.WaitOutbound(patience) == nil {
		return
	}
	delivery.Speed = 1
	if err := org.SetDelivery(delivery); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		org.RetryOutbound()
		patience, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err := org.WaitOutbound(patience)
		cancel()
		if err == nil {
			return
		}
	}
	t.Fatalf("not delivered in two minutes: %+v", org.OutboundStatus()[0].Counts)
}
