package prooftest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// faults are those of a bad day, each with its share of calls or rows. After most of
// them the daemon stays away for a second or more, so they must not be frequent.
var faults = []orgsim.Fault{
	{Kind: orgsim.FaultResetAfter, Rate: 0.005},
	{Kind: orgsim.FaultResetBefore, Rate: 0.002},
	{Kind: orgsim.FaultTruncated, Rate: 0.002},
	{Kind: orgsim.FaultUnavailable, Rate: 0.002},
	{Kind: orgsim.FaultHTML, Rate: 0.002},
	{Kind: orgsim.FaultUnknown, Rate: 0.002},
	{Kind: orgsim.FaultConcurrentLimit, Rate: 0.001},
	{Kind: orgsim.FaultSlow, Rate: 0.05, Delay: orgsim.Duration(40 * time.Millisecond)},
	{Kind: orgsim.FaultRowLock, Rate: 0.001},
	{Kind: orgsim.FaultTriggerLock, Rate: 0.0005},
}

// breakWrites sets up a fault of writes. Reading goes on, which a daemon needs to start.
func breakWrites(t testing.TB, org *orgsim.Org, f orgsim.Fault) {
	t.Helper()
	for _, f.Method = range []string{"POST", "PATCH"} {
		if _, err := org.Break(f); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKill kills the daemon at random moments while senders go on, and starts it
// anew, over and over. In the end nothing that was acknowledged is lost, and nothing
// has been done twice.
func TestKill(t *testing.T) {
	org := simulate(t, orgsim.Options{DailyLimit: -1, Latency: 2 * time.Millisecond, Jitter: 3 * time.Millisecond})
	for _, f := range faults {
		breakWrites(t, org, f)
	}
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: true})
	l := newLoad(t, org, d)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))

	sending, stop := context.WithCancel(t.Context())
	defer stop()
	var senders sync.WaitGroup
	for i := range uint64(4) {
		senders.Go(func() { l.send(sending, seed+1+i) })
	}
	var slowest time.Duration
	begun := time.Now()
	for range *kills {
		started := time.Now()
		if rng.IntN(6) == 0 { // while it starts
			d.start()
			time.Sleep(time.Duration(rng.Int64N(int64(60 * time.Millisecond))))
		} else {
			d.run()
			slowest = max(slowest, time.Since(started))
			time.Sleep(time.Duration(rng.Int64N(int64(900 * time.Millisecond))))
		}
		d.kill()
	}
	d.run()
	stop()
	senders.Wait()
	org.Heal()
	d.drain(2 * time.Minute)
	d.stop()
	found := l.verify(d.set.Dir)
	t.Logf("%d kills in %s: %d events acknowledged in %d requests (%d repeated for want of an answer, %d sent again on purpose), slowest start %s",
		*kills, time.Since(begun).Round(time.Second), len(l.events), l.requests, l.repeated, l.again, slowest.Round(time.Millisecond))
	t.Logf("%d writes took effect once each, %d were repeated without effect, %d of %d creates are in doubt (%d met by a kill, the others by a lost answer; %d exist)",
		found.effects, found.echoes, found.inDoubt, len(l.creates), found.killed, found.inDoubtThere)
	if len(l.events) < *kills*20 {
		t.Errorf("only %d events for %d kills: this is no load", len(l.events), *kills)
	}
}
