package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// days fills the run log with events of some days ago, incompressible enough to count.
func (b *bench) days(ago ...int) {
	b.t.Helper()
	for _, n := range ago {
		var events []store.Event
		for i := range 200 {
			id := fmt.Sprintf("ev/%02d/%03d", n, i)
			at := time.Now().AddDate(0, 0, -n).Add(time.Duration(i) * time.Microsecond)
			events = append(events, store.Event{ID: id, Key: id, At: at, Type: "survey.response", Body: []byte(response(id, i, i))})
		}
		if _, err := b.store.Append(context.Background(), events); err != nil {
			b.t.Fatal(err)
		}
	}
	b.drain()
}

func (b *bench) daysLeft() []string {
	var left []string
	for _, r := range b.runs() {
		if day := strings.Split(r.Event, "/")[1]; !slices.Contains(left, day) {
			left = append(left, day)
		}
	}
	slices.Sort(left)
	return left
}

func (b *bench) runFor(d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if err := b.engine.Run(ctx); err != nil {
		b.t.Error(err)
	}
}

func TestRunDropsOldRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates, func(c *runtime.Config) { c.KeepRuns = 10 * 24 * time.Hour })
		defer b.store.Close()
		b.days(25, 12, 9, 1)
		b.runFor(time.Minute)
		if left := b.daysLeft(); !slices.Equal(left, []string{"01", "09"}) {
			t.Errorf("left are %v", left)
		}
		// Once an hour is enough, also over several short runs.
		b.days(26)
		b.runFor(time.Minute)
		if left := b.daysLeft(); !slices.Contains(left, "26") {
			t.Errorf("left are %v", left)
		}
		b.runFor(2 * time.Hour)
		if left := b.daysLeft(); slices.Contains(left, "26") {
			t.Errorf("left are %v", left)
		}
	})
}

func TestRunKeepsRunsUnlessTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		defer b.store.Close()
		b.days(400, 60, 1)
		b.runFor(2 * time.Hour)
		if left := b.daysLeft(); !slices.Equal(left, []string{"01", "400", "60"}) {
			t.Errorf("left are %v", left)
		}
	})
}

func TestRunKeepsTheStoreSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		b.days(20, 13, 12, 5, 0)
		full, err := b.store.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.config.KeepBytes = full.Used * 2 / 3
		b.reopen()
		defer b.store.Close()
		b.runFor(2 * time.Hour)
		h, err := b.store.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		left := b.daysLeft()
		if h.Used > b.config.KeepBytes || len(left) < 2 || len(left) == 5 || left[0] != "00" || left[1] != "05" {
			t.Errorf("%d bytes of %d, at most %d; left are %v", h.Used, full.Used, b.config.KeepBytes, left)
		}
		// Today's runs stay, whatever they take.
		b.config.KeepBytes = 1
		b.reopen()
		b.runFor(2 * time.Hour)
		if left := b.daysLeft(); !slices.Equal(left, []string{"00"}) {
			t.Errorf("left are %v", left)
		}
	})
}
