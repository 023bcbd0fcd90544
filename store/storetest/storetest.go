// Package storetest is the conformance suite of the store: what an engine must
// do to be one. An engine's own tests call [Run] and add only what is its own,
// such as its files.
package storetest

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
)

// Open opens the store that lives at dir, an empty directory at first. Opening
// again after Close finds what was there. It fails the test on an error.
type Open func(t testing.TB, dir string) store.Store

// Run runs the whole suite against an engine.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		tests map[string]func(*testing.T, Open)
	}{
		{"Append", appendTests},
		{"Claim", claimTests},
		{"Wait", waitTests},
		{"Message", messageTests},
		{"Intent", intentTests},
		{"KV", kvTests},
		{"Runs", runTests},
		{"Model", modelTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for name, test := range group.tests {
				t.Run(name, func(t *testing.T) { test(t, open) })
			}
		})
	}
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// key is the ordering domain of most test events.
const key = "org/Case/5003000000D8cuI"

func event(n int) store.Event {
	return store.Event{
		ID: "om/" + strconv.Itoa(n), Key: key, Type: "survey.response",
		At:   time.Date(2026, 11, 20, 14, 0, n, 0, time.UTC),
		Body: fmt.Appendf(nil, `{"id":"%d"}`, n),
	}
}

func events(from, to int) []store.Event {
	var all []store.Event
	for n := from; n <= to; n++ {
		all = append(all, event(n))
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func appendAll(t testing.TB, s store.Store, events ...store.Event) []store.Receipt {
	t.Helper()
	receipts, err := s.Append(t.Context(), events)
	must(t, err)
	if len(receipts) != len(events) {
		t.Fatalf("%d receipts for %d events", len(receipts), len(events))
	}
	return receipts
}

// claims collects all partitions.
func claims(t testing.TB, s store.Store) map[uint16]store.Claim {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return claimsUntil(t, ctx, s, "test")
}

func claimsUntil(t testing.TB, ctx context.Context, s store.Store, owner string) map[uint16]store.Claim {
	t.Helper()
	ch, err := s.Claims(ctx, owner)
	must(t, err)
	all := map[uint16]store.Claim{}
	deadline := time.After(patience)
	for len(all) < store.Partitions {
		select {
		case c, ok := <-ch:
			if !ok {
				t.Fatalf("claims ended after %d of %d partitions", len(all), store.Partitions)
			}
			all[c.Partition()] = c
		case <-deadline:
			t.Fatalf("%d of %d partitions were handed out", len(all), store.Partitions)
		}
	}
	return all
}

// claimOf returns the claim of a key's partition.
func claimOf(t testing.TB, s store.Store, key string) store.Claim {
	t.Helper()
	return claims(t, s)[store.Partition(key)]
}

// next returns what the claim hands out now.
func next(t testing.TB, c store.Claim, max int) []store.Item {
	t.Helper()
	items, _, err := c.Next(t.Context(), max)
	must(t, err)
	return items
}

// await waits, as a runner does, until the claim has handed out n events.
func await(t testing.TB, c store.Claim, n int) []store.Item {
	t.Helper()
	var items []store.Item
	deadline := time.After(patience)
	for {
		more, due, err := c.Next(t.Context(), n-len(items))
		must(t, err)
		if items = append(items, more...); len(items) == n {
			return items
		}
		var timer <-chan time.Time
		if !due.IsZero() {
			timer = time.After(time.Until(due))
		}
		select {
		case <-c.Ready():
		case <-timer:
		case <-deadline:
			t.Fatalf("%d of %d events were handed out", len(items), n)
		}
	}
}

func ids(items []store.Item) string {
	out := ""
	for _, item := range items {
		out += " " + item.ID
	}
	return out
}

func wantIDs(t testing.TB, what string, items []store.Item, want ...string) {
	t.Helper()
	expected := ""
	for _, id := range want {
		expected += " " + id
	}
	if got := ids(items); got != expected {
		t.Fatalf("%s:%s, want%s", what, got, expected)
	}
}

func done(seq uint64, runs ...store.Run) store.Settlement {
	return store.Settlement{Seq: seq, Do: store.Done, Runs: runs}
}

func health(t testing.TB, s store.Store) store.Health {
	t.Helper()
	h, err := s.Health(t.Context())
	must(t, err)
	return h
}
