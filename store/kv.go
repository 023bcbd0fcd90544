package store

import (
	"context"
	"iter"
	"math"
	"time"
)

// AnyRevision makes Put and Delete unconditional.
const AnyRevision = math.MaxUint64

// KV holds small values by key. Every change of a value changes its revision.
type KV interface {
	// Get returns the entry of key, or ErrNotFound.
	Get(ctx context.Context, key string) (Entry, error)

	// Put writes an entry if the stored revision is still entry.Revision: 0 for
	// a key that must not exist, AnyRevision for whatever is there. It returns
	// the new revision, or ErrConflict.
	Put(ctx context.Context, entry Entry) (uint64, error)

	// Delete removes a key on the same condition. Deleting what is not there is
	// no error with AnyRevision.
	Delete(ctx context.Context, key string, revision uint64) error

	// List yields the entries whose keys begin with prefix, in the order of keys.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
}

// Entry is a value with its key. After Expires it is as if deleted.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64
	Expires  time.Time // zero for never
}
