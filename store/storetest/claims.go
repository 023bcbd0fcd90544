package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
)

var claimTests = map[string]func(*testing.T, Open){
	"hands out once":                claimOnce,
	"is ready after an append":      claimReady,
	"settles all or nothing":        claimAtomic,
	"saves progress":                claimProgress,
	"hands out again after restart": claimRestart,
	"is fenced by the next owner":   claimFenced,
	"ends with its context":         claimReleased,
	"refuses nonsense":              claimInvalid,
}

func claimOnce(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 5)...)
	c := claimOf(t, s, key)
	wantIDs(t, "first", next(t, c, 2), "om/1", "om/2")
	wantIDs(t, "second", next(t, c, 10), "om/3", "om/4", "om/5")
	wantIDs(t, "third", next(t, c, 10))
	appendAll(t, s, event(6))
	items := next(t, c, 10)
	wantIDs(t, "fourth", items, "om/6")
	must(t, c.Settle(t.Context(), done(items[0].Seq)))
	if h := health(t, s); h.Queued != 5 {
		t.Errorf("health says %d queued, want 5", h.Queued)
	}
}

func claimReady(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	c := claimOf(t, s, key)
	if items, due, err := c.Next(t.Context(), 1); len(items) != 0 || !due.IsZero() || err != nil {
		t.Fatalf("an empty queue gives %v, %v, %v", items, due, err)
	}
	appended := make(chan struct{})
	go func() {
		defer close(appended)
		if _, err := s.Append(context.Background(), events(1, 2)); err != nil {
			t.Error(err)
		}
	}()
	wantIDs(t, "awaited", await(t, c, 2), "om/1", "om/2")
	<-appended
}

func claimAtomic(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 3)...)
	c := claimOf(t, s, key)
	items := next(t, c, 2) // the third stays in the queue
	run := store.Run{Rule: "r", Outcome: store.Synced}
	err := c.Settle(t.Context(),
		store.Settlement{Seq: items[0].Seq, Do: store.Done, Runs: []store.Run{run},
			Keep:  &store.Keep{Keys: []string{"kept"}, Until: time.Now().Add(time.Hour)},
			Marks: []store.Mark{{Key: "mark", Value: []byte("1")}}},
		done(items[1].Seq+1, run)) // not handed out
	if !errors.Is(err, store.ErrFenced) {
		t.Fatalf("settling what is not with the claim: %v, want ErrFenced", err)
	}
	if h := health(t, s); h.Queued != 3 {
		t.Errorf("%d events queued after a settle that failed, want 3", h.Queued)
	}
	for r := range s.Runs().List(t.Context(), store.Filter{}) {
		t.Errorf("a settle that failed left run %+v", r)
	}
	if _, err := s.Lookup(t.Context(), "kept"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a settle that failed kept its message: %v", err)
	}
	if _, err := s.Marks().Get(t.Context(), "mark"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a settle that failed left its mark: %v", err)
	}
	// What failed can be repeated without the culprit, and only once.
	must(t, c.Settle(t.Context(), done(items[0].Seq, run), done(items[1].Seq, run)))
	if err := c.Settle(t.Context(), done(items[0].Seq)); !errors.Is(err, store.ErrFenced) {
		t.Errorf("settling twice: %v, want ErrFenced", err)
	}
	if h := health(t, s); h.Queued != 1 {
		t.Errorf("%d events queued, want 1", h.Queued)
	}
}

func claimProgress(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	seq := next(t, c, 1)[0].Seq
	must(t, c.Settle(t.Context(), store.Settlement{Seq: seq, Do: store.Save, Attempt: 1, Progress: []byte("first write done")}))
	wantIDs(t, "after a save", next(t, c, 1))
	must(t, c.Settle(t.Context(), store.Settlement{Seq: seq, Do: store.Save, Attempt: 2, Progress: []byte("both done")}))

	must(t, s.Close())
	s = open(t, dir)
	item := next(t, claimOf(t, s, key), 1)[0]
	if item.Seq != seq || item.Attempt != 2 || string(item.Progress) != "both done" || !item.NotBefore.IsZero() {
		t.Errorf("after reopening: %+v", item)
	}
}

func claimRestart(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, events(1, 4)...)
	c := claimOf(t, s, key)
	epoch := c.Epoch()
	items := next(t, c, 3)
	must(t, c.Settle(t.Context(), done(items[1].Seq, store.Run{Rule: "r", Outcome: store.Synced})))
	must(t, s.Close())

	s = open(t, dir)
	c = claimOf(t, s, key)
	if c.Epoch() <= epoch {
		t.Errorf("epoch %d after %d", c.Epoch(), epoch)
	}
	wantIDs(t, "after reopening", next(t, c, 10), "om/1", "om/3", "om/4")
	appendAll(t, s, event(5))
	if got := next(t, c, 10); got[0].Seq <= items[2].Seq {
		t.Errorf("seq %d is not above those before the restart", got[0].Seq)
	}
}

func claimFenced(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 2)...)
	before := claimOf(t, s, key)
	items := next(t, before, 10)
	after := claimOf(t, s, key)
	if after.Epoch() <= before.Epoch() {
		t.Errorf("epoch %d after %d", after.Epoch(), before.Epoch())
	}
	select {
	case <-before.Context().Done():
	case <-time.After(patience):
		t.Error("the first owner's context goes on")
	}
	if err := before.Settle(t.Context(), done(items[0].Seq)); !errors.Is(err, store.ErrFenced) {
		t.Errorf("settle by the first owner: %v, want ErrFenced", err)
	}
	if _, _, err := before.Next(t.Context(), 1); !errors.Is(err, store.ErrFenced) {
		t.Errorf("next by the first owner: %v, want ErrFenced", err)
	}
	if _, err := before.Begin(t.Context(), store.Intent{Seq: items[0].Seq, Key: "a"}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("begin by the first owner: %v, want ErrFenced", err)
	}
	again := next(t, after, 10)
	wantIDs(t, "second owner", again, "om/1", "om/2")
	must(t, after.Settle(t.Context(), done(again[0].Seq), done(again[1].Seq)))
}

func claimReleased(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, event(1))
	ctx, cancel := context.WithCancel(t.Context())
	ch, err := s.Claims(ctx, "short")
	must(t, err)
	var c store.Claim
	for range store.Partitions {
		if got := <-ch; got.Partition() == store.Partition(key) {
			c = got
		}
	}
	seq := next(t, c, 1)[0].Seq
	cancel()
	select {
	case _, more := <-ch:
		if more {
			t.Error("a claim after the end")
		}
	case <-time.After(patience):
		t.Fatal("the channel of claims stays open")
	}
	if err := c.Settle(t.Context(), done(seq)); !errors.Is(err, store.ErrFenced) {
		t.Errorf("settle after release: %v, want ErrFenced", err)
	}
	wantIDs(t, "next owner", next(t, claimOf(t, s, key), 1), "om/1")
}

func claimInvalid(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	seq := next(t, c, 1)[0].Seq
	soon := time.Now().Add(time.Minute)
	for name, sets := range map[string][]store.Settlement{
		"no disposition":   {{Seq: seq}},
		"wait for ever":    {{Seq: seq, Do: store.Wait}},
		"done later":       {{Seq: seq, Do: store.Done, NotBefore: soon}},
		"done and waiting": {done(seq, store.Run{Rule: "r", Outcome: store.Waiting})},
		"no outcome":       {done(seq, store.Run{Rule: "r"})},
		"kept nowhere":     {{Seq: seq, Do: store.Done, Keep: &store.Keep{Until: soon}}},
		"kept never":       {{Seq: seq, Do: store.Done, Keep: &store.Keep{Keys: []string{"a"}}}},
		"nameless mark":    {{Seq: seq, Do: store.Done, Marks: []store.Mark{{Value: []byte("1")}}}},
		"twice":            {done(seq), done(seq)},
	} {
		if err := c.Settle(t.Context(), sets...); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	must(t, c.Settle(t.Context()))
	must(t, c.Settle(t.Context(), done(seq)))
}
