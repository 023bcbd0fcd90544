package bolt

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// A transaction takes requests up to these sums, so that its dirty pages and
// the time that its callers wait stay bounded.
const (
	batchItems = 1024
	batchBytes = 4 << 20
)

// request is one caller's part of a transaction.
type request struct {
	items, bytes int

	// check refuses the request before anything is written. May be nil.
	check func(*batch) error
	// write must not touch memory outside of the batch, because it may be run
	// again after another request has failed; what follows a commit goes into
	// batch.after.
	write func(*batch) error

	// alone replaces both for what needs the file itself, between transactions.
	alone func() error

	refused error // by check, in the transaction just tried
	answer  chan error
}

// batch is a transaction being filled.
type batch struct {
	tx         *bbolt.Tx
	now        time.Time
	ids        map[idHash]struct{} // appended by this transaction
	fresh      []idHash            // the same, to be written at its end
	generation time.Time           // that takes them
	settled    map[uint64]struct{} // ended or put back by this transaction
	after      []func()            // run in order once it is committed, before anybody is answered
}

// committer is the one goroutine that writes to a file.
type committer struct {
	file *file
	ch   chan *request
	done chan struct{}

	mu     sync.RWMutex // shared by senders, so that ch is not closed under them
	closed bool

	failed atomic.Pointer[error] // why nothing can be written any more
}

func newCommitter(f *file) *committer {
	c := &committer{file: f, ch: make(chan *request, batchItems), done: make(chan struct{})}
	go c.run()
	return c
}

// do commits r together with whatever else is waiting. Once r is in the queue
// it stays until it is answered, whatever becomes of ctx: the answer must be true.
func (c *committer) do(ctx context.Context, r *request) error {
	if c.file.readOnly {
		return store.ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.answer = make(chan error, 1)
	if err := c.send(ctx, r); err != nil {
		return err
	}
	return <-r.answer
}

func (c *committer) send(ctx context.Context, r *request) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return store.ErrClosed
	}
	select {
	case c.ch <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close commits what is waiting and stops.
func (c *committer) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.ch)
	}
	c.mu.Unlock()
	<-c.done
}

func (c *committer) run() {
	defer close(c.done)
	var next *request // did not fit into the last transaction
	for {
		first := next
		if next = nil; first == nil {
			var ok bool
			if first, ok = <-c.ch; !ok {
				return
			}
		}
		if first.alone != nil {
			first.answer <- first.alone()
			continue
		}
		group := []*request{first}
		items, bytes := first.items, first.bytes
	gather:
		for items < batchItems && bytes < batchBytes {
			select {
			case r, ok := <-c.ch:
				if !ok {
					break gather
				}
				if r.alone != nil || items+r.items > batchItems || bytes+r.bytes > batchBytes {
					next = r
					break gather
				}
				group = append(group, r)
				items, bytes = items+r.items, bytes+r.bytes
			default:
				break gather
			}
		}
		c.commit(group)
	}
}

// commit writes the requests of group in one transaction and answers them. A
// request that fails is answered with its error, and the others go on without it.
func (c *committer) commit(group []*request) {
	for len(group) > 0 {
		if err := c.failed.Load(); err != nil {
			answer(group, *err)
			return
		}
		bad, err := c.try(group)
		switch {
		case bad >= 0:
			group[bad].answer <- err
			group = append(group[:bad:bad], group[bad+1:]...)
		case err != nil && isFull(err):
			answer(group, fmt.Errorf("%w: %w", store.ErrFull, err))
			return
		case err != nil:
			// Nobody knows what a failed sync has left on disk: stop, as the
			// next open will tell.
			answer(group, c.fail(err))
			return
		default:
			answer(group, nil)
			return
		}
	}
}

func (c *committer) fail(err error) error {
	err = fmt.Errorf("%w: cannot write %s, restart sfsync once the disk is well: %w", store.ErrUnavailable, c.file.path, err)
	c.failed.Store(&err)
	return err
}

func answer(group []*request, err error) {
	for _, r := range group {
		if err == nil {
			r.answer <- r.refused
		} else {
			r.answer <- err
		}
	}
}

// try runs the group in one transaction. bad is the index of a request whose
// writing failed, so that it cannot be part of it, or -1.
func (c *committer) try(group []*request) (bad int, err error) {
	bad = -1
	c.file.mu.RLock()
	defer c.file.mu.RUnlock()
	b := batch{now: time.Now(), ids: map[idHash]struct{}{}, settled: map[uint64]struct{}{}}
	err = guard(func() error {
		tx, err := c.file.db.Begin(true)
		if err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after Commit; lets go of the write lock after a panic
		b.tx = tx
		for i, r := range group {
			if r.refused = nil; r.check != nil {
				if r.refused = r.check(&b); r.refused != nil {
					continue
				}
			}
			if err := r.write(&b); err != nil {
				bad = i
				return err
			}
		}
		if len(b.fresh) > 0 {
			if err := writeIDs(tx, b.generation, b.fresh); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
	if err == nil {
		for _, fn := range b.after {
			fn()
		}
	}
	return bad, err
}
