package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/sfsync/sfsync/store/bolt"
)

// retention bounds what the store keeps.
type retention struct {
	store  *bolt.Store
	keep   time.Duration // how long runs are kept, unless the store fills up
	logger *slog.Logger
}

// A file is compacted when it is larger than compactFrom, in bytes, and less than a
// quarter of it is in use.
const (
	compactFrom  = 256 << 20
	compactShare = 4
)

// apply drops what is too old, then days of the run log, oldest first, while the
// store is nearly full, and gives back to the disk what a burst has left.
func (r retention) apply(ctx context.Context, now time.Time) error {
	before := now.Add(-r.keep)
	if err := r.store.Prune(ctx, before); err != nil {
		return err
	}
	for {
		h, err := r.store.Health(ctx)
		if err != nil {
			return err
		}
		if h.Limit == 0 || float64(h.Used) <= nearlyFull*float64(h.Limit) || now.Sub(before) <= 24*time.Hour {
			break
		}
		before = before.Add(max(24*time.Hour, now.Sub(before)/8))
		r.logger.Warn("the store is nearly full: older runs are dropped", "used", h.Used, "limit", h.Limit, "runs_before", before)
		if err := r.store.Prune(ctx, before); err != nil {
			return err
		}
	}
	h, err := r.store.Health(ctx)
	if err != nil {
		return err
	}
	for _, f := range h.Files {
		if filepath.Base(f.Name) == "events.db" && f.Size > compactFrom && f.Size-f.Free < f.Size/compactShare {
			r.logger.Info("compacting the store", "file", f.Name, "size", f.Size, "free", f.Free)
			return r.store.Compact(ctx)
		}
	}
	return nil
}
