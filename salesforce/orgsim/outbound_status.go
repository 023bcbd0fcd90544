package orgsim

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"strings"
	"time"
)

// OutboundStatus is what became of one definition's messages, as the page "View Message Delivery
// Status" of Setup shows it.
type OutboundStatus struct {
	Name     string         `json:"name"`
	ActionID string         `json:"actionId"` // 04k…
	Object   string         `json:"object"`
	Endpoint string         `json:"endpoint"`
	Counts   OutboundCounts `json:"counts"`
	// Notifications are those that are queued, under way, or dropped; the next to be sent first.
	Notifications []QueuedNotification `json:"notifications"`
}

// OutboundCounts are counts since the definition was made, or the org reset.
type OutboundCounts struct {
	Queued     int `json:"queued"`     // notifications that were queued
	Merged     int `json:"merged"`     // changes that a notification shows which was queued before them
	Suppressed int `json:"suppressed"` // changes by users who may not send outbound messages
	Overflow   int `json:"overflow"`   // changes for which the queue had no room
	Messages   int `json:"messages"`   // messages that were sent, each attempt by itself
	Failures   int `json:"failures"`   // of them, without an Ack
	Delivered  int `json:"delivered"`  // notifications with an Ack
	Duplicates int `json:"duplicates"` // of them, sent once more
	Dropped    int `json:"dropped"`    // notifications that got too old
}

// QueuedNotification is a notification without an Ack. Its times are those of the sender's clock.
type QueuedNotification struct {
	ID          string    `json:"id"` // 04l…
	Record      string    `json:"record"`
	State       string    `json:"state"` // "queued", "sending" or "dropped"
	Queued      time.Time `json:"queued"`
	Expires     time.Time `json:"expires"`
	Attempts    int       `json:"attempts"`
	NextAttempt time.Time `json:"nextAttempt,omitzero"` // zero if there is none before it expires
	LastError   string    `json:"lastError,omitempty"`
}

// OutboundStatus returns the delivery status of all outbound messages, by name.
func (g *Org) OutboundStatus() []OutboundStatus {
	b := &g.outbox
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]OutboundStatus, 0, len(b.queues))
	for _, q := range b.queues {
		s := OutboundStatus{Name: q.def.Name, ActionID: q.actionID, Object: q.def.view.name, Endpoint: q.def.Endpoint, Counts: q.counts}
		list := make([]QueuedNotification, 0, len(q.waiting)+len(q.sending)+len(q.failed))
		for n := range q.sending {
			list = append(list, b.show(n, "sending"))
		}
		slices.SortFunc(list, func(x, y QueuedNotification) int { return strings.Compare(x.ID, y.ID) })
		waiting := slices.Clone(q.waiting)
		slices.SortFunc(waiting, func(x, y *notification) int {
			return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.serial, y.serial))
		})
		for _, n := range waiting {
			list = append(list, b.show(n, "queued"))
		}
		for _, n := range q.failed {
			list = append(list, b.show(n, "dropped"))
		}
		s.Notifications = list
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y OutboundStatus) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func (b *outbox) show(n *notification, state string) QueuedNotification {
	s := QueuedNotification{ID: n.id, Record: n.record, State: state, Queued: n.queued, Expires: b.expires(n), Attempts: n.attempts, LastError: n.problem}
	if state == "queued" && n.due.Before(s.Expires) {
		s.NextAttempt = n.due
	}
	return s
}

// RetryOutbound makes queued notifications due now, all of them if none is named by its id. Dropped ones
// are queued anew. It returns how many there were.
func (g *Org) RetryOutbound(ids ...string) int {
	b := &g.outbox
	b.mu.Lock()
	defer b.mu.Unlock()
	count, now := 0, b.clock.now()
	for _, q := range b.queues {
		for _, n := range q.waiting {
			if named(n, ids) {
				n.due = now
				count++
			}
		}
		heap.Init(&q.waiting)
		q.failed = slices.DeleteFunc(q.failed, func(n *notification) bool {
			if !named(n, ids) {
				return false
			}
			count++
			n.queued = now
			b.schedule(n, now)
			heap.Push(&q.waiting, n)
			return true
		})
		b.pump(q)
	}
	return count
}

// DeleteOutbound takes notifications out of the queues, queued and dropped ones, all of them if none is
// named by its id. One that is under way is not sent again. It returns how many there were.
func (g *Org) DeleteOutbound(ids ...string) int {
	b := &g.outbox
	b.mu.Lock()
	defer b.mu.Unlock()
	count := 0
	for _, q := range b.queues {
		take := func(n *notification) bool {
			if n.deleted || !named(n, ids) {
				return false
			}
			count++
			q.unfresh(n)
			n.deleted = true
			return true
		}
		q.waiting = slices.DeleteFunc(q.waiting, take)
		heap.Init(&q.waiting)
		q.failed = slices.DeleteFunc(q.failed, take)
		for n := range q.sending {
			take(n)
		}
	}
	b.announce()
	return count
}

func named(n *notification, ids []string) bool {
	return len(ids) == 0 || slices.Contains(ids, n.id)
}

// WaitOutbound waits until no notification is queued or under way, or the context ends, whose error
// it returns then.
func (g *Org) WaitOutbound(ctx context.Context) error {
	b := &g.outbox
	for {
		b.mu.Lock()
		idle, settled := true, b.settled
		for _, q := range b.queues {
			idle = idle && len(q.waiting) == 0 && q.messages == 0
		}
		b.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
