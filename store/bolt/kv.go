package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// kv is a bucket of values. Revisions come from the bucket's sequence, so that a
// key that is deleted and written again never has a revision twice.
type kv struct {
	file   *file
	to     *committer
	bucket []byte
	room   func(b *batch, size int) error // refuses to grow a full file; may be nil
}

func encodeEntry(revision uint64, expires time.Time, value []byte) []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, 17+len(value)), revision)
	return appendBody(appendTime(out, expires), value)
}

func decodeEntry(key, stored []byte) (e store.Entry, err error) {
	r := reader{rest: stored}
	e.Key, e.Revision, e.Expires = string(key), r.uint64(), r.time()
	if r.short {
		return e, fmt.Errorf("%w: the value of %q is cut short", store.ErrCorrupt, key)
	}
	e.Value, err = body(r.rest)
	return e, err
}

// revision returns the revision stored under key, 0 if there is none or it has expired.
func revision(b *bbolt.Bucket, key string, now time.Time) uint64 {
	r := reader{rest: b.Get([]byte(key))}
	revision, expires := r.uint64(), r.time()
	if r.short || over(expires, now) {
		return 0
	}
	return revision
}

func over(expires, now time.Time) bool { return !expires.IsZero() && !now.Before(expires) }

func (s *kv) Get(ctx context.Context, key string) (e store.Entry, err error) {
	err = s.file.view(func(tx *bbolt.Tx) error {
		stored := tx.Bucket(s.bucket).Get([]byte(key))
		if stored == nil {
			return fmt.Errorf("%q %w", key, store.ErrNotFound)
		}
		if e, err = decodeEntry([]byte(key), stored); err != nil {
			return err
		}
		if over(e.Expires, time.Now()) {
			return fmt.Errorf("%q %w: it has expired", key, store.ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return store.Entry{}, err
	}
	return e, ctx.Err()
}

func (s *kv) compare(b *batch, key string, want uint64) error {
	if want == store.AnyRevision {
		return nil
	}
	if have := revision(b.tx.Bucket(s.bucket), key, b.now); have != want {
		return fmt.Errorf("%w: %q has revision %d, not %d", store.ErrConflict, key, have, want)
	}
	return nil
}

func (s *kv) Put(ctx context.Context, e store.Entry) (revision uint64, err error) {
	if err := e.Validate(); err != nil {
		return 0, err
	}
	err = s.to.do(ctx, &request{
		items: 1,
		bytes: len(e.Key) + len(e.Value),
		check: func(b *batch) error {
			if s.room != nil {
				if err := s.room(b, len(e.Value)); err != nil {
					return err
				}
			}
			return s.compare(b, e.Key, e.Revision)
		},
		write: func(b *batch) error {
			bucket := b.tx.Bucket(s.bucket)
			if revision, err = bucket.NextSequence(); err != nil {
				return err
			}
			return bucket.Put([]byte(e.Key), encodeEntry(revision, e.Expires, e.Value))
		},
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

func (s *kv) Delete(ctx context.Context, key string, revision uint64) error {
	return s.to.do(ctx, &request{
		items: 1,
		check: func(b *batch) error { return s.compare(b, key, revision) },
		write: func(b *batch) error { return b.tx.Bucket(s.bucket).Delete([]byte(key)) },
	})
}

func (s *kv) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		from := []byte(prefix)
		for from != nil {
			page, next, err := s.page(prefix, from)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			from = next
		}
	}
}

// A page of a list is read in one transaction, and handed on after it has ended.
const (
	pageEntries = 256
	pageBytes   = 4 << 20
)

// page returns some entries from key on, and where to go on, nil at the end.
func (s *kv) page(prefix string, from []byte) (page []store.Entry, next []byte, err error) {
	now := time.Now()
	err = s.file.view(func(tx *bbolt.Tx) error {
		size := 0
		c := tx.Bucket(s.bucket).Cursor()
		for key, stored := c.Seek(from); bytes.HasPrefix(key, []byte(prefix)) && key != nil; key, stored = c.Next() {
			if len(page) == pageEntries || size > pageBytes {
				next = bytes.Clone(key)
				return nil
			}
			e, err := decodeEntry(key, stored)
			if err != nil {
				return err
			}
			if over(e.Expires, now) {
				continue
			}
			page = append(page, e)
			size += len(e.Value)
		}
		return nil
	})
	return page, next, err
}

// putMark writes a mark of a settlement.
func putMark(tx *bbolt.Tx, m *store.Mark) error {
	bucket := tx.Bucket(marksBucket)
	if len(m.Value) == 0 {
		return bucket.Delete([]byte(m.Key))
	}
	revision, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	return bucket.Put([]byte(m.Key), encodeEntry(revision, m.Expires, m.Value))
}

// sweep deletes expired values, some hundred a transaction.
func (s *kv) sweep(ctx context.Context) error {
	from := []byte{}
	for from != nil {
		now := time.Now()
		var expired [][]byte
		next, seen := []byte(nil), 0
		err := s.file.view(func(tx *bbolt.Tx) error {
			c := tx.Bucket(s.bucket).Cursor()
			for key, stored := c.Seek(from); key != nil; key, stored = c.Next() {
				if seen++; seen > 16*pageEntries || len(expired) == pageEntries {
					next = bytes.Clone(key)
					return nil
				}
				r := reader{rest: stored}
				r.uint64()
				if over(r.time(), now) {
					expired = append(expired, bytes.Clone(key))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.deleteExpired(ctx, expired); err != nil {
			return err
		}
		from = next
	}
	return nil
}

func (s *kv) deleteExpired(ctx context.Context, keys [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	return s.to.do(ctx, &request{
		items: len(keys),
		write: func(b *batch) error {
			bucket := b.tx.Bucket(s.bucket)
			for _, key := range keys {
				// Written anew since it was found, perhaps.
				if revision(bucket, string(key), b.now) != 0 {
					continue
				}
				if err := bucket.Delete(key); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
