package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// Options tune a store. The zero value is right for most.
type Options struct {
	// MaxSize is how much of events.db may be in use, in bytes, before Append
	// answers ErrFull; 0 for no bound, else at least 1 MiB. Settling goes on and
	// may need some megabytes more.
	MaxSize int64
	// DedupeWindow is how long an event id is known; 72 hours if 0.
	DedupeWindow time.Duration
	// MaxIDs caps the ids known at once; two million if 0, which is about 52 MB
	// of memory. Beyond it the window gets shorter, as Health shows.
	MaxIDs int
	// CompactFrom is the size of events.db, in bytes, from which Prune writes it
	// anew when less than a quarter of it is in use; 256 MiB if 0.
	CompactFrom int64
	// ReadOnly opens a store that no other process writes. Only Lookup, Runs,
	// State, Marks and Health work; any number of processes may do so at once.
	ReadOnly bool
}

// Store is the embedded engine. It implements [store.Store].
type Store struct {
	options Options
	state   *file
	events  *file
	toState *committer
	toQueue *committer

	known      known
	partitions [store.Partitions]*partition
	queued     atomic.Int64
	parked     map[string][]parkedEvent // by message key; only the committer of events.db touches it

	mu     sync.Mutex
	tenure *tenure // of the last caller of Claims
	closed bool
}

type parkedEvent struct {
	partition uint16
	seq       uint64
}

var _ store.Store = (*Store)(nil)

var (
	queueBucket    = []byte("queue")
	attemptsBucket = []byte("attempts")
	intentsBucket  = []byte("intents")
	keptBucket     = []byte("kept")
	runsBucket     = []byte("runs")
	marksBucket    = []byte("marks")
	stateBucket    = []byte("state")
)

// Open opens the store in dir, and makes it if there is none. It fails with
// ErrInUse while another process has it open, with ErrCorrupt on files whose content
// cannot be read, and with ErrUnavailable when the system does not give them out: it
// wraps the system's reason, as fs.ErrPermission or syscall.EROFS.
func Open(dir string, o Options) (*Store, error) {
	if o.DedupeWindow == 0 {
		o.DedupeWindow = 72 * time.Hour
	}
	if o.MaxIDs == 0 {
		o.MaxIDs = 2_000_000
	}
	if o.CompactFrom == 0 {
		o.CompactFrom = 256 << 20
	}
	if o.MaxSize != 0 && o.MaxSize < 1<<20 {
		return nil, fmt.Errorf("%w store size %d: at least 1 MiB is needed", store.ErrInvalid, o.MaxSize)
	}
	if !o.ReadOnly {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("%w: cannot make the store's directory: %w", store.ErrUnavailable, err)
		}
	}
	s := &Store{
		options: o,
		known:   known{window: o.DedupeWindow, max: o.MaxIDs},
		parked:  map[string][]parkedEvent{},
	}
	for i := range s.partitions {
		s.partitions[i] = newPartition()
	}
	// state.db first: whoever has it has the store, also while events.db is
	// swapped by a compaction.
	var err error
	s.state, err = openFile(filepath.Join(dir, "state.db"), o.ReadOnly, stateBucket)
	if err != nil {
		return nil, err
	}
	s.events, err = openFile(filepath.Join(dir, "events.db"), o.ReadOnly, queueBucket, attemptsBucket,
		intentsBucket, idsBucket, keptBucket, runsBucket, marksBucket)
	if err != nil {
		s.state.close()
		return nil, err
	}
	if err := s.events.view(s.load); err != nil {
		s.state.close()
		s.events.close()
		return nil, openError(s.events.path, err)
	}
	s.toState = newCommitter(s.state)
	s.toQueue = newCommitter(s.events)
	return s, nil
}

// load builds what is in memory from what is on disk.
func (s *Store) load(tx *bbolt.Tx) error {
	attempts := tx.Bucket(attemptsBucket)
	queue := tx.Bucket(queueBucket)
	tries := attempts.Cursor()
	tried, record := tries.First()
	keys := queue.Cursor()
	for key, _ := keys.First(); key != nil; key, _ = keys.Next() {
		seq, number, err := parseQueueKey(key)
		if err != nil {
			return err
		}
		s.queued.Add(1)
		p := s.partitions[number]
		// Both buckets have the same order of keys.
		if string(tried) != string(key) {
			p.ready = append(p.ready, seq) // seqs rise, so this is a heap
			continue
		}
		a, err := decodeAttempt(record)
		if err != nil {
			return err
		}
		tried, record = tries.Next()
		if !a.waits || a.forKey != "" && isKept(tx, a.forKey) {
			p.ready = append(p.ready, seq)
			continue
		}
		s.putBack(number, seq, &a)
	}
	if s.options.ReadOnly {
		return nil // nothing is appended, so nobody asks for ids
	}
	return s.known.load(tx, time.Now())
}

// putBack makes an event wait. The partition must be locked, or not yet shared.
func (s *Store) putBack(number uint16, seq uint64, a *attempt) {
	s.partitions[number].wait(waiting{due: a.notBefore.UnixNano(), seq: seq, key: a.key, parked: a.forKey != "", on: markOn(a.on...)})
	if a.forKey != "" {
		s.parked[a.forKey] = append(s.parked[a.forKey], parkedEvent{number, seq})
	}
}

// State returns the values in state.db.
func (s *Store) State() store.KV { return &kv{file: s.state, to: s.toState, bucket: stateBucket} }

// Marks returns the values that settlements write into events.db.
func (s *Store) Marks() store.KV {
	return &kv{file: s.events, to: s.toQueue, bucket: marksBucket, room: s.room}
}

// Runs returns the run log.
func (s *Store) Runs() store.RunLog { return &runLog{s.events} }

// Health reports on the queue and the files.
func (s *Store) Health(ctx context.Context) (store.Health, error) {
	now := time.Now()
	h := store.Health{Queued: int(s.queued.Load()), Limit: s.options.MaxSize}
	parked := map[parkedEvent]bool{}
	for number, p := range s.partitions {
		p.mu.Lock()
		p.fallDue(now)
		if p.parked > 0 {
			for _, w := range p.waits {
				if w.parked {
					parked[parkedEvent{uint16(number), w.seq}] = true
				}
			}
		}
		h.Waiting += len(p.waits)
		if due := p.due(); !due.IsZero() && (h.NextDue.IsZero() || due.Before(h.NextDue)) {
			h.NextDue = due
		}
		p.mu.Unlock()
	}
	h.DedupeSince, h.DedupeIDs = s.known.since(now)
	if first := now.Add(-s.options.DedupeWindow); h.DedupeSince.Before(first) {
		h.DedupeSince = first
	}
	err := s.events.view(func(tx *bbolt.Tx) error {
		queue := tx.Bucket(queueBucket).Cursor()
		key, value := queue.First()
		for ; key != nil; key, value = queue.Next() {
			seq, number, err := parseQueueKey(key)
			if err != nil {
				return err
			}
			if !parked[parkedEvent{number, seq}] {
				break
			}
		}
		if key != nil {
			oldest, err := decodeEvent(value, false)
			if err != nil {
				return err
			}
			h.Oldest = oldest.At
		}
		if key, value = queue.Last(); key == nil {
			return nil
		}
		newest, err := decodeEvent(value, false)
		h.Newest = newest.At
		return err
	})
	if err != nil {
		return h, err
	}
	for _, f := range []*file{s.state, s.events} {
		used, size := f.usage()
		h.Files = append(h.Files, store.File{Name: f.path, Size: size, Free: max(0, size-used)})
		h.Used = used // of events.db, the last
	}
	for _, c := range []*committer{s.toState, s.toQueue} {
		if err := c.failed.Load(); err != nil {
			h.Failed = *err
		}
	}
	return h, ctx.Err()
}

// Close commits what callers have handed in, ends all claims and closes the files.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	t := s.tenure
	s.mu.Unlock()
	if t != nil {
		t.end(store.ErrClosed)
	}
	s.toQueue.close()
	s.toState.close()
	err := s.events.close()
	if stateErr := s.state.close(); err == nil {
		err = stateErr
	}
	return err
}

// nextEpoch raises the epoch on disk.
func nextEpoch(tx *bbolt.Tx) (uint64, error) {
	b := tx.Bucket(metaBucket)
	epoch, _ := binary.Uvarint(b.Get([]byte("epoch")))
	epoch++
	return epoch, b.Put([]byte("epoch"), binary.AppendUvarint(nil, epoch))
}
