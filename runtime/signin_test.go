package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// serve runs the engine until the returned function is called.
func (b *bench) serve() (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.engine.Run(ctx) }()
	return sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
}

func (b *bench) outcomes() map[store.Outcome]int {
	n := map[store.Outcome]int{}
	for _, r := range b.runs() {
		n[r.Outcome]++
	}
	return n
}

func signedOut() *salesforce.Error {
	return &salesforce.Error{Cause: salesforce.Auth, Code: "INVALID_SESSION_ID", HTTPStatus: 401, Whole: true}
}

// faulty makes calls fail until it is healed.
type faulty struct {
	mu  sync.Mutex
	err *salesforce.Error
}

func (f *faulty) call(salesforce.Op, []salesforce.Row) *salesforce.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *faulty) set(err *salesforce.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// several are events of which some write the same records, and one record has several.
func several(n int) (events []string) {
	for i := range n {
		events = append(events, response(fmt.Sprint("r", i), i%7, i%100))
	}
	return events
}

func expectInOrder(t *testing.T, org *script, n int) {
	t.Helper()
	last := map[string]string{}
	for _, s := range org.rows {
		last[s.row.ID] = s.body
	}
	for i := n - 7; i < n; i++ {
		if got, want := last[contactID(i%7)], fmt.Sprintf(`{"NPS__c":%d}`, i%100); got != want {
			t.Errorf("contact %d ends with %s, want %s", i%7, got, want)
		}
	}
}

// After a long loss, whatever has become of the connection's pace by then, the first
// call that succeeds lets everything go on at once.
func TestFirstSuccessWakesWhatWaits(t *testing.T) {
	for name, trouble := range map[string]*salesforce.Error{
		"auth":        signedOut(),
		"unavailable": {Cause: salesforce.Unavailable, HTTPStatus: 503, Whole: true, InDoubt: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &faulty{err: trouble}
				b := start(t, updates, func(c *runtime.Config) { c.Pace = nil })
				b.org.call = f.call
				stop := b.serve()
				for some := range slices.Chunk(several(200), 20) {
					b.submit(some...)
					time.Sleep(40 * time.Minute)
				}
				// The times of what waits outlast a restart, and the pause does not.
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				b.reopen()
				stop = b.serve()
				time.Sleep(time.Minute)
				if n := b.outcomes(); n[store.Waiting] != 200 {
					t.Fatalf("outcomes %v", n)
				}
				if r := b.of("r77"); r.Why != store.WhyConnection && r.Why != store.WhyEarlierWrite {
					t.Errorf("it waits because of %q: %s", r.Why, r.Reason)
				}
				f.set(nil)
				calls := b.org.numCalls()
				for b.org.numCalls() == calls {
					time.Sleep(time.Second)
				}
				time.Sleep(2 * time.Second)
				if n := b.outcomes(); n[store.Synced] != 200 {
					t.Errorf("two seconds after the first success: %v", n)
				}
				expectInOrder(t, b.org, 200)
				if err := stop(); err != nil {
					t.Error(err)
				}
				b.store.Close()
			})
		})
	}
}

func TestReconnectTriesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{err: signedOut()}
		asked := 0
		b := start(t, updates, func(c *runtime.Config) { c.Pace = nil })
		b.org.call = f.call
		org := b.config.Org
		b.config.Org = func(ctx context.Context, name string) (runtime.Org, error) {
			asked++
			return org(ctx, name)
		}
		b.reopen()
		stop := b.serve()
		b.submit(several(300)...)
		time.Sleep(5 * time.Hour)
		b.engine.Reconnect("") // in vain
		time.Sleep(time.Second)
		if n := b.outcomes(); n[store.Waiting] != 300 || asked != 2 {
			t.Fatalf("outcomes %v, asked %d times", n, asked)
		}
		f.set(nil)
		b.engine.Reconnect("elsewhere")
		time.Sleep(time.Second)
		if n := b.outcomes(); n[store.Waiting] != 300 {
			t.Fatalf("another connection woke them: %v", n)
		}
		b.engine.Reconnect("")
		time.Sleep(time.Second)
		if n := b.outcomes(); n[store.Synced] != 300 || asked != 4 {
			t.Errorf("outcomes %v, asked %d times", n, asked)
		}
		expectInOrder(t, b.org, 300)
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

// Who has put things right and starts again does not wait.
func TestStartTriesWhatWaitsOnConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{err: signedOut()}
		b := start(t, updates, func(c *runtime.Config) { c.Pace = nil })
		b.org.call = f.call
		b.run(several(300)...)
		b.reopen()
		before := b.org.numCalls()
		b.drain()
		if n := b.outcomes(); n[store.Waiting] != 300 || b.org.numCalls()-before > 2 {
			t.Fatalf("outcomes %v after %d more calls", n, b.org.numCalls()-before)
		}
		f.set(nil)
		b.reopen()
		b.drain()
		if n := b.outcomes(); n[store.Synced] != 300 {
			t.Errorf("outcomes %v", n)
		}
		expectInOrder(t, b.org, 300)
		b.store.Close()
	})
}

// A lock's own pace is not shortened by a connection that comes back.
func TestReconnectLeavesOtherWaitsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates, func(c *runtime.Config) {
			c.Pace = func(e *salesforce.Error) salesforce.Retry {
				return salesforce.Retry{Heals: true, First: time.Hour, Max: time.Hour}
			}
		})
		b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
			if r.ID == contactID(1) {
				return locked()
			}
			return nil
		}
		stop := b.serve()
		b.submit(response("locked", 1, 1), response("free", 2, 2))
		time.Sleep(time.Second)
		calls := b.org.numCalls()
		b.engine.Reconnect("")
		time.Sleep(time.Second)
		if r := b.of("locked"); r.Outcome != store.Waiting || r.Attempts != 1 || b.org.numCalls() != calls {
			t.Errorf("%d more calls, run %+v", b.org.numCalls()-calls, r)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

const twoOrgs = `rule Here
on survey response here
update Contact where Id = profile.contact
  set NPS__c = answers.nps
rule There
on survey response there
update Contact using other where Id = profile.contact
  set NPS__c = answers.nps
`

func to(survey, event string) string {
	return strings.Replace(event, `"survey":{"id":"s"}`, `"survey":{"id":"`+survey+`"}`, 1)
}

func TestSlowSignInHoldsNobodyElseUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, twoOrgs)
		other := &script{}
		b.config.Org = func(ctx context.Context, name string) (runtime.Org, error) {
			if name == "" {
				return runtime.Org{Client: b.org}, nil
			}
			select {
			case <-time.After(20 * time.Second):
				return runtime.Org{Client: other}, nil
			case <-ctx.Done():
				return runtime.Org{}, ctx.Err()
			}
		}
		b.reopen()
		stop := b.serve()
		b.submit(to("there", response("there", 1, 1)), to("here", response("here", 2, 2)))
		time.Sleep(100 * time.Millisecond)
		if b.of("here").Outcome != store.Synced || len(other.lines()) != 0 {
			t.Errorf("runs %+v", b.runs())
		}
		time.Sleep(20 * time.Second)
		if b.of("there").Outcome != store.Synced {
			t.Errorf("runs %+v", b.runs())
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

func TestStopDoesNotWaitForASignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		b.config.Org = func(ctx context.Context, _ string) (runtime.Org, error) {
			<-ctx.Done()
			return runtime.Org{}, ctx.Err()
		}
		b.reopen()
		stop := b.serve()
		b.submit(response("r", 1, 1))
		time.Sleep(time.Second)
		begun := time.Now()
		if err := stop(); err != nil || time.Since(begun) > time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		if h, err := b.store.Health(context.Background()); err != nil || h.Queued != 1 {
			t.Errorf("%+v %v", h, err)
		}
		b.store.Close()
	})
}

// An echo is known as one only when the connection has said who we are.
func TestEchoDuringASlowSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, messages)
		b.config.Org = func(context.Context, string) (runtime.Org, error) {
			time.Sleep(5 * time.Second)
			return runtime.Org{Client: b.org, UserID: "005000000000001AAA"}, nil
		}
		b.reopen()
		b.run(message("mine", caseID, `,"LastModifiedById":"005000000000001"`), message("other", caseID, `,"LastModifiedById":"005000000000002AAA"`))
		b.expectRows(`update Case ` + caseID + ` {"Seen__c":"other"}`)
		if r := b.of("mine"); r.Outcome != store.Skipped || r.Why != store.WhyOwnEcho {
			t.Errorf("run %+v", r)
		}
		b.store.Close()
	})
}

// An org that cannot be reached is asked again soon, and one that does not let us in
// is not.
func TestPaceOfOrgErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		cause string
		least int // times that it is asked within an hour
		most  int
	}{
		"not set up":   {errDown, "auth", 4, 10},
		"signed out":   {fmt.Errorf("cannot sign in: %w", signedOut()), "auth", 4, 10},
		"unreachable":  {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, "network", 14, 60},
		"unavailable":  {&salesforce.Error{Cause: salesforce.Unavailable, HTTPStatus: 503}, "unavailable", 10, 60},
		"too slow":     {context.DeadlineExceeded, "network", 14, 60},
		"unhealable":   {&salesforce.Error{Cause: salesforce.NoPermission, Message: "no"}, "no_permission", 4, 10},
		"nothing said": {nil, "auth", 4, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				var up atomic.Bool
				b := start(t, updates, func(c *runtime.Config) { c.Pace = nil })
				b.config.Org = func(context.Context, string) (runtime.Org, error) {
					if up.Load() {
						return runtime.Org{Client: b.org}, nil
					}
					asked.Add(1)
					return runtime.Org{}, c.err
				}
				b.reopen()
				stop := b.serve()
				b.submit(several(20)...)
				time.Sleep(time.Hour)
				if n := int(asked.Load()); n < c.least || n > c.most {
					t.Errorf("asked %d times, want %d to %d", n, c.least, c.most)
				}
				if r := b.of("r0"); r.Outcome != store.Waiting || r.Cause != c.cause || r.Why != store.WhyConnection || r.Advice == "" {
					t.Errorf("run %+v", r)
				}
				up.Store(true)
				b.engine.Reconnect("")
				time.Sleep(time.Second)
				if n := b.outcomes(); n[store.Synced] != 20 {
					t.Errorf("outcomes %v", n)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
				b.store.Close()
			})
		})
	}
}

// What is told by an org that was asked before somebody signed in anew does not count:
// neither who it is, nor that a call to it has failed.
func TestOldSignInsDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := &script{latency: 10 * time.Second, call: func(salesforce.Op, []salesforce.Row) *salesforce.Error { return signedOut() }}
		var renewed atomic.Bool
		b := start(t, updates, func(c *runtime.Config) { c.Pace = nil })
		b.config.Org = func(context.Context, string) (runtime.Org, error) {
			org := runtime.Org{Client: old}
			if renewed.Load() {
				org.Client = b.org
			}
			time.Sleep(2 * time.Second)
			return org, nil
		}
		b.reopen()
		stop := b.serve()
		b.submit(response("early", 1, 1))
		time.Sleep(3 * time.Second) // its call is under way
		b.engine.Reconnect("")
		time.Sleep(time.Second)
		renewed.Store(true)
		b.engine.Reconnect("") // while the old org is being asked for
		time.Sleep(4 * time.Second)
		b.submit(response("late", 2, 2))
		time.Sleep(time.Second)
		if r := b.of("late"); r.Outcome != store.Synced || old.numCalls() != 1 {
			t.Errorf("%d calls to the old org, run %+v", old.numCalls(), r)
		}
		time.Sleep(10 * time.Second)
		if r := b.of("early"); r.Outcome != store.Synced || r.Attempts != 2 {
			t.Errorf("run %+v", r)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}
