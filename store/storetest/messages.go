package storetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sfsync/sfsync/store"
)

var messageTests = map[string]func(*testing.T, Open){
	"is found by each key":                messageLookup,
	"the last one is found":               messageLast,
	"wakes those that wait for it":        messageWakes,
	"that is there already makes due":     messageThere,
	"waited for lets its key pass":        messageSameKey,
	"is given up at the time":             messageNever,
	"wakes across a restart":              messageRestart,
	"kept in the same settle makes awake": messageSameSettle,
	"is pruned when its time is out":      messagePruned,
	"waited for makes nobody old":         messageAge,
}

func keepAs(seq uint64, keys ...string) store.Settlement {
	return store.Settlement{Seq: seq, Do: store.Done, Keep: &store.Keep{Keys: keys, Until: time.Now().Add(48 * time.Hour)}}
}

func park(seq uint64, key string) store.Settlement {
	return store.Settlement{Seq: seq, Do: store.Wait, For: key, NotBefore: time.Now().Add(time.Hour)}
}

func messageLookup(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	e := event(1)
	appendAll(t, s, e)
	c := claimOf(t, s, key)
	if _, err := s.Lookup(t.Context(), e.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before it is kept: %v, want ErrNotFound", err)
	}
	must(t, c.Settle(t.Context(), keepAs(next(t, c, 1)[0].Seq, e.ID, "record/500")))
	for range 2 {
		for _, k := range []string{e.ID, "record/500"} {
			got, err := s.Lookup(t.Context(), k)
			must(t, err)
			if diff := cmp.Diff(e, got, cmp.Comparer(bytes.Equal)); diff != "" {
				t.Errorf("under %q (-appended +found):\n%s", k, diff)
			}
		}
		must(t, s.Close())
		s = open(t, dir)
	}
}

// What waits for a message waits for somebody else: the age of the queue is that of what
// the store's owner has to do.
func messageAge(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, distinctKeys(3)...)
	c := claimOf(t, s, key)
	items := next(t, c, 3)
	must(t, c.Settle(t.Context(), park(items[0].Seq, "a"), park(items[1].Seq, "b"), wait(items[2].Seq, time.Now().Add(time.Hour), 1)))
	for range 2 {
		if h := health(t, s); h.Queued != 3 || h.Waiting != 3 || !h.Oldest.Equal(items[2].At) || !h.Newest.Equal(items[2].At) {
			t.Errorf("with two that wait for messages, health says %+v; want the oldest of %v", h, items[2].At)
		}
		must(t, s.Close())
		s = open(t, dir)
	}
	c = claimOf(t, s, key)
	must(t, c.Wake(t.Context(), items[2].Key))
	must(t, c.Settle(t.Context(), done(await(t, c, 1)[0].Seq)))
	if h := health(t, s); h.Queued != 2 || !h.Oldest.IsZero() || !h.Newest.Equal(items[1].At) {
		t.Errorf("when all wait for messages, health says %+v", h)
	}
}

func messageLast(t *testing.T, open Open) {
	for name, reverse := range map[string]bool{"settled in order": false, "settled the other way": true} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			appendAll(t, s, events(1, 2)...)
			c := claimOf(t, s, key)
			items := next(t, c, 2)
			if reverse {
				slices.Reverse(items)
			}
			for _, item := range items {
				must(t, c.Settle(t.Context(), keepAs(item.Seq, item.ID, "record/500")))
			}
			for k, want := range map[string]string{"record/500": "om/2", "om/1": "om/1"} {
				if got, err := s.Lookup(t.Context(), k); err != nil || got.ID != want {
					t.Errorf("under %s: %s, %v; want %s", k, got.ID, err, want)
				}
			}
		})
	}
}

func messageWakes(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	all := claims(t, s)
	// The status and its message may lie in different partitions.
	status, message := event(1), event(2)
	for i := 0; store.Partition(status.Key) == store.Partition(message.Key); i++ {
		status.Key = event(i).ID
	}
	appendAll(t, s, status)
	c := all[store.Partition(status.Key)]
	must(t, c.Settle(t.Context(), park(next(t, c, 1)[0].Seq, "record/500")))
	wantIDs(t, "parked", next(t, c, 1))

	appendAll(t, s, message)
	m := all[store.Partition(message.Key)]
	must(t, m.Settle(t.Context(), keepAs(next(t, m, 1)[0].Seq, "record/500")))
	item := await(t, c, 1)[0]
	if item.ID != "om/1" || item.For != "record/500" {
		t.Errorf("woken as %+v", item)
	}
	if h := health(t, s); h.Waiting != 0 || h.Queued != 1 {
		t.Errorf("health says waiting %d, queued %d; want 0, 1", h.Waiting, h.Queued)
	}
}

func messageThere(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 2)...)
	c := claimOf(t, s, key)
	items := next(t, c, 2)
	must(t, c.Settle(t.Context(), keepAs(items[0].Seq, "record/500")))
	must(t, c.Settle(t.Context(), park(items[1].Seq, "record/500")))
	wantIDs(t, "due at once", await(t, c, 1), "om/2")
}

func messageSameKey(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	must(t, c.Settle(t.Context(), park(next(t, c, 1)[0].Seq, "record/500")))
	appendAll(t, s, event(2)) // the message, of the same key
	items := next(t, c, 1)
	wantIDs(t, "message", items, "om/2")
	must(t, c.Settle(t.Context(), keepAs(items[0].Seq, "record/500")))
	wantIDs(t, "status", await(t, c, 1), "om/1")
}

func messageNever(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	set := park(next(t, c, 1)[0].Seq, "record/500")
	set.NotBefore = time.Now().Add(20 * time.Millisecond)
	must(t, c.Settle(t.Context(), set))
	items := await(t, c, 1)
	wantIDs(t, "given up", items, "om/1")
	must(t, c.Settle(t.Context(), done(items[0].Seq)))
	// The message that comes after all finds nobody waiting.
	appendAll(t, s, event(2))
	must(t, c.Settle(t.Context(), keepAs(next(t, c, 1)[0].Seq, "record/500")))
	wantIDs(t, "after the message", next(t, c, 1))
}

func messageRestart(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	must(t, c.Settle(t.Context(), park(next(t, c, 1)[0].Seq, "record/500")))

	must(t, s.Close())
	s = open(t, dir)
	c = claimOf(t, s, key)
	wantIDs(t, "still parked", next(t, c, 1))
	appendAll(t, s, event(2))
	must(t, c.Settle(t.Context(), keepAs(next(t, c, 1)[0].Seq, "record/500")))

	must(t, s.Close())
	s = open(t, dir)
	wantIDs(t, "woken before the restart", next(t, claimOf(t, s, key), 1), "om/1")
}

func messageSameSettle(t *testing.T, open Open) {
	for name, order := range map[string][2]int{"kept first": {0, 1}, "parked first": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			appendAll(t, s, events(1, 2)...)
			c := claimOf(t, s, key)
			items := next(t, c, 2)
			sets := []store.Settlement{keepAs(items[0].Seq, "record/500"), park(items[1].Seq, "record/500")}
			must(t, c.Settle(t.Context(), sets[order[0]], sets[order[1]]))
			wantIDs(t, "woken", await(t, c, 1), "om/2")
		})
	}
}

func messagePruned(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 2)...)
	c := claimOf(t, s, key)
	items := next(t, c, 2)
	old := keepAs(items[0].Seq, "old")
	old.Keep.Until = time.Now().Add(-25 * time.Hour)
	must(t, c.Settle(t.Context(), old, keepAs(items[1].Seq, "new")))
	must(t, s.Prune(t.Context(), time.Time{}))
	if _, err := s.Lookup(t.Context(), "old"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a message past its time: %v, want ErrNotFound", err)
	}
	if _, err := s.Lookup(t.Context(), "new"); err != nil {
		t.Errorf("a message within its time: %v", err)
	}
}
