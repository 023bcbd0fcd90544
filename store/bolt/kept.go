package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// Kept messages lie in a bucket for the day until which they are kept, with
// their keys, so that expiry drops a bucket and needs no second index.
var (
	keptEvents = []byte("events")
	keptKeys   = []byte("keys")
)

// dayLayout names the buckets by day, in an order that is that of time.
const dayLayout = "20060102"

func dayName(t time.Time) []byte { return []byte(t.UTC().Format(dayLayout)) }

// keep copies the queued event to where Lookup finds it.
func keep(tx *bbolt.Tx, queued []byte, k *store.Keep) error {
	stored := tx.Bucket(queueBucket).Get(queued)
	day, err := tx.Bucket(keptBucket).CreateBucketIfNotExists(dayName(k.Until))
	if err != nil {
		return err
	}
	events, err := day.CreateBucketIfNotExists(keptEvents)
	if err != nil {
		return err
	}
	keys, err := day.CreateBucketIfNotExists(keptKeys)
	if err != nil {
		return err
	}
	// Cloned, as the value lies in a page that this transaction may move.
	if err := events.Put(queued, bytes.Clone(stored)); err != nil {
		return err
	}
	for _, key := range k.Keys {
		if bytes.Compare(keys.Get([]byte(key)), queued) > 0 {
			continue // of an event appended later, which took less time
		}
		if err := keys.Put([]byte(key), queued); err != nil {
			return err
		}
	}
	return nil
}

// findKept returns the stored event under key, or nil. The last one appended is in
// the latest day, as callers keep for a constant time.
func findKept(tx *bbolt.Tx, key string) []byte {
	all := tx.Bucket(keptBucket)
	c := all.Cursor()
	for name, _ := c.Last(); name != nil; name, _ = c.Prev() {
		day := all.Bucket(name)
		if queued := day.Bucket(keptKeys).Get([]byte(key)); queued != nil {
			return day.Bucket(keptEvents).Get(queued)
		}
	}
	return nil
}

func isKept(tx *bbolt.Tx, key string) bool { return findKept(tx, key) != nil }

// Lookup implements [store.Store].
func (s *Store) Lookup(ctx context.Context, key string) (e store.Event, err error) {
	err = s.events.view(func(tx *bbolt.Tx) error {
		stored := findKept(tx, key)
		if stored == nil {
			return fmt.Errorf("message %q %w", key, store.ErrNotFound)
		}
		e, err = decodeEvent(stored, true)
		return err
	})
	if err == nil {
		err = ctx.Err()
	}
	return e, err
}
