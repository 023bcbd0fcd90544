package bolt_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// incompressible is a body that takes the room it has.
func incompressible(n int) []byte {
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

func TestFull(t *testing.T) {
	dir := t.TempDir()
	o := bolt.Options{MaxSize: 8 << 20}
	s := openWith(t, dir, o)
	body := incompressible(2000)
	fill := func() (n int, err error) {
		for {
			var batch []store.Event
			for i := range 20 {
				batch = append(batch, store.Event{ID: fmt.Sprint(time.Now().UnixNano(), "-", n+i), Key: "k", Body: body})
			}
			if _, err = s.Append(t.Context(), batch); err != nil {
				return n, err
			}
			n += len(batch)
		}
	}
	n, err := fill()
	if !errors.Is(err, store.ErrFull) || n < 1500 {
		t.Fatalf("after %d events: %v, want ErrFull", n, err)
	}
	h, err := s.Health(t.Context())
	if err != nil || h.Queued != n || h.Failed != nil || h.Used > o.MaxSize+o.MaxSize/100 || h.Limit != o.MaxSize {
		t.Errorf("health when full: %+v, %v", h, err)
	}
	// It stays full over a restart, and all that settling needs still works.
	s.Close()
	s = openWith(t, dir, o)
	if _, err := s.Append(t.Context(), []store.Event{{ID: "late", Key: "k", Body: incompressible(100_000)}}); !errors.Is(err, store.ErrFull) {
		t.Errorf("append to a full store: %v, want ErrFull", err)
	}
	c := claimOf(t, s, "k")
	drained := 0
	for {
		items, _, err := c.Next(t.Context(), 200)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		var sets []store.Settlement
		for _, item := range items {
			if _, err := c.Begin(t.Context(), store.Intent{Seq: item.Seq, Key: "create"}); err != nil {
				t.Fatal(err)
			}
			sets = append(sets, store.Settlement{Seq: item.Seq, Do: store.Done, Runs: []store.Run{{Rule: "r", Outcome: store.Synced}}})
		}
		if err := c.Settle(t.Context(), sets...); err != nil {
			t.Fatalf("after %d of %d: %v", drained, n, err)
		}
		if drained += len(items); drained >= 200 && drained < 400 {
			// Room comes back as it is made, not only in the end.
			if _, err := s.Append(t.Context(), []store.Event{{ID: "again", Key: "other", Body: body}}); err != nil {
				t.Errorf("append after settling %d: %v", drained, err)
			}
		}
	}
	if drained != n {
		t.Errorf("drained %d of %d", drained, n)
	}
	if again, err := fill(); !errors.Is(err, store.ErrFull) || again < n*8/10 {
		t.Errorf("after draining %d events fit (%v), before it were %d", again, err, n)
	}
}

// TestFullOfMarks: values are bounded as well, and deleting them makes room.
func TestFullOfMarks(t *testing.T) {
	s := openWith(t, t.TempDir(), bolt.Options{MaxSize: 2 << 20})
	value := incompressible(20_000)
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		_, err = s.Marks().Put(t.Context(), store.Entry{Key: fmt.Sprint(n), Value: value})
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d values: %v, want ErrFull", n, err)
	}
	if n < 80 {
		t.Errorf("only %d values of 20 kB fit into 2 MiB", n)
	}
	for i := range n - 1 {
		if err := s.Marks().Delete(t.Context(), fmt.Sprint(i), store.AnyRevision); err != nil {
			t.Fatalf("delete in a full file: %v", err)
		}
	}
	if _, err := s.Marks().Put(t.Context(), store.Entry{Key: "a", Value: value}); err != nil {
		t.Errorf("put after making room: %v", err)
	}
}

func claimOf(t testing.TB, s store.Store, key string) store.Claim {
	t.Helper()
	claims, err := s.Claims(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var ours store.Claim
	for range store.Partitions {
		if c := <-claims; c.Partition() == store.Partition(key) {
			ours = c
		}
	}
	return ours
}
