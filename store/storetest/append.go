package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sfsync/sfsync/store"
)

var appendTests = map[string]func(*testing.T, Open){
	"comes back whole":          appendWhole,
	"keeps order":               appendOrder,
	"knows duplicates":          appendDuplicates,
	"is all or nothing":         appendAtomic,
	"serves many at once":       appendConcurrently,
	"refuses what is too large": appendLimits,
	"fails when closed":         appendClosed,
}

func appendWhole(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	bodies := map[string][]byte{
		"empty":          nil,
		"small":          []byte(`{"a":1}`),
		"compressible":   []byte(strings.Repeat(`{"answers":{"nps":9}}`, 500)),
		"incompressible": pseudoRandom(3000),
		"binary":         {0, 1, 2, 255},
	}
	var sent []store.Event
	for name, body := range bodies {
		sent = append(sent, store.Event{ID: name, Key: key, Type: "t/" + name, At: time.Unix(1700000000, 123456789).UTC(), Body: body})
	}
	appendAll(t, s, sent...)
	for i, item := range next(t, claimOf(t, s, key), 10) {
		if diff := cmp.Diff(sent[i], item.Event, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Errorf("event changed (-sent +got):\n%s", diff)
		}
		if item.Attempt != 0 || item.Progress != nil || !item.NotBefore.IsZero() || item.For != "" {
			t.Errorf("a new event has a past: %+v", item)
		}
	}
}

func appendOrder(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	perPartition := map[uint16][]string{}
	lastSeq := map[uint16]uint64{}
	for call := range 20 {
		var batch []store.Event
		for i := range 30 {
			n := call*30 + i
			e := event(n)
			e.Key = fmt.Sprint("key", n%97)
			batch = append(batch, e)
		}
		for i, r := range appendAll(t, s, batch...) {
			if want := store.Partition(batch[i].Key); r.Partition != want {
				t.Fatalf("event of key %q went to partition %d, want %d", batch[i].Key, r.Partition, want)
			}
			if r.Seq <= lastSeq[r.Partition] {
				t.Fatalf("seq %d after %d in partition %d", r.Seq, lastSeq[r.Partition], r.Partition)
			}
			lastSeq[r.Partition] = r.Seq
			perPartition[r.Partition] = append(perPartition[r.Partition], batch[i].ID)
		}
	}
	if h := health(t, s); h.Queued != 600 || !h.Oldest.Equal(event(0).At) || !h.Newest.Equal(event(599).At) {
		t.Errorf("health says %d queued from %v to %v; want 600 from %v to %v", h.Queued, h.Oldest, h.Newest, event(0).At, event(599).At)
	}
	for n, c := range claims(t, s) {
		var got []string
		for {
			items := next(t, c, 7)
			if len(items) == 0 {
				break
			}
			for _, item := range items {
				got = append(got, item.ID)
			}
		}
		if diff := cmp.Diff(perPartition[n], got); diff != "" {
			t.Errorf("partition %d (-appended +handed out):\n%s", n, diff)
		}
	}
}

func appendDuplicates(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	duplicates := func(what string, receipts []store.Receipt, want ...bool) {
		t.Helper()
		for i, r := range receipts {
			if r.Duplicate != want[i] || (r.Seq == 0) != want[i] || r.Partition != store.Partition(key) {
				t.Errorf("%s: receipt %d is %+v, want duplicate %v", what, i, r, want[i])
			}
		}
	}
	duplicates("twice in one call", appendAll(t, s, event(1), event(2), event(1)), false, false, true)
	duplicates("in a later call", appendAll(t, s, event(2), event(3)), true, false)

	c := claimOf(t, s, key)
	items := next(t, c, 10)
	wantIDs(t, "queue", items, "om/1", "om/2", "om/3")
	must(t, c.Settle(t.Context(), done(items[0].Seq)))
	duplicates("after it is settled", appendAll(t, s, event(1)), true)

	must(t, s.Close())
	s = open(t, dir)
	duplicates("after reopening", appendAll(t, s, event(1), event(3), event(4)), true, true, false)
	wantIDs(t, "queue after reopening", next(t, claimOf(t, s, key), 10), "om/2", "om/3", "om/4")
	if h := health(t, s); h.Queued != 3 || h.DedupeIDs != 4 {
		t.Errorf("health says %d queued and %d ids, want 3 and 4", h.Queued, h.DedupeIDs)
	}
}

func appendAtomic(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	bad := event(2)
	bad.ID = ""
	if _, err := s.Append(t.Context(), []store.Event{event(1), bad, event(3)}); !errors.Is(err, store.ErrInvalid) {
		t.Fatalf("an event without an id: %v, want ErrInvalid", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(cancelled, events(1, 3)); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled append: %v", err)
	}
	if got := next(t, claimOf(t, s, key), 10); len(got) != 0 {
		t.Errorf("a failed append left%s", ids(got))
	}
	// The ids of a failed call are not known: the sender will repeat it.
	for _, r := range appendAll(t, s, events(1, 3)...) {
		if r.Duplicate {
			t.Errorf("%+v after an append that failed", r)
		}
	}
}

func appendConcurrently(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	const writers, each = 16, 40
	var wg sync.WaitGroup
	var fresh sync.Map
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				// Every event is sent by two writers; one of them must win.
				e := event(w/2*each + i)
				e.Key = e.ID
				receipts, err := s.Append(context.Background(), []store.Event{e})
				if err != nil {
					t.Error(err)
					return
				}
				if !receipts[0].Duplicate {
					if _, twice := fresh.LoadOrStore(e.ID, true); twice {
						t.Errorf("%s was new for both senders", e.ID)
					}
				}
			}
		})
	}
	got := map[string]int{}
	all := claims(t, s) // while it goes on
	wg.Wait()
	for _, c := range all {
		for _, item := range next(t, c, writers*each) {
			got[item.ID]++
		}
	}
	for id, n := range got {
		if n != 1 {
			t.Errorf("%s was handed out %d times", id, n)
		}
	}
	if len(got) != writers*each/2 {
		t.Errorf("%d events were handed out, want %d", len(got), writers*each/2)
	}
}

func appendLimits(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	long := strings.Repeat("x", store.MaxName+1)
	for name, e := range map[string]store.Event{
		"id":   {ID: long},
		"key":  {ID: "a", Key: long},
		"type": {ID: "a", Type: long},
		"body": {ID: "a", Body: make([]byte, store.MaxBody+1)},
	} {
		if _, err := s.Append(t.Context(), []store.Event{e}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("too long %s: %v, want ErrInvalid", name, err)
		}
	}
	if _, err := s.Append(t.Context(), make([]store.Event, store.MaxBatch+1)); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("too many events: %v, want ErrInvalid", err)
	}
	if receipts, err := s.Append(t.Context(), nil); err != nil || len(receipts) != 0 {
		t.Errorf("no events: %v, %v", receipts, err)
	}
	largest := store.Event{ID: strings.Repeat("i", store.MaxName), Key: strings.Repeat("k", store.MaxName), Body: make([]byte, store.MaxBody)}
	appendAll(t, s, largest)
	if items := next(t, claimOf(t, s, largest.Key), 1); len(items) != 1 || len(items[0].Body) != store.MaxBody {
		t.Errorf("the largest event does not come back")
	}
}

func appendClosed(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	c := claimOf(t, s, key)
	must(t, s.Close())
	must(t, s.Close()) // twice is no error
	if _, err := s.Append(t.Context(), events(1, 1)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("append: %v, want ErrClosed", err)
	}
	if _, err := s.Claims(t.Context(), "late"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("claims: %v, want ErrClosed", err)
	}
	if _, err := s.State().Get(t.Context(), "a"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("get: %v, want ErrClosed", err)
	}
	for _, err := range s.Runs().List(t.Context(), store.Filter{}) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("list: %v, want ErrClosed", err)
		}
	}
	if _, _, err := c.Next(t.Context(), 1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("next: %v, want ErrClosed", err)
	}
	if c.Context().Err() == nil {
		t.Error("the claim outlives its store")
	}
}

// pseudoRandom returns n bytes that no compressor can shrink.
func pseudoRandom(n int) []byte {
	out := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[i] = byte(x)
	}
	return out
}
