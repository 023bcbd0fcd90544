package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
)

var kvTests = map[string]func(*testing.T, Open){
	"compares and swaps":            both(kvSwap),
	"lets one of many win":          both(kvRace),
	"lists a prefix in order":       both(kvList),
	"hides what has expired":        both(kvExpired),
	"prunes what has expired":       kvPrune,
	"takes any bytes as a key":      both(kvBytes),
	"outlasts a restart":            kvRestart,
	"takes marks from a settlement": kvMarks,
	"has limits":                    both(kvLimits),
}

// both runs a test against State and Marks, which promise the same.
func both(test func(*testing.T, store.KV)) func(*testing.T, Open) {
	return func(t *testing.T, open Open) {
		s := open(t, t.TempDir())
		t.Run("State", func(t *testing.T) { test(t, s.State()) })
		t.Run("Marks", func(t *testing.T) { test(t, s.Marks()) })
	}
}

// RunKV runs what the suite demands of a [store.KV] alone. open returns an empty one
// each time.
func RunKV(t *testing.T, open func(t testing.TB) store.KV) {
	for name, test := range map[string]func(*testing.T, store.KV){
		"compares and swaps":       kvSwap,
		"lets one of many win":     kvRace,
		"lists a prefix in order":  kvList,
		"hides what has expired":   kvExpired,
		"takes any bytes as a key": kvBytes,
		"has limits":               kvLimits,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t testing.TB, kv store.KV, key, value string, revision uint64) uint64 {
	t.Helper()
	got, err := kv.Put(t.Context(), store.Entry{Key: key, Value: []byte(value), Revision: revision})
	must(t, err)
	return got
}

func kvSwap(t *testing.T, kv store.KV) {
	ctx := t.Context()
	conflict := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("%s: %v, want ErrConflict", what, err)
		}
	}
	if _, err := kv.Get(ctx, "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get of nothing: %v, want ErrNotFound", err)
	}
	first := put(t, kv, "a", "1", 0)
	_, err := kv.Put(ctx, store.Entry{Key: "a", Value: []byte("2")})
	conflict("put as new", err)
	second := put(t, kv, "a", "2", first)
	_, err = kv.Put(ctx, store.Entry{Key: "a", Value: []byte("3"), Revision: first})
	conflict("put with an old revision", err)
	if e, err := kv.Get(ctx, "a"); err != nil || string(e.Value) != "2" || e.Revision != second || e.Key != "a" {
		t.Errorf("get: %+v, %v", e, err)
	}
	conflict("delete with an old revision", kv.Delete(ctx, "a", first))
	must(t, kv.Delete(ctx, "a", second))
	must(t, kv.Delete(ctx, "a", store.AnyRevision))
	third := put(t, kv, "a", "4", 0)
	if third == first || third == second || third == 0 {
		t.Errorf("revision %d after %d and %d", third, first, second)
	}
	put(t, kv, "a", "5", store.AnyRevision)
}

func kvRace(t *testing.T, kv store.KV) {
	const workers, each = 8, 10
	put(t, kv, "n", "0", 0)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for done := 0; done < each; {
				e, err := kv.Get(t.Context(), "n")
				if err != nil {
					t.Error(err)
					return
				}
				var n int
				fmt.Sscan(string(e.Value), &n)
				e.Value = fmt.Append(nil, n+1)
				_, err = kv.Put(t.Context(), e)
				if err == nil {
					done++
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if e, _ := kv.Get(t.Context(), "n"); string(e.Value) != fmt.Sprint(workers*each) {
		t.Errorf("%s increments were kept, want %d", e.Value, workers*each)
	}
}

func kvList(t *testing.T, kv store.KV) {
	const n = 600 // more than any page
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := kv.Put(t.Context(), store.Entry{Key: fmt.Sprintf("list/%04d", i), Value: []byte{byte(i)}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	put(t, kv, "lisu", "after", 0)
	put(t, kv, "lis", "before", 0)
	i := 0
	for e, err := range kv.List(t.Context(), "list/") {
		must(t, err)
		if want := fmt.Sprintf("list/%04d", i); e.Key != want || e.Value[0] != byte(i) || e.Revision == 0 {
			t.Fatalf("entry %d is %+v, want %s", i, e, want)
		}
		// The list holds nothing that the writer needs.
		if i%100 == 0 {
			put(t, kv, e.Key, string(e.Value), e.Revision)
		}
		i++
	}
	if i != n {
		t.Errorf("%d entries, want %d", i, n)
	}
	for range kv.List(t.Context(), "none/") {
		t.Error("an entry under a prefix that nothing has")
	}
	for range kv.List(t.Context(), "") {
		break
	}
}

func kvExpired(t *testing.T, kv store.KV) {
	ctx := t.Context()
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour).UTC()
	_, err := kv.Put(ctx, store.Entry{Key: "past", Value: []byte("x"), Expires: past})
	must(t, err)
	_, err = kv.Put(ctx, store.Entry{Key: "future", Value: []byte("x"), Expires: future})
	must(t, err)
	if _, err := kv.Get(ctx, "past"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get of an expired value: %v, want ErrNotFound", err)
	}
	if e, err := kv.Get(ctx, "future"); err != nil || !e.Expires.Equal(future) {
		t.Errorf("get of a living value: %+v, %v", e, err)
	}
	for e := range kv.List(ctx, "past") {
		t.Errorf("an expired value is listed: %+v", e)
	}
	put(t, kv, "past", "again", 0) // as if it were not there
}

func kvBytes(t *testing.T, kv store.KV) {
	key := "k/\xff\x00 ?&=#%é\n" // no text in any encoding
	revision := put(t, kv, key, "\x00\xfe", 0)
	if e, err := kv.Get(t.Context(), key); err != nil || e.Key != key || string(e.Value) != "\x00\xfe" {
		t.Errorf("get: %+v, %v", e, err)
	}
	n := 0
	for e, err := range kv.List(t.Context(), "k/\xff") {
		must(t, err)
		if n++; e.Key != key {
			t.Errorf("listed as %q", e.Key)
		}
	}
	if n != 1 {
		t.Errorf("listed %d times", n)
	}
	must(t, kv.Delete(t.Context(), key, revision))
	revision = put(t, kv, "empty", "", 0)
	if e, err := kv.Get(t.Context(), "empty"); err != nil || len(e.Value) != 0 || e.Revision != revision {
		t.Errorf("an empty value: %+v, %v", e, err)
	}
}

func kvPrune(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	_, err := s.State().Put(t.Context(), store.Entry{Key: "gone", Value: []byte("x"), Expires: time.Now()})
	must(t, err)
	put(t, s.State(), "stays", "x", 0)
	must(t, s.Prune(t.Context(), time.Time{}))
	if _, err := s.State().Get(t.Context(), "stays"); err != nil {
		t.Errorf("prune took a living value: %v", err)
	}
}

func kvRestart(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	large := strings.Repeat("describe ", 100_000)
	first := put(t, s.State(), "a", large, 0)
	put(t, s.Marks(), "a", "mark", 0)
	must(t, s.Close())
	s = open(t, dir)
	if e, err := s.State().Get(t.Context(), "a"); err != nil || string(e.Value) != large || e.Revision != first {
		t.Errorf("state after reopening: %d bytes, revision %d, %v", len(e.Value), e.Revision, err)
	}
	if e, err := s.Marks().Get(t.Context(), "a"); err != nil || string(e.Value) != "mark" {
		t.Errorf("mark after reopening: %q, %v", e.Value, err)
	}
	if second := put(t, s.State(), "b", "x", 0); second <= first {
		t.Errorf("revision %d after %d", second, first)
	}
}

func kvMarks(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 2)...)
	c := claimOf(t, s, key)
	items := next(t, c, 2)
	expires := time.Now().Add(time.Hour).UTC()
	set := done(items[0].Seq)
	set.Marks = []store.Mark{{Key: "applied/r/500", Value: []byte("1"), Expires: expires}, {Key: "other", Value: []byte("2")}}
	must(t, c.Settle(t.Context(), set))
	if e, err := s.Marks().Get(t.Context(), "applied/r/500"); err != nil || string(e.Value) != "1" || !e.Expires.Equal(expires) || e.Revision == 0 {
		t.Errorf("mark: %+v, %v", e, err)
	}
	set = done(items[1].Seq)
	set.Marks = []store.Mark{{Key: "applied/r/500", Value: []byte("3")}, {Key: "other"}}
	must(t, c.Settle(t.Context(), set))
	if e, err := s.Marks().Get(t.Context(), "applied/r/500"); err != nil || string(e.Value) != "3" || !e.Expires.IsZero() {
		t.Errorf("mark put again: %+v, %v", e, err)
	}
	if _, err := s.Marks().Get(t.Context(), "other"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("mark without value: %v, want ErrNotFound", err)
	}
}

func kvLimits(t *testing.T, kv store.KV) {
	for name, e := range map[string]store.Entry{
		"no key":   {},
		"long key": {Key: strings.Repeat("k", store.MaxName+1)},
		"value":    {Key: "a", Value: make([]byte, store.MaxValue+1)},
	} {
		if _, err := kv.Put(t.Context(), e); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}
