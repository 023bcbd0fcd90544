package bolt

import (
	"bytes"
	"context"
	"errors"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Prune implements [store.Store]. Every bucket it drops is a transaction of its
// own, so that nobody waits long behind it.
func (s *Store) Prune(ctx context.Context, runsBefore time.Time) error {
	now := time.Now()
	var runs, kept, ids [][]byte
	err := s.events.view(func(tx *bbolt.Tx) error {
		runs = bucketsBefore(tx.Bucket(runsBucket), dayName(runsBefore))
		kept = bucketsBefore(tx.Bucket(keptBucket), dayName(now))
		ids = s.known.stale(tx, now)
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.dropBuckets(ctx, runsBucket, runs); err != nil {
		return err
	}
	if err := s.dropBuckets(ctx, keptBucket, kept); err != nil {
		return err
	}
	if err := s.dropBuckets(ctx, idsBucket, ids); err != nil {
		return err
	}
	for _, values := range []*kv{s.State().(*kv), s.Marks().(*kv)} {
		if err := values.sweep(ctx); err != nil {
			return err
		}
	}
	return s.giveBack(ctx)
}

// giveBack compacts events.db once a burst, or what was pruned, has left most of
// it empty. Below a quarter in use, the copy costs little next to what it frees.
func (s *Store) giveBack(ctx context.Context) error {
	used, size := s.events.usage()
	if size < s.options.CompactFrom || used > size/4 {
		return nil
	}
	return s.Compact(ctx)
}

// bucketsBefore returns the names of the buckets of days before the given one.
func bucketsBefore(parent *bbolt.Bucket, day []byte) (names [][]byte) {
	c := parent.Cursor()
	for name, _ := c.First(); name != nil && bytes.Compare(name, day) < 0; name, _ = c.Next() {
		names = append(names, bytes.Clone(name))
	}
	return names
}

func (s *Store) dropBuckets(ctx context.Context, parent []byte, names [][]byte) error {
	for _, name := range names {
		err := s.toQueue.do(ctx, &request{
			items: batchItems,
			write: func(b *batch) error {
				err := b.tx.Bucket(parent).DeleteBucket(name)
				if errors.Is(err, berrors.ErrBucketNotFound) {
					return nil // another Prune was faster
				}
				return err
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
