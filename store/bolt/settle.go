package bolt

import (
	"context"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// Settle implements [store.Claim].
func (c *claim) Settle(ctx context.Context, settlements ...store.Settlement) error {
	if len(settlements) == 0 {
		return ctx.Err()
	}
	if len(settlements) > store.MaxBatch {
		return fmt.Errorf("%w settle: %d settlements, at most %d are allowed", store.ErrInvalid, len(settlements), store.MaxBatch)
	}
	size := 0
	seen := make(map[uint64]bool, len(settlements))
	for i := range settlements {
		set := &settlements[i]
		if err := set.Validate(); err != nil {
			return err
		}
		if seen[set.Seq] {
			return fmt.Errorf("%w settle: event %d stands in it twice", store.ErrInvalid, set.Seq)
		}
		seen[set.Seq] = true
		size += 256*(1+len(set.Runs)) + len(set.Progress)
		for _, m := range set.Marks {
			size += len(m.Key) + len(m.Value)
		}
	}
	// Encode here, on the caller's time. Other goroutines cannot interfere: an
	// event is settled by the claim that holds it.
	heads, err := c.heads(settlements)
	if err != nil {
		return err
	}
	entries := make([]runEntry, len(settlements))
	for i := range settlements {
		if entries[i], err = newRunEntry(&heads[i], c.number, &settlements[i]); err != nil {
			return err
		}
		size += len(entries[i].value)
	}
	return c.store.toQueue.do(ctx, &request{
		items: len(settlements),
		bytes: size,
		check: func(b *batch) error {
			for i := range settlements {
				if err := c.holds(b, settlements[i].Seq); err != nil {
					return err
				}
			}
			return nil
		},
		write: func(b *batch) error {
			for i := range settlements {
				if err := c.settle(b, &settlements[i], &entries[i]); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// holds reports why the claim may not settle an event of this number, or nil.
func (c *claim) holds(b *batch, seq uint64) error {
	c.partition.mu.Lock()
	defer c.partition.mu.Unlock()
	if err := c.fenced(); err != nil {
		return err
	}
	_, held := c.handed[seq]
	if _, settled := b.settled[seq]; !held || settled {
		return fmt.Errorf("%w: event %d is not with this claim", store.ErrFenced, seq)
	}
	return nil
}

// heads reads the events without their bodies.
func (c *claim) heads(settlements []store.Settlement) ([]store.Event, error) {
	heads := make([]store.Event, len(settlements))
	err := c.store.events.view(func(tx *bbolt.Tx) error {
		queue := tx.Bucket(queueBucket)
		for i := range settlements {
			stored := queue.Get(queueKey(settlements[i].Seq, c.number))
			if stored == nil {
				return fmt.Errorf("%w: event %d is not with this claim", store.ErrFenced, settlements[i].Seq)
			}
			var err error
			if heads[i], err = decodeEvent(stored, false); err != nil {
				return err
			}
		}
		return nil
	})
	return heads, err
}

// settle writes one settlement, and leaves to batch.after what follows in memory.
func (c *claim) settle(b *batch, set *store.Settlement, entry *runEntry) error {
	s, tx := c.store, b.tx
	key := queueKey(set.Seq, c.number)
	if err := putRuns(tx, entry, set.Do == store.Done); err != nil {
		return err
	}
	for i := range set.Marks {
		if err := putMark(tx, &set.Marks[i]); err != nil {
			return err
		}
	}
	if set.Keep != nil {
		if err := keep(tx, key, set.Keep); err != nil {
			return err
		}
		keys := set.Keep.Keys
		b.after = append(b.after, func() { s.wakeParked(keys) })
	}
	if set.Do != store.Save {
		b.settled[set.Seq] = struct{}{}
	}
	if set.Do == store.Done {
		if err := clearIntents(tx, set.Seq); err != nil {
			return err
		}
		if err := tx.Bucket(queueBucket).Delete(key); err != nil {
			return err
		}
		b.after = append(b.after, func() { c.finish(set.Seq, nil, false) })
		return tx.Bucket(attemptsBucket).Delete(key)
	}
	c.partition.mu.Lock()
	hash := c.handed[set.Seq]
	c.partition.mu.Unlock()
	a := &attempt{count: set.Attempt, progress: set.Progress, key: hash}
	if set.Do == store.Wait {
		a.waits, a.notBefore, a.forKey, a.on = true, set.NotBefore, set.For, set.On
		arrived := set.For != "" && isKept(tx, set.For)
		b.after = append(b.after, func() { c.finish(set.Seq, a, arrived) })
	}
	bucket := tx.Bucket(attemptsBucket)
	return bucket.Put(key, a.append(make([]byte, 0, 48+len(a.forKey)+len(a.progress))))
}

// finish takes an event from the claim once its settlement is on disk: for good,
// or to wait as a says.
func (c *claim) finish(seq uint64, a *attempt, arrived bool) {
	p := c.partition
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.handed, seq)
	switch {
	case a == nil:
		c.store.queued.Add(-1)
	case arrived || !a.notBefore.After(time.Now()):
		p.push(seq)
		p.wake()
	default:
		c.store.putBack(c.number, seq, a)
	}
}

// wakeParked makes due what waits for a message under one of the keys.
func (s *Store) wakeParked(keys []string) {
	for _, key := range keys {
		for _, e := range s.parked[key] {
			p := s.partitions[e.partition]
			p.mu.Lock()
			p.arrive(e.seq)
			p.mu.Unlock()
		}
		delete(s.parked, key)
	}
}
