package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
)

var waitTests = map[string]func(*testing.T, Open){
	"comes back when due, not before": waitDue,
	"tells the next due time":         waitNextDue,
	"holds back its key":              waitOrder,
	"keeps order of several":          waitSeveral,
	"outlasts a restart":              waitRestart,
	"is woken by its key":             waitWoken,
	"is woken by what it waits on":    waitOn,
}

func wait(seq uint64, until time.Time, attempt int) store.Settlement {
	return store.Settlement{Seq: seq, Do: store.Wait, NotBefore: until, Attempt: attempt, Progress: []byte("so far"),
		Runs: []store.Run{{Rule: "r", Outcome: store.Waiting, NotBefore: until}}}
}

func waitDue(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	until := time.Now().Add(60 * time.Millisecond)
	must(t, c.Settle(t.Context(), wait(next(t, c, 1)[0].Seq, until, 1)))
	if h := health(t, s); h.Queued != 1 || h.Waiting != 1 || !h.NextDue.Equal(until) {
		t.Errorf("health says queued %d, waiting %d, next due %v; want 1, 1, %v", h.Queued, h.Waiting, h.NextDue, until)
	}
	item := await(t, c, 1)[0]
	if now := time.Now(); now.Before(until) {
		t.Errorf("handed out %v early", until.Sub(now))
	}
	if item.Attempt != 1 || string(item.Progress) != "so far" || !item.NotBefore.Equal(until) || item.ID != "om/1" {
		t.Errorf("handed out as %+v", item)
	}
	must(t, c.Settle(t.Context(), done(item.Seq)))
	if h := health(t, s); h.Queued != 0 || h.Waiting != 0 || !h.NextDue.IsZero() || !h.Oldest.IsZero() || !h.Newest.IsZero() {
		t.Errorf("health of a drained queue: %+v", h)
	}
}

func waitNextDue(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, distinctKeys(3)...)
	c := claimOf(t, s, key)
	items := next(t, c, 3)
	now := time.Now()
	must(t, c.Settle(t.Context(),
		wait(items[0].Seq, now.Add(3*time.Hour), 1),
		wait(items[1].Seq, now.Add(time.Hour), 1),
		wait(items[2].Seq, now.Add(2*time.Hour), 1)))
	got, due, err := c.Next(t.Context(), 3)
	if len(got) != 0 || !due.Equal(now.Add(time.Hour)) || err != nil {
		t.Errorf("next gives%s, due %v, %v; want nothing, due %v", ids(got), due, err, now.Add(time.Hour))
	}
}

func waitOrder(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	other := event(9)
	other.Key = sameOtherKey()
	appendAll(t, s, event(1), event(2), other, event(3))
	c := claimOf(t, s, key)
	first := next(t, c, 1)
	until := time.Now().Add(50 * time.Millisecond)
	must(t, c.Settle(t.Context(), wait(first[0].Seq, until, 1)))
	items, _, err := c.Next(t.Context(), 10)
	must(t, err)
	if time.Now().Before(until) {
		wantIDs(t, "behind a waiting event of another key", items, "om/9")
		items = await(t, c, 3)
	}
	wantIDs(t, "in order once it is due", items, "om/1", "om/2", "om/3")
}

func waitSeveral(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 4)...)
	c := claimOf(t, s, key)
	items := next(t, c, 3)
	now := time.Now()
	// The second is due before the first, and must not overtake it all the same.
	must(t, c.Settle(t.Context(),
		wait(items[0].Seq, now.Add(60*time.Millisecond), 1),
		wait(items[1].Seq, now.Add(time.Millisecond), 1),
		done(items[2].Seq)))
	wantIDs(t, "awaited", await(t, c, 3), "om/1", "om/2", "om/4")
}

func waitRestart(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	other := event(9)
	other.Key = sameOtherKey()
	appendAll(t, s, event(1), event(2), other)
	c := claimOf(t, s, key)
	until := time.Now().Add(time.Hour).UTC()
	must(t, c.Settle(t.Context(), wait(next(t, c, 1)[0].Seq, until, 4)))
	must(t, s.Close())

	s = open(t, dir)
	c = claimOf(t, s, key)
	items, due, err := c.Next(t.Context(), 10)
	must(t, err)
	wantIDs(t, "after reopening", items, "om/9")
	if !due.Equal(until) {
		t.Errorf("due %v after reopening, want %v", due, until)
	}
	// It cannot be settled while it waits: nobody holds it.
	if err := c.Settle(t.Context(), done(items[0].Seq-2)); !errors.Is(err, store.ErrFenced) {
		t.Errorf("settling a waiting event: %v, want ErrFenced", err)
	}
}

// sameOtherKey returns another key of the same partition.
func sameOtherKey() string { return distinctKeys(2)[1].Key }

// distinctKeys returns events of the partition of key, each of its own key.
func distinctKeys(n int) []store.Event {
	var all []store.Event
	for i := 1; len(all) < n; i++ {
		e := event(i)
		if i > 1 {
			e.Key = "other/" + e.ID
		}
		if store.Partition(e.Key) == store.Partition(key) {
			all = append(all, e)
		}
	}
	return all
}

func waitWoken(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	// One waits for a time, one for a message, one stands behind the first.
	behind := event(3)
	behind.Key = event(1).Key
	parked := event(2)
	for i := 0; parked.Key == key || store.Partition(parked.Key) != store.Partition(key); i++ {
		parked.Key = event(i).ID
	}
	appendAll(t, s, event(1), parked, behind)
	c := claimOf(t, s, key)
	items := next(t, c, 2)
	hour := time.Now().Add(time.Hour)
	must(t, c.Settle(t.Context(), wait(items[0].Seq, hour, 1), park(items[1].Seq, "record/500")))
	wantIDs(t, "before", next(t, c, 3))

	must(t, c.Wake(t.Context(), "nobody's"))
	wantIDs(t, "after waking a key that nothing waits under", next(t, c, 3))
	must(t, c.Wake(t.Context(), parked.Key))
	wantIDs(t, "after waking the parked one", await(t, c, 1), "om/2")
	must(t, c.Wake(t.Context(), key))
	woken := await(t, c, 2)
	wantIDs(t, "after waking the other", woken, "om/1", "om/3")
	if woken[0].Attempt != 1 || string(woken[0].Progress) != "so far" || !woken[0].NotBefore.Equal(hour) {
		t.Errorf("woken as %+v", woken[0])
	}
	if h := health(t, s); h.Waiting != 0 || h.Queued != 3 {
		t.Errorf("health says waiting %d, queued %d; want 0, 3", h.Waiting, h.Queued)
	}

	// What arrives afterwards for the message wakes nobody a second time.
	appendAll(t, s, event(4))
	must(t, c.Settle(t.Context(), keepAs(await(t, c, 1)[0].Seq, "record/500")))
	wantIDs(t, "after the message", next(t, c, 3))

	claims(t, s) // withdraws c
	if err := c.Wake(t.Context(), key); !errors.Is(err, store.ErrFenced) {
		t.Errorf("through a withdrawn claim: %v, want ErrFenced", err)
	}
}

func waitOn(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, distinctKeys(6)...)
	c := claimOf(t, s, key)
	items := next(t, c, 6)
	hour := time.Now().Add(time.Hour)
	on := func(i int, what ...string) store.Settlement {
		set := wait(items[i].Seq, hour.Add(-time.Duration(i)*time.Minute), 1) // the first falls due last
		set.On = what
		return set
	}
	must(t, c.Settle(t.Context(), on(0, "connection/a"), on(1, "connection/b"), on(2, "connection/a", "connection/b"), on(3), on(4, "connection/a"), on(5, "connection/a")))
	must(t, s.Close())

	s = open(t, dir)
	c = claimOf(t, s, key)
	wake := func(what string, most, want int) {
		t.Helper()
		if n, err := c.WakeOn(t.Context(), what, most); n != want || err != nil {
			t.Fatalf("waking %d on %q: %d, %v; want %d", most, what, n, err, want)
		}
	}
	wake("connection/nobody's", 0, 0)
	wantIDs(t, "before", next(t, c, 6))
	wake("connection/b", 1, 2) // one that waits on b alone, one that waits on both
	wantIDs(t, "on b", next(t, c, 6), items[1].ID, items[2].ID)
	wake("connection/a", 1, 1)
	woken := next(t, c, 6)
	wantIDs(t, "one on a", woken, items[0].ID)
	if string(woken[0].Progress) != "so far" || woken[0].Attempt != 1 {
		t.Errorf("woken as %+v", woken[0])
	}
	wake("", 0, 2)
	wantIDs(t, "on whatever", next(t, c, 6), items[4].ID, items[5].ID)
	if h := health(t, s); h.Waiting != 1 || h.Queued != 6 {
		t.Errorf("health says waiting %d, queued %d; want 1, 6", h.Waiting, h.Queued)
	}
	claims(t, s) // withdraws c
	if _, err := c.WakeOn(t.Context(), "", 0); !errors.Is(err, store.ErrTakenOver) || !errors.Is(err, store.ErrFenced) {
		t.Errorf("through a withdrawn claim: %v, want ErrTakenOver", err)
	}
}
