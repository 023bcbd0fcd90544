package receiver

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// errOverload means that there is no room for a request, and there was none for as
// long as it could wait.
var errOverload = errors.New("too many requests at once")

// A gate lets requests in while their bodies fit into memory, in the order in which
// they came; the others wait outside with their bodies unread, up to a number and a
// time. A body holds the room that it announces, so whoever announces much and sends
// slowly could keep everybody out: while somebody waits, a body that takes longer
// than the grace to arrive is cut off.
type gate struct {
	patience, grace time.Duration
	maxBytes        int64
	maxRequests     int

	mu      sync.Mutex
	bytes   int64     // spoken for
	working int       // tickets given out
	waiting list.List // of *waiter, the first first
	reading list.List // of *ticket, the first admitted first
	sweeper *time.Timer
}

type waiter struct {
	ticket   *ticket
	admitted chan struct{}
}

// ticket is the room that a request has.
type ticket struct {
	gate    *gate
	bytes   int64
	cut     func() // makes the reading of the body fail
	since   time.Time
	reading *list.Element // nil once the body has arrived, or is cut off
	wasCut  bool
}

func newGate(maxBytes int64, maxRequests int, patience, grace time.Duration) *gate {
	g := &gate{maxBytes: maxBytes, maxRequests: maxRequests, patience: patience, grace: grace}
	return g
}

// enter waits until there is room for a body of n bytes. Cut is called if the body
// is too slow, never after arrived or leave; it must not block. The error is
// errOverload, or that of ctx.
func (g *gate) enter(ctx context.Context, n int64, cut func()) (*ticket, error) {
	t := &ticket{gate: g, bytes: n, cut: cut}
	g.mu.Lock()
	if g.waiting.Len() == 0 && g.fits(n) {
		g.admit(t)
		g.mu.Unlock()
		return t, nil
	}
	if g.working+g.waiting.Len() >= g.maxRequests {
		g.mu.Unlock()
		return nil, errOverload
	}
	w := &waiter{ticket: t, admitted: make(chan struct{})}
	place := g.waiting.PushBack(w)
	g.sweep()
	g.mu.Unlock()

	patience := time.NewTimer(g.patience)
	defer patience.Stop()
	err := errOverload
	select {
	case <-w.admitted:
		return t, nil
	case <-patience.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.admitted: // in the same moment
		return t, nil
	default:
	}
	g.waiting.Remove(place)
	g.next() // a smaller one behind may fit
	return nil, err
}

func (g *gate) fits(n int64) bool {
	return g.bytes+n <= g.maxBytes && g.working < g.maxRequests
}

func (g *gate) admit(t *ticket) {
	g.bytes += t.bytes
	g.working++
	t.since = time.Now()
	t.reading = g.reading.PushBack(t)
}

// next lets in who fits now.
func (g *gate) next() {
	for e := g.waiting.Front(); e != nil; e = g.waiting.Front() {
		w := e.Value.(*waiter)
		if !g.fits(w.ticket.bytes) {
			break
		}
		g.waiting.Remove(e)
		g.admit(w.ticket)
		close(w.admitted)
	}
	g.sweep()
}

// sweep cuts off the bodies that keep others waiting for too long, and comes back
// when the next one does.
func (g *gate) sweep() {
	if g.waiting.Len() == 0 {
		return
	}
	for e := g.reading.Front(); e != nil; e = g.reading.Front() {
		t := e.Value.(*ticket)
		if left := g.grace - time.Since(t.since); left > 0 {
			if g.sweeper == nil {
				g.sweeper = time.AfterFunc(left, func() {
					g.mu.Lock()
					g.sweeper = nil
					g.sweep()
					g.mu.Unlock()
				})
			}
			return
		}
		g.reading.Remove(e)
		t.reading, t.wasCut = nil, true
		t.cut()
	}
}

// arrived says that the body is here and has n bytes.
func (t *ticket) arrived(n int64) {
	g := t.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	t.read()
	g.bytes -= t.bytes - n
	t.bytes = n
	g.next()
}

// leave gives the room back.
func (t *ticket) leave() {
	g := t.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	t.read()
	g.bytes -= t.bytes
	g.working--
	g.next()
}

func (t *ticket) read() {
	if t.reading != nil {
		t.gate.reading.Remove(t.reading)
		t.reading = nil
	}
}

// tooSlow reports whether the body was cut off.
func (t *ticket) tooSlow() bool {
	t.gate.mu.Lock()
	defer t.gate.mu.Unlock()
	return t.wasCut
}

func (g *gate) load() (working, waiting int, bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.working, g.waiting.Len(), g.bytes
}
