package bolt

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sfsync/sfsync/store"
)

// Append implements [store.Store].
func (s *Store) Append(ctx context.Context, events []store.Event) ([]store.Receipt, error) {
	if len(events) == 0 {
		return nil, ctx.Err()
	}
	if len(events) > store.MaxBatch {
		return nil, fmt.Errorf("%w append: %d events, at most %d are allowed", store.ErrInvalid, len(events), store.MaxBatch)
	}
	// Hashing and compressing happen here, on the caller's time.
	type entry struct {
		id     idHash
		record []byte
	}
	now := time.Now()
	entries := make([]entry, len(events))
	receipts := make([]store.Receipt, len(events))
	room := 0
	for i := range events {
		room += eventRoom(&events[i])
	}
	pooled := records.Get().(*[]byte)
	buf := slices.Grow((*pooled)[:0], room)
	defer func() {
		if *pooled = buf; cap(buf) <= batchBytes/4 {
			records.Put(pooled)
		}
	}()
	size := 0
	for i := range events {
		e := events[i]
		if err := e.Validate(); err != nil {
			return nil, err
		}
		if e.At.IsZero() {
			e.At = now
		}
		from := len(buf)
		buf = appendEvent(buf, &e)
		entries[i] = entry{hashID(e.ID), buf[from:len(buf):len(buf)]}
		receipts[i].Partition = store.Partition(e.Key)
		size += len(entries[i].record)
	}
	err := s.toQueue.do(ctx, &request{
		items: len(events),
		bytes: size,
		check: func(b *batch) error { return s.room(b, size) },
		write: func(b *batch) error {
			queue := b.tx.Bucket(queueBucket)
			queue.FillPercent = 1 // sequential: no page is ever split in the middle
			ids := make([]idHash, 0, len(entries))
			for i := range entries {
				r := &receipts[i]
				r.Seq, r.Duplicate = 0, false
				id := entries[i].id
				_, twice := b.ids[id]
				if twice || s.known.has(id, b.now) {
					r.Duplicate = true
					continue
				}
				seq, err := queue.NextSequence()
				if err != nil {
					return err
				}
				if err := queue.Put(queueKey(seq, r.Partition), entries[i].record); err != nil {
					return err
				}
				r.Seq = seq
				b.ids[id] = struct{}{}
				ids = append(ids, id)
			}
			if len(ids) == 0 {
				return nil
			}
			if b.generation.IsZero() {
				b.generation = s.known.current(b.now)
			}
			b.fresh = append(b.fresh, ids...)
			b.after = append(b.after, func() {
				s.known.add(b.generation, ids, b.now)
				s.queued.Add(int64(len(ids)))
				for i := range receipts {
					if !receipts[i].Duplicate {
						s.makeReady(receipts[i].Partition, receipts[i].Seq)
					}
				}
			})
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return receipts, nil
}

// records holds what is being appended: bbolt has copied it into pages once it has
// answered.
var records = sync.Pool{New: func() any { return new([]byte) }}

func (s *Store) makeReady(number uint16, seq uint64) {
	p := s.partitions[number]
	p.mu.Lock()
	p.push(seq)
	p.wake()
	p.mu.Unlock()
}

// room refuses what would grow events.db beyond its limit. Settling and deleting
// do not ask: they make room in the end, though they write before they free.
func (s *Store) room(b *batch, size int) error {
	limit := s.options.MaxSize
	if limit == 0 {
		return nil
	}
	if used := usedBy(b.tx); used+int64(size) > limit {
		return fmt.Errorf("%w: %d of %d bytes are in use", store.ErrFull, used, limit)
	}
	return nil
}
