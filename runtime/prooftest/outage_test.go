package prooftest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// wire carries calls to an org without a network, so that time can be simulated.
type wire struct {
	org  *orgsim.Org
	gone atomic.Bool
	lost atomic.Int64 // calls while it was gone
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.gone.Load() {
		w.lost.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	answer := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = io.NopCloser(strings.NewReader(""))
	}
	w.org.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// outage is an engine in simulated time.
type outage struct {
	t      *testing.T
	wire   *wire
	store  *bolt.Store
	engine *runtime.Engine
	ids    []string
	sent   map[string][]string // values by contact
	n      int
}

// simulated runs fn with an engine that runs, in simulated time, and expects that in
// the end every event has taken effect once and in order.
func simulated(t *testing.T, fn func(o *outage)) {
	synctest.Test(t, func(t *testing.T) {
		org, err := orgsim.New(orgsim.Options{DailyLimit: -1})
		if err != nil {
			t.Fatal(err)
		}
		o := &outage{t: t, wire: &wire{org: org}, ids: contacts(t, org, 50), sent: map[string][]string{}}
		const instance = "http://127.0.0.1:8080" // nothing listens there
		web := &http.Client{Transport: o.wire}
		token, err := salesforce.ClientCredentials(instance, orgsim.DefaultClientID, orgsim.DefaultClientSecret, web)
		if err != nil {
			t.Fatal(err)
		}
		client, err := salesforce.New(salesforce.Config{InstanceURL: instance, Token: token, HTTPClient: web})
		if err != nil {
			t.Fatal(err)
		}
		p, err := compile(rules)
		if err != nil {
			t.Fatal(err)
		}
		if o.store, err = bolt.Open(t.TempDir(), bolt.Options{}); err != nil {
			t.Fatal(err)
		}
		defer o.store.Close()
		o.engine, err = runtime.New(runtime.Config{Store: o.store, Plan: p,
			Org: func(context.Context, string) (runtime.Org, error) { return runtime.Org{Client: client}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- o.engine.Run(ctx) }()
		fn(o)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for _, r := range o.runs() {
			if r.Outcome != store.Synced {
				t.Errorf("%s: %s, %s", r.Event, r.Outcome, r.Reason)
			}
		}
		for id, want := range o.sent {
			var got []string
			for _, rev := range org.History(id) {
				if change, ok := rev.Fields["Description"]; ok && rev.Op != "seed" {
					got = append(got, change.After)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("contact %s had %q, accepted were %q", id, got, want)
			}
		}
	})
}

// flow submits an event every ten seconds for a while.
func (o *outage) flow(d time.Duration) {
	o.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Second) {
		contact := o.ids[o.n%len(o.ids)]
		value := fmt.Sprint("value ", o.n)
		text := fmt.Sprintf(`{"id":"r-%d","type":"survey.response","response":{"id":"r-%d"},"profile":{"contact":%q},"vars":{"value":%q}}`, o.n, o.n, contact, value)
		answers, err := o.engine.Submit(o.t.Context(), runtime.SourceEvents, []string{text})
		if err != nil || answers[0].Status != runtime.Accepted {
			o.t.Fatalf("%+v, %v", answers, err)
		}
		o.sent[contact] = append(o.sent[contact], value)
		o.n++
	}
}

// settle waits until nothing is queued, and returns how long that took.
func (o *outage) settle(atMost time.Duration) time.Duration {
	o.t.Helper()
	begun := time.Now()
	for {
		h, err := o.store.Health(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		if h.Queued == 0 {
			return time.Since(begun)
		}
		if time.Since(begun) > atMost {
			n, first := o.waiting()
			o.t.Fatalf("after %s, %d events are queued, %d wait: %+v", atMost, h.Queued, n, first)
		}
		time.Sleep(time.Second)
	}
}

func (o *outage) runs() []store.Run {
	o.t.Helper()
	var all []store.Run
	for r, err := range o.store.Runs().List(context.Background(), store.Filter{}) {
		if err != nil {
			o.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// waiting returns what the run log says of the events that wait.
func (o *outage) waiting() (n int, first store.Run) {
	for _, r := range o.runs() {
		if r.Outcome == store.Waiting {
			n, first = n+1, r
		}
	}
	return n, first
}

// TestSalesforceGoneForAnHour: the user sees events that wait, since when the network
// is the cause, and until when; soon after the hour all of them are done, in order.
func TestSalesforceGoneForAnHour(t *testing.T) {
	simulated(t, func(o *outage) {
		o.flow(5 * time.Minute)
		o.wire.gone.Store(true)
		o.flow(time.Hour)
		n, first := o.waiting()
		t.Logf("after an hour %d events wait; the run log says: %s, %s, until %s (now %s): %s", n, first.Cause, first.Reason,
			first.NotBefore.Format(time.TimeOnly), time.Now().UTC().Format(time.TimeOnly), first.Advice)
		if n < 350 || first.Cause != "network" && !strings.Contains(first.Reason, "earlier write") {
			t.Errorf("%d events wait, the newest because of %q: %s", n, first.Cause, first.Reason)
		}
		if lost := o.wire.lost.Load(); lost > 60 {
			t.Errorf("%d calls in an hour without Salesforce", lost)
		}
		o.wire.gone.Store(false)
		took := o.settle(15 * time.Minute)
		t.Logf("%d calls were tried in that hour; all was done %s after it", o.wire.lost.Load(), took)
	})
}

// TestTokenRevoked: a session that ends is renewed before anybody notices. If sign-in
// is refused as well, the user sees events that wait because of auth, and what to do.
func TestTokenRevoked(t *testing.T) {
	t.Run("session ends", func(t *testing.T) {
		simulated(t, func(o *outage) {
			for range 5 {
				o.flow(time.Minute)
				o.wire.org.RevokeSessions()
			}
			o.flow(time.Minute)
			if took := o.settle(time.Minute); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, r := range o.runs() {
				if r.Attempts > 1 {
					t.Errorf("%s took %d attempts: %+v", r.Event, r.Attempts, r)
				}
			}
		})
	})
	t.Run("app blocked for an hour", func(t *testing.T) {
		simulated(t, func(o *outage) {
			o.flow(time.Minute)
			o.wire.org.RevokeSessions()
			refused, err := o.wire.org.Break(orgsim.Fault{Kind: orgsim.FaultError, Path: "/services/oauth2/token", Status: 400, Code: "invalid_client", Message: "invalid client credentials"})
			if err != nil {
				t.Fatal(err)
			}
			o.flow(time.Hour)
			n, first := o.waiting()
			t.Logf("after an hour %d events wait; the run log says: %s, %s: %s", n, first.Cause, first.Reason, first.Advice)
			auth := false
			for _, r := range o.runs() {
				auth = auth || r.Outcome == store.Waiting && r.Cause == "auth" && strings.Contains(r.Reason, "invalid_client") && r.Advice != ""
			}
			if !auth || n < 350 {
				t.Errorf("%d wait, of which none says why", n)
			}
			o.wire.org.Heal(refused)
			t.Logf("all was done %s after the app was let in again", o.settle(90*time.Minute))
		})
	})
}

// TestClockSetBack: events accepted before the clock was set back still come first.
func TestClockSetBack(t *testing.T) {
	org := simulate(t, orgsim.Options{DailyLimit: -1})
	ids := contacts(t, org, 1)
	st, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	text := func(n int) string {
		return fmt.Sprintf(`{"id":"r-%d","type":"survey.response","response":{"id":"r-%d"},"profile":{"contact":%q},"vars":{"value":"value %d"}}`, n, n, ids[0], n)
	}
	// Accepted by a process whose clock was an hour ahead.
	for n := range 5 {
		id := fmt.Sprint("ev/r-", n)
		ahead := time.Now().Add(time.Hour + time.Duration(n))
		if _, err := st.Append(t.Context(), []store.Event{{ID: id, Key: id, Type: "survey.response", At: ahead, Body: []byte(text(n))}}); err != nil {
			t.Fatal(err)
		}
	}
	client, err := salesforce.New(salesforce.Config{InstanceURL: org.URL(), Token: salesforce.StaticToken(org.Login(""))})
	if err != nil {
		t.Fatal(err)
	}
	p, err := compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := runtime.New(runtime.Config{Store: st, Plan: p,
		Org: func(context.Context, string) (runtime.Org, error) { return runtime.Org{Client: client}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	for n := 5; n < 10; n++ {
		if _, err := engine.Submit(t.Context(), runtime.SourceEvents, []string{text(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Drain(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	var got, want []string
	for _, rev := range org.History(ids[0]) {
		if change, ok := rev.Fields["Description"]; ok && rev.Op != "seed" {
			got = append(got, change.After)
		}
	}
	for n := range 10 {
		want = append(want, fmt.Sprint("value ", n))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the contact had %q, accepted were %q", got, want)
	}
}
