package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"
)

// Errors that every engine returns, wrapped with what happened.
var (
	// ErrFull means that there is no room for new events. Settling still works;
	// append again after some events are settled or old runs are pruned.
	ErrFull = errors.New("store is full")
	// ErrFenced means that the claim has passed to another owner, or that the
	// event is not one that this claim holds.
	ErrFenced = errors.New("claim is no longer held")
	// ErrTakenOver is the kind of ErrFenced that does not end by claiming again: that
	// would take the events from the other owner, who would claim them again too.
	ErrTakenOver = fmt.Errorf("%w: another has taken the events over", ErrFenced)
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrUnavailable means that the store cannot work now: in use elsewhere,
	// failing disk, no quorum. Nothing of the call has taken effect, unless the
	// process dies before the store answers again.
	ErrUnavailable = errors.New("store is unavailable")
	// ErrInUse is the kind of ErrUnavailable that ends when another process, which
	// has the store open, closes it.
	ErrInUse = fmt.Errorf("%w: it is in use", ErrUnavailable)
	// ErrCorrupt means that the stored bytes cannot be read.
	ErrCorrupt = errors.New("store is damaged")
	// ErrConflict means that a compare-and-swap lost: read again and decide anew.
	ErrConflict = errors.New("revision conflict")
	// ErrNotFound means that there is nothing under that name.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous means that a prefix names more than one run.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrInvalid means that the caller's value breaks a limit of this package.
	ErrInvalid = errors.New("invalid")
	// ErrReadOnly means that the store was opened for reading only.
	ErrReadOnly = errors.New("store is open for reading only")
)

// Limits on what a store accepts. Beyond them a call fails with ErrInvalid.
const (
	MaxBatch = 4096     // events in one Append, settlements in one Settle, intents in one Begin
	MaxName  = 1024     // bytes of an id, a key or a type
	MaxOn    = 64       // things that one event waits on
	MaxBody  = 16 << 20 // bytes of an event's body
	MaxValue = 64 << 20 // bytes of a value in State or Marks, and of progress
)

// Partitions is the number of partitions of every store. It never changes:
// the partition of a key is part of the stored format.
const Partitions = 64

// Partition returns the partition of an event key, the same for every engine.
func Partition(key string) uint16 {
	h := fnv.New64a()
	h.Write([]byte(key))
	sum := h.Sum64()
	return uint16((sum ^ sum>>32) % Partitions) // folded: FNV's low bits alone spread short keys badly
}

// Event is something that came in and must be run exactly once.
type Event struct {
	ID   string    // dedupe key, with its source in front: "om/04l…"
	Key  string    // ordering domain: events of one key keep their order
	Type string    // "salesforce.outbound_message", "survey.response", …
	At   time.Time // when it was accepted; now, if zero
	Body []byte    // not changed by the store, and not to be changed by the caller afterwards
}

// Receipt says where an appended event went.
type Receipt struct {
	Partition uint16
	Seq       uint64 // rises within the partition; 0 for a duplicate
	Duplicate bool   // an event of this id was accepted before, within the dedupe window
}

// Store is an engine.
type Store interface {
	// Append makes events durable before it returns: all of them or none. It may
	// be repeated with the same ids: what is already there comes back as a
	// duplicate, also when it stands twice in one call.
	Append(ctx context.Context, events []Event) ([]Receipt, error)

	// Claims hands out the partitions that owner may run from now on. A cluster
	// engine sends and withdraws claims as owners come and go; the embedded one
	// sends all of them at once, and withdraws those of the previous caller. The
	// channel is closed, and all claims are released, when ctx ends.
	Claims(ctx context.Context, owner string) (<-chan Claim, error)

	// Lookup returns the message that a settlement has kept under key, the last
	// appended if there are several (see [Keep]), or ErrNotFound.
	Lookup(ctx context.Context, key string) (Event, error)

	// State returns the small values that commands and the daemon share:
	// connections, the schema cache, and what else has no event.
	State() KV

	// Marks returns the small values that settlements write.
	Marks() KV

	// Runs returns the run log.
	Runs() RunLog

	// Prune drops the run log's days that end before runsBefore, and everything
	// whose own time has run out: kept messages, ids of the dedupe window, values.
	// It gives back the room that is worth it, without stopping what goes on.
	Prune(ctx context.Context, runsBefore time.Time) error

	// Health reports the state of the queue and of its storage.
	Health(ctx context.Context) (Health, error)

	// Close finishes the calls under way and releases the store.
	Close() error
}

// Health is a store's own account of itself.
type Health struct {
	Queued      int       // events not settled yet, the waiting ones included
	Waiting     int       // of these, put back until a time or a message
	Oldest      time.Time // acceptance of the oldest unsettled event that waits for no message, zero when there is none
	Newest      time.Time // that of the unsettled event appended last; ahead of now if the clock was set back
	NextDue     time.Time // when the next waiting event falls due, zero when none waits
	DedupeSince time.Time // ids accepted since then are known; later than the window begins if the cap was reached
	DedupeIDs   int       // ids known
	Used        int64     // bytes in use for events, runs and messages
	Limit       int64     // bytes at which Append answers ErrFull, 0 for none
	Files       []File    // what lies on disk, for an engine that keeps files
	Failed      error     // why every write is refused, nil in health
}

// File is one of an engine's files.
type File struct {
	Name string
	Size int64 // bytes
	Free int64 // bytes inside it that hold nothing
}
