package bolt_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

func isDuplicate(t *testing.T, s store.Store, id string) bool {
	t.Helper()
	receipts, err := s.Append(t.Context(), []store.Event{{ID: id, Key: "k"}})
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0].Duplicate
}

// TestWindow passes hours of a clock that synctest moves.
func TestWindow(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := bolt.Options{DedupeWindow: 24 * time.Hour}
		s := openWith(t, dir, o)
		start := time.Now()
		for hour := range 48 {
			if isDuplicate(t, s, fmt.Sprint("hour", hour)) {
				t.Errorf("hour %d is a duplicate at once", hour)
			}
			time.Sleep(time.Hour)
		}
		// A generation is two hours here, so an id is known for 24 to 26.
		check := func(when string) {
			t.Helper()
			for _, hour := range []int{47, 40, 30, 25} {
				if !isDuplicate(t, s, fmt.Sprint("hour", hour)) {
					t.Errorf("%s: hour %d is forgotten after %d hours", when, hour, 48-hour)
				}
			}
		}
		check("running")
		if err := s.Prune(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = openWith(t, dir, o)
		check("reopened")
		h, err := s.Health(t.Context())
		if err != nil || h.DedupeIDs > 30 || h.DedupeSince.Before(start.Add(24*time.Hour)) {
			t.Errorf("health: %d ids since %v, %v", h.DedupeIDs, h.DedupeSince.Sub(start), err)
		}
		if isDuplicate(t, s, "hour2") {
			t.Error("hour 2 is known after 46 hours")
		}
		s.Close()
	})
}

func TestIDCap(t *testing.T) {
	dir := t.TempDir()
	o := bolt.Options{MaxIDs: 800}
	s := openWith(t, dir, o)
	for n := range 2000 {
		isDuplicate(t, s, fmt.Sprint(n))
	}
	for range 2 {
		h, err := s.Health(t.Context())
		if err != nil || h.DedupeIDs > 800 || h.DedupeIDs < 700 {
			t.Fatalf("%d ids are known, %v; want 700 to 800", h.DedupeIDs, err)
		}
		for n := 1999; n > 1300; n -= 50 {
			if !isDuplicate(t, s, fmt.Sprint(n)) {
				t.Errorf("%d is forgotten", n)
			}
		}
		s.Close()
		s = openWith(t, dir, o)
	}
}
