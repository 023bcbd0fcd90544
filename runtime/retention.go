package runtime

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/store"
)

// pruneEvery is how often the store is pruned.
const pruneEvery = time.Hour

// prunedKey is where the store remembers when it was pruned, so that short runs
// one after the other do not prune each time.
const prunedKey = "pruned"

// keepTidy prunes the store until ctx ends.
func (e *Engine) keepTidy(ctx context.Context) {
	for {
		wait, err := e.tidy(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			e.config.Logger.Warn("cannot prune the store", "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// tidy prunes the store if it is time, and returns how long to wait for the next time.
func (e *Engine) tidy(ctx context.Context, now time.Time) (time.Duration, error) {
	state := e.config.Store.State()
	last, err := state.Get(ctx, prunedKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return pruneEvery, err
	}
	if len(last.Value) == 8 {
		at := time.Unix(0, int64(binary.BigEndian.Uint64(last.Value)))
		if since := now.Sub(at); since >= 0 && since < pruneEvery {
			return pruneEvery - since, nil
		}
	}
	if err := e.prune(ctx, now); err != nil {
		return pruneEvery, err
	}
	_, err = state.Put(ctx, store.Entry{Key: prunedKey, Value: binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano())), Revision: store.AnyRevision})
	return pruneEvery, err
}

// ever is longer than any run log is kept.
const ever = 20 * 365 * 24 * time.Hour

// prune drops what is older than KeepRuns, and while the store holds more than
// KeepBytes also the oldest days after that. What waits, and what failed and can be
// tried again, is not part of the run log and stays.
func (e *Engine) prune(ctx context.Context, now time.Time) error {
	s, before := e.config.Store, now.Add(-cmp.Or(e.config.KeepRuns, ever))
	if err := s.Prune(ctx, before); err != nil || e.config.KeepBytes == 0 {
		return err
	}
	for {
		health, err := s.Health(ctx)
		if err != nil {
			return err
		}
		if health.Used <= e.config.KeepBytes {
			return nil
		}
		oldest, err := e.nextDay(ctx, before, now)
		if err != nil {
			return err
		}
		if oldest.IsZero() {
			e.config.Logger.Warn("the store holds more than it should, and nothing is left that may be dropped",
				"bytes", health.Used, "limit", e.config.KeepBytes)
			return nil
		}
		before = oldest.AddDate(0, 0, 1)
		if err := s.Prune(ctx, before); err != nil {
			return err
		}
		e.config.Logger.Info("dropped the run log's oldest day, since the store holds too much",
			"day", oldest.Format(time.DateOnly), "bytes", health.Used, "limit", e.config.KeepBytes)
	}
}

// nextDay returns the first day from the given one on that has runs, before today;
// zero if none has.
func (e *Engine) nextDay(ctx context.Context, from, now time.Time) (time.Time, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	for day := from.UTC().Truncate(24 * time.Hour); day.Before(today); day = day.AddDate(0, 0, 1) {
		for _, err := range e.config.Store.Runs().List(ctx, store.Filter{Since: day, Until: day.AddDate(0, 0, 1), Limit: 1}) {
			if err != nil {
				return time.Time{}, fmt.Errorf("cannot find the run log's oldest day: %w", err)
			}
			return day, nil
		}
	}
	return time.Time{}, nil
}
