package bolt_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
	"go.etcd.io/bbolt"
)

func openFails(t *testing.T, dir string, want error, words ...string) {
	t.Helper()
	s, err := bolt.Open(dir, bolt.Options{})
	if err == nil {
		s.Close()
		t.Fatalf("opened, want %v", want)
	}
	if !errors.Is(err, want) {
		t.Errorf("error %q is no %q", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	openWith(t, dir, bolt.Options{})
	openFails(t, dir, store.ErrUnavailable, "another sfsync", dir)
	if _, err := bolt.Open(dir, bolt.Options{ReadOnly: true}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("reading while another writes: %v, want ErrUnavailable", err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := bolt.Open(dir, bolt.Options{ReadOnly: true}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reading where nothing is: %v, want ErrNotFound", err)
	}
	s := openWith(t, dir, bolt.Options{})
	if _, err := s.Append(t.Context(), []store.Event{{ID: "a", Key: "k"}, {ID: "b", Key: "k"}}); err != nil {
		t.Fatal(err)
	}
	c := claimOf(t, s, "k")
	items, _, _ := c.Next(t.Context(), 1)
	err := c.Settle(t.Context(), store.Settlement{Seq: items[0].Seq, Do: store.Done, Runs: []store.Run{{Rule: "r", Outcome: store.Synced}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()

	one := openWith(t, dir, bolt.Options{ReadOnly: true})
	two := openWith(t, dir, bolt.Options{ReadOnly: true}) // both at once
	for _, s := range []*bolt.Store{one, two} {
		runs, err := s.Runs().Get(t.Context(), "a")
		if err != nil || len(runs) != 1 {
			t.Errorf("run: %+v, %v", runs, err)
		}
		if h, err := s.Health(t.Context()); err != nil || h.Queued != 1 {
			t.Errorf("health: %+v, %v", h, err)
		}
		if _, err := s.Append(t.Context(), []store.Event{{ID: "c"}}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("append: %v, want ErrReadOnly", err)
		}
		if _, err := s.State().Put(t.Context(), store.Entry{Key: "a"}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("put: %v, want ErrReadOnly", err)
		}
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	dir := filepath.Join(t.TempDir(), "new", "store")
	openWith(t, dir, bolt.Options{})
	for name, want := range map[string]fs.FileMode{"": 0o700, "state.db": 0o600, "events.db": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
}

func TestLaterFormat(t *testing.T) {
	for _, name := range []string{"state.db", "events.db"} {
		dir := t.TempDir()
		openWith(t, dir, bolt.Options{}).Close()
		db, err := bbolt.Open(filepath.Join(dir, name), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("meta")).Put([]byte("format"), binary.AppendUvarint(nil, 99))
		})
		db.Close()
		openFails(t, dir, store.ErrUnavailable, name, "format 99", "later sfsync")
	}
}

func TestForeignFile(t *testing.T) {
	dir := t.TempDir()
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
	db.Close()
	openFails(t, dir, store.ErrCorrupt, "another program")
}

// filled makes a store with some of everything in it, and closes it.
func filled(t *testing.T) (dir string) {
	dir = t.TempDir()
	s := openWith(t, dir, bolt.Options{})
	var batch []store.Event
	for i := range 2000 {
		batch = append(batch, store.Event{ID: fmt.Sprint(i), Key: fmt.Sprint(i % 50), Body: incompressible(300)})
	}
	if _, err := s.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	claims, err := s.Claims(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for range store.Partitions {
		c := <-claims
		items, _, err := c.Next(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range items {
			set := store.Settlement{Seq: item.Seq, Do: store.Done, Runs: []store.Run{{Rule: "r", Outcome: store.Synced}},
				Keep:  &store.Keep{Keys: []string{item.ID}, Until: time.Now().Add(time.Hour)},
				Marks: []store.Mark{{Key: item.ID, Value: []byte("1")}}}
			if i%2 == 1 {
				set = store.Settlement{Seq: item.Seq, Do: store.Wait, NotBefore: time.Now().Add(time.Hour), For: fmt.Sprint("m", i)}
			}
			if err := c.Settle(t.Context(), set); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTruncated(t *testing.T) {
	for _, size := range []int64{1, 100, 4096, 10_000, 200_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dir := filled(t)
			if err := os.Truncate(filepath.Join(dir, "events.db"), size); err != nil {
				t.Fatal(err)
			}
			openFails(t, dir, store.ErrCorrupt, "events.db")
			if _, err := bolt.Open(dir, bolt.Options{ReadOnly: true}); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("reading: %v, want ErrCorrupt", err)
			}
		})
	}
}

// TestDamaged overwrites pages: the store must not open as if nothing were, or
// must read on without a panic, which would fail the test binary as a whole.
func TestDamaged(t *testing.T) {
	refused, unread := 0, 0
	for page := 2; page < 60; page += 4 {
		dir := filled(t)
		path := filepath.Join(dir, "events.db")
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteAt(incompressible(4096), int64(page)*int64(os.Getpagesize()))
		f.Close()
		if err := readAll(t, dir); err != nil {
			if unread++; !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("reading beside page %d: %v, want ErrCorrupt", page, err)
			}
		}
		s, err := bolt.Open(dir, bolt.Options{})
		if err != nil {
			refused++
			if !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("page %d: %v, want ErrCorrupt", page, err)
			}
			continue
		}
		for _, err := range s.Runs().List(t.Context(), store.Filter{}) {
			if err != nil {
				break
			}
		}
		s.Close()
	}
	if refused == 0 || unread == 0 {
		t.Errorf("damage was found %d times in opening, and %d times in reading", refused, unread)
	}
}

// readAll reads what a store holds as a command does that writes nothing.
func readAll(t *testing.T, dir string) error {
	s, err := bolt.Open(dir, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, err := range s.Runs().List(t.Context(), store.Filter{}) {
		if err != nil {
			return err
		}
	}
	_, err = s.Health(t.Context())
	return err
}

func TestCompact(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, dir, bolt.Options{})
	for round := range 20 {
		var batch []store.Event
		for i := range 1000 {
			batch = append(batch, store.Event{ID: fmt.Sprint(round, "/", i), Key: "k", Body: incompressible(1500)})
		}
		if _, err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	c := claimOf(t, s, "k")
	items, _, err := c.Next(t.Context(), 19_990)
	if err != nil {
		t.Fatal(err)
	}
	for len(items) > 0 {
		n := min(1000, len(items))
		var sets []store.Settlement
		for _, item := range items[:n] {
			sets = append(sets, store.Settlement{Seq: item.Seq, Do: store.Done})
		}
		if err := c.Settle(t.Context(), sets...); err != nil {
			t.Fatal(err)
		}
		items = items[n:]
	}
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "events.db"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := size(); after > before/4 {
		t.Errorf("%d bytes after, %d before", after, before)
	}
	// The claim goes on over the compaction, and so do sequence numbers and ids.
	items, _, err = c.Next(t.Context(), 100)
	if err != nil || len(items) != 10 {
		t.Fatalf("%d events after compaction, %v; want 10", len(items), err)
	}
	receipts, err := s.Append(t.Context(), []store.Event{{ID: "0/0", Key: "k"}, {ID: "new", Key: "k"}})
	if err != nil || !receipts[0].Duplicate || receipts[1].Seq <= items[9].Seq {
		t.Errorf("append after compaction: %+v, %v", receipts, err)
	}
	if _, err := bolt.Open(dir, bolt.Options{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("opening it a second time after compaction: %v, want ErrUnavailable", err)
	}
	s.Close()
	s = openWith(t, dir, bolt.Options{})
	if h, err := s.Health(t.Context()); err != nil || h.Queued != 11 {
		t.Errorf("after reopening: %+v, %v", h, err)
	}
}

// TestPruneCompacts: what pruned days leave empty goes back to the disk, while
// others read and append.
func TestPruneCompacts(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, dir, bolt.Options{CompactFrom: 4 << 20})
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "events.db"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	old := time.Now().AddDate(0, 0, -40)
	c := claimOf(t, s, "k")
	for round := range 10 {
		var batch []store.Event
		for i := range 200 {
			batch = append(batch, store.Event{ID: fmt.Sprint(round, "/", i), Key: "k", At: old, Body: []byte("{}")})
		}
		if _, err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		items, _, err := c.Next(t.Context(), 200)
		if err != nil {
			t.Fatal(err)
		}
		var sets []store.Settlement
		for _, item := range items {
			run := store.Run{Rule: "r", Outcome: store.Failed, Reason: hex.EncodeToString(incompressible(2000))}
			sets = append(sets, store.Settlement{Seq: item.Seq, Do: store.Done, Runs: []store.Run{run}})
		}
		if err := c.Settle(t.Context(), sets...); err != nil {
			t.Fatal(err)
		}
	}
	before := size()
	if err := s.Prune(t.Context(), old.AddDate(0, 0, -1)); err != nil || size() < before {
		t.Fatalf("nothing is old enough, but the file went from %d to %d bytes, %v", before, size(), err)
	}

	stop := make(chan struct{})
	var others sync.WaitGroup
	appended := 0
	others.Go(func() {
		for appended = 0; ; appended++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.Append(t.Context(), []store.Event{{ID: fmt.Sprint("new/", appended), Key: "k"}}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, err := range s.Runs().List(t.Context(), store.Filter{Limit: 10}) {
				if err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	if err := s.Prune(t.Context(), time.Now().AddDate(0, 0, -30)); err != nil {
		t.Error(err)
	}
	close(stop)
	others.Wait()
	if after := size(); after > before/4 {
		t.Errorf("%d bytes after, %d before", after, before)
	}
	s.Close()
	s = openWith(t, dir, bolt.Options{})
	if h, err := s.Health(t.Context()); err != nil || h.Queued != appended {
		t.Errorf("%d are queued of %d appended, %v", h.Queued, appended, err)
	}
}
