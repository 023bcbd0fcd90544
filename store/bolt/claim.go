package bolt

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// tenure is one owner's time with all the partitions.
type tenure struct {
	store  *Store
	epoch  uint64
	ctx    context.Context
	cancel context.CancelCauseFunc
	claims chan store.Claim
	once   sync.Once
}

// Claims hands out all partitions at once. A second call takes them from the
// first caller, whose claims are fenced from then on.
func (s *Store) Claims(ctx context.Context, owner string) (<-chan store.Claim, error) {
	t := &tenure{store: s, claims: make(chan store.Claim, store.Partitions)}
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	err := s.toQueue.do(ctx, &request{
		items: 1,
		write: func(b *batch) (err error) {
			t.epoch, err = nextEpoch(b.tx)
			b.after = append(b.after, func() { s.install(t, owner) })
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() {
		t.end(fmt.Errorf("%w: %w", store.ErrFenced, context.Cause(ctx)))
	})
	return t.claims, nil
}

func (s *Store) install(t *tenure, owner string) {
	s.mu.Lock()
	before := s.tenure
	s.tenure = t
	s.mu.Unlock()
	if before != nil {
		before.end(fmt.Errorf("%w: by %s", store.ErrTakenOver, owner))
	}
	for i, p := range s.partitions {
		p.mu.Lock()
		p.release(t.epoch)
		p.mu.Unlock()
		t.claims <- &claim{t, uint16(i), p}
	}
}

// end withdraws the claims: what they held is for the next owner.
func (t *tenure) end(cause error) {
	t.once.Do(func() {
		t.cancel(cause)
		for _, p := range t.store.partitions {
			p.mu.Lock()
			if p.epoch == t.epoch {
				p.release(0)
			}
			p.mu.Unlock()
		}
		close(t.claims)
	})
}

// claim is one partition within a tenure.
type claim struct {
	*tenure
	number uint16
	*partition
}

func (c *claim) Partition() uint16        { return c.number }
func (c *claim) Epoch() uint64            { return c.tenure.epoch }
func (c *claim) Context() context.Context { return c.ctx }
func (c *claim) Ready() <-chan struct{}   { return c.signal }

// fenced returns why the claim is no longer held, or nil. The partition must be
// locked.
func (c *claim) fenced() error {
	if c.partition.epoch == c.tenure.epoch {
		return nil
	}
	if cause := context.Cause(c.ctx); cause != nil {
		return cause
	}
	return store.ErrFenced
}

func (c *claim) Next(ctx context.Context, max int) (items []store.Item, due time.Time, err error) {
	// What turns out to be held back leaves room for others.
	for len(items) < max {
		more, next, err := c.next(ctx, max-len(items))
		if err != nil {
			return items, next, err
		}
		due = next
		if more == nil {
			break
		}
		items = append(items, more...)
	}
	return items, due, nil
}

// Wake implements [store.Claim].
func (c *claim) Wake(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, hash := c.partition, hashKey(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := c.fenced(); err != nil {
		return err
	}
	for {
		i := slices.IndexFunc(p.waits, func(w waiting) bool { return w.key == hash })
		if i < 0 {
			return nil
		}
		p.unwait(i)
		p.wake()
	}
}

// WakeOn implements [store.Claim].
func (c *claim) WakeOn(ctx context.Context, what string, most int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	p := c.partition
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := c.fenced(); err != nil {
		return 0, err
	}
	mark := uint32(math.MaxUint32)
	if what != "" {
		mark = markOn(what)
	}
	return p.wakeOn(mark, most), nil
}

// next takes up to max ready events, and returns nil when there are none.
func (c *claim) next(ctx context.Context, max int) ([]store.Item, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	p := c.partition
	p.mu.Lock()
	if err := c.fenced(); err != nil {
		p.mu.Unlock()
		return nil, time.Time{}, err
	}
	p.fallDue(time.Now())
	seqs := p.candidates(max)
	due := p.due()
	p.mu.Unlock()
	if len(seqs) == 0 {
		return nil, due, nil
	}

	// Read without the lock, which the committer needs.
	items, err := c.store.read(c.number, seqs)

	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		err = c.fenced()
	}
	if err != nil {
		for _, seq := range seqs {
			p.push(seq)
		}
		return nil, due, err
	}
	ours := items[:0]
	for _, item := range items {
		key := hashKey(item.Key)
		if p.blocked(item.Seq, key) {
			continue
		}
		p.handed[item.Seq] = key
		ours = append(ours, item)
	}
	return ours, due, nil
}

// read returns the stored events of the given sequence numbers.
func (s *Store) read(number uint16, seqs []uint64) ([]store.Item, error) {
	items := make([]store.Item, len(seqs))
	err := s.events.view(func(tx *bbolt.Tx) error {
		queue, attempts := tx.Bucket(queueBucket), tx.Bucket(attemptsBucket)
		intents := tx.Bucket(intentsBucket).Cursor()
		for i, seq := range seqs {
			key := queueKey(seq, number)
			stored := queue.Get(key)
			if stored == nil {
				return fmt.Errorf("%w: event %d is not in the queue", store.ErrCorrupt, seq)
			}
			e, err := decodeEvent(stored, true)
			if err != nil {
				return err
			}
			items[i] = store.Item{Event: e, Seq: seq, Begun: begun(intents, seq)}
			if stored := attempts.Get(key); stored != nil {
				a, err := decodeAttempt(stored)
				if err != nil {
					return err
				}
				items[i].Attempt, items[i].NotBefore, items[i].For, items[i].Progress = a.count, a.notBefore, a.forKey, a.progress
			}
		}
		return nil
	})
	return items, err
}
