package connection_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/salesforce"
)

// TestDay lives through 24 hours with tokens of 15 minutes and rotation. Two processes
// write all the time; they are restarted, sessions and grants are revoked, the network
// fails and an answer with a rotated token is lost.
func TestDay(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { liveADay(t, dir) })
}

func liveADay(t *testing.T, dir string) {
	b := newBenchAt(t, dir, rotating(15*time.Minute))
	b.loginTime = 2 * time.Second
	b.addWeb(b.manager(), "production")
	if got := b.saved("production").SessionSeconds; got != 900 {
		t.Fatalf("the life of a session is %d s", got)
	}
	end := time.Now().Add(24 * time.Hour)
	ctx, cancel := context.WithDeadline(context.Background(), end.Add(time.Hour))
	defer cancel()

	// When a renewal ahead of its time is right: somebody has ended the token before it.
	var disturbed struct {
		sync.Mutex
		at []time.Time
	}
	disturb := func() {
		disturbed.Lock()
		defer disturbed.Unlock()
		disturbed.at = append(disturbed.at, time.Now())
	}

	var written, retried, refused atomic.Int64
	var work sync.WaitGroup
	for process := range 2 {
		var mu sync.Mutex
		client := b.client(b.manager(), "production")
		current := func() *salesforce.Client { mu.Lock(); defer mu.Unlock(); return client }
		// The process is restarted every few hours.
		work.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(process)))
			for time.Now().Before(end) {
				time.Sleep(3*time.Hour + time.Duration(r.IntN(3600))*time.Second)
				mu.Lock()
				client = b.client(b.manager(), "production")
				mu.Unlock()
			}
		})
		for writer := range 2 {
			work.Go(func() {
				for n := 0; time.Now().Before(end); n++ {
					name := fmt.Sprintf("p%d-w%d-%d", process, writer, n)
					for {
						bad := create(ctx, current(), name)
						if bad == nil {
							written.Add(1)
							break
						}
						if ctx.Err() != nil {
							t.Errorf("%s is never written: %v", name, bad)
							return
						}
						if bad.InDoubt || bad.Cause != salesforce.Auth && bad.Cause != salesforce.Network {
							t.Errorf("%s: %v", name, bad)
							return
						}
						if _, lasting := salesforce.Refused(bad); lasting {
							refused.Add(1)
						}
						retried.Add(1)
						time.Sleep(30 * time.Second)
					}
					time.Sleep(2 * time.Minute)
				}
			})
		}
	}
	losses := 0
	// Those who end sessions and grants, and the person who signs in again.
	person := b.manager()
	work.Go(func() {
		r := rand.New(rand.NewPCG(2, 3))
		for i := 0; time.Until(end) > 3*time.Hour; i++ {
			time.Sleep(time.Hour + time.Duration(r.IntN(1800))*time.Second)
			switch i % 4 {
			case 0:
				disturb()
				b.org.RevokeSessions()
			case 1:
				b.breakCalls(func(_ *http.Request, form url.Values) fault {
					if form.Get("grant_type") == "refresh_token" {
						return noRoute
					}
					return fine
				})
				time.Sleep(25 * time.Minute)
				b.breakCalls(nil)
			case 2:
				disturb()
				b.org.RevokeGrants()
				time.Sleep(10 * time.Minute)
				disturb()
				b.addWeb(person, "production")
			case 3:
				var once sync.Once
				b.breakCalls(func(_ *http.Request, form url.Values) (f fault) {
					if form.Get("grant_type") == "refresh_token" {
						once.Do(func() { f = answerLost; disturb() })
					}
					return f
				})
				time.Sleep(30 * time.Minute)
				b.breakCalls(nil)
				if b.saved("production").Stopped == nil {
					t.Error("a rotated token was lost, and the connection goes on")
				}
				disturb()
				b.addWeb(person, "production")
				losses++
			}
		}
	})
	work.Wait()

	names := map[string]int{}
	for _, record := range b.org.Records("Contact") {
		names[record["LastName"].(string)]++
	}
	for name, n := range names {
		if n != 1 {
			t.Errorf("%s was written %d times", name, n)
		}
	}
	if int64(len(names)) != written.Load() || written.Load() < 4*10*60 {
		t.Errorf("%d writes were answered, and %d records are there", written.Load(), len(names))
	}
	// Each grant is used by one refresh at a time, four fifths of a session apart.
	lost := 0
	for _, g := range b.org.Grants() {
		lost += g.Reused
	}
	early := 0
	for i := 1; i < len(b.refreshes); i++ {
		if b.refreshes[i].Sub(b.refreshes[i-1]) >= 12*time.Minute {
			continue
		}
		ok := false
		for _, at := range disturbed.at {
			ok = ok || !at.Before(b.refreshes[i-1]) && !at.After(b.refreshes[i])
		}
		if !ok {
			early++
		}
	}
	if lost != losses {
		t.Errorf("used tokens came again %d times, and %d answers were lost", lost, losses)
	}
	if early > 0 {
		t.Errorf("%d of %d refreshes came while a fresh token was there", early, len(b.refreshes))
	}
	t.Logf("%d writes, %d tried again (%d while stopped), %d refreshes, %d answers lost, %d grants",
		written.Load(), retried.Load(), refused.Load(), len(b.refreshes), lost, len(b.org.Grants()))
}
