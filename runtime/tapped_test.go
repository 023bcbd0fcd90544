package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// tapped is a store that counts what it has handed out, and refuses settlements.
type tapped struct {
	*bolt.Store
	out     atomic.Int64 // events with the claims
	refuses func(store.Settlement) bool
	full    bool // no room even to settle
}

func (s *tapped) Claims(ctx context.Context, owner string) (<-chan store.Claim, error) {
	claims, err := s.Store.Claims(ctx, owner)
	if err != nil {
		return nil, err
	}
	out := make(chan store.Claim, store.Partitions)
	for range store.Partitions {
		out <- &tappedClaim{<-claims, s}
	}
	return out, nil
}

type tappedClaim struct {
	store.Claim
	store *tapped
}

func (c *tappedClaim) Next(ctx context.Context, max int) ([]store.Item, time.Time, error) {
	items, due, err := c.Claim.Next(ctx, max)
	c.store.out.Add(int64(len(items)))
	return items, due, err
}

func (c *tappedClaim) Settle(ctx context.Context, settlements ...store.Settlement) error {
	if c.store.full {
		return fmt.Errorf("%w: really", store.ErrFull)
	}
	for _, s := range settlements {
		if c.store.refuses != nil && c.store.refuses(s) {
			return fmt.Errorf("%w: not this one", store.ErrInvalid)
		}
	}
	err := c.Claim.Settle(ctx, settlements...)
	for _, s := range settlements {
		if err == nil && s.Do != store.Save {
			c.store.out.Add(-1)
		}
	}
	return err
}

func tap(b *bench) *tapped {
	s := &tapped{Store: b.store}
	b.config.Store = s
	b.renew()
	return s
}

// What cannot be recorded ends, and lets those behind it go on.
func TestWhatCannotBeRecordedHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		s := tap(b)
		var waits atomic.Int64
		s.refuses = func(s store.Settlement) bool { return s.Do == store.Wait && waits.Add(1) > 1 }
		b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
			if strings.Contains(string(r.Body), "1") {
				return locked()
			}
			return nil
		}
		stop := b.serve()
		b.submit(response("r1", 1, 1))
		time.Sleep(time.Second)
		b.submit(response("r2", 1, 2))
		time.Sleep(time.Minute)
		if r := b.of("r1"); r.Outcome != store.Failed {
			t.Errorf("run %+v", r)
		}
		if r := b.of("r2"); r.Outcome != store.Synced {
			t.Errorf("%s: %s", r.Outcome, r.Reason)
		}
		for entry := range b.store.Marks().List(t.Context(), "hold/") {
			t.Errorf("%s is left behind", entry.Key)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

// What comes back while much else is there does not stop those behind it.
func TestManyComeBackWhileMoreArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{err: signedOut()}
		b := start(t, updates, func(c *runtime.Config) { c.MaxWrites = 100; c.Pace = nil })
		b.org.call = f.call
		n := 0
		among := func(many int, here bool) (events []string) {
			for ; len(events) < many; n++ {
				if id := fmt.Sprint("r", n); (store.Partition("ev/"+id) == 0) == here {
					events = append(events, response(id, n, 1))
				}
			}
			return events
		}
		stop := b.serve()
		b.submit(among(200, true)...)
		time.Sleep(4 * time.Hour) // for all to wait long
		f.set(nil)
		b.org.mu.Lock()
		b.org.latency = 10 * time.Minute
		b.org.mu.Unlock()
		b.engine.Reconnect("")
		time.Sleep(time.Second)
		b.submit(among(500, false)...)
		time.Sleep(time.Second)
		b.submit(among(40, true)...)
		time.Sleep(20 * time.Hour)
		if n := b.outcomes(); n[store.Synced] != 740 {
			t.Errorf("outcomes %v", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

// While an org is slow, events that arrive stay on disk.
func TestSlowOrgDoesNotFillTheMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates, func(c *runtime.Config) { c.MaxWrites = 100 })
		s := tap(b)
		b.org.latency = time.Hour
		stop := b.serve()
		most := int64(0)
		for i := range 400 {
			var events []string
			for j := range 20 {
				events = append(events, response(fmt.Sprint("r", i, "-", j), 20*i+j, 1))
			}
			b.submit(events...)
			synctest.Wait()
			most = max(most, s.out.Load())
		}
		if limit := int64(100 + 64*store.Partitions); most > limit {
			t.Errorf("%d events were in memory, more than %d", most, limit)
		}
		b.org.mu.Lock()
		b.org.latency = 0
		b.org.mu.Unlock()
		time.Sleep(3 * time.Hour)
		if n := b.outcomes(); n[store.Synced] != 8_000 {
			t.Errorf("outcomes %v", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

// Partitions of which enough is in memory, and whose last pages were of events that came
// back, do not keep each other from being read.
func TestCrowdedPartitionsAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{err: signedOut()}
		b := start(t, updates, func(c *runtime.Config) { c.MaxWrites = 50; c.Pace = nil })
		b.org.call = f.call
		n := 0
		many := func(count int) (events []string) {
			for range count {
				n++
				events = append(events, response(fmt.Sprint("r", n), n, 1))
			}
			return events
		}
		stop := b.serve()
		b.submit(many(3000)...)
		time.Sleep(4 * time.Hour)
		b.org.mu.Lock()
		b.org.latency = time.Minute
		b.org.mu.Unlock()
		f.set(nil)
		b.engine.Reconnect("")
		for range 30 {
			time.Sleep(10 * time.Second)
			b.submit(many(130)...)
		}
		time.Sleep(20 * time.Hour)
		if got := b.outcomes(); got[store.Synced] != n {
			t.Errorf("outcomes of %d: %v", n, got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

// To discard on a disk that is full waits for room as long as the caller does.
func TestDiscardOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := waiting(t)
		b.reopen()
		s := tap(b)
		s.full = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := runtime.Discard(ctx, s, []string{"ev/r1"}, "x"); !errors.Is(err, store.ErrFull) {
			t.Errorf("it ends with %v", err)
		}
		b.store.Close()
	})
}
