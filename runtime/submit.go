package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/outbound"
	"github.com/sfsync/sfsync/store"
)

// Sources of events, in front of their ids.
const (
	SourceOutbound = "om" // outbound messages as Salesforce sends them, made events by outbound.Notification.AppendEvent
	SourceEvents   = "ev" // JSON events, from a file or a request
)

// Submission says whether an event was taken.
type Submission struct {
	ID       string // the event's own, without the source; "" if it could not be read
	Status   Status
	Reason   string // why it was rejected, in one clause
	Help     string // what to do about it; may be ""
	Received time.Time
}

// Status is the answer to a submitted event.
type Status string

// The answers.
const (
	Accepted  Status = "accepted"  // on disk: it will be run
	Duplicate Status = "duplicate" // an event of this id was accepted before
	Rejected  Status = "rejected"  // it is no event, and nothing is kept of it
)

// Submit makes events durable and says of each whether it was accepted. Its error
// means that nothing was decided: no event of the call may be acknowledged, and
// the call may be repeated. It wraps store.ErrFull when there is no room.
func (e *Engine) Submit(ctx context.Context, source string, events []string) ([]Submission, error) {
	answers := make([]Submission, len(events))
	batch := make([]store.Event, 0, len(events))
	at := make([]int, 0, len(events)) // of each in the batch, its place in events
	size := 0
	for _, text := range events {
		size += len(text)
	}
	bodies := make([]byte, 0, size) // of the batch, one behind the other
	for i, text := range events {
		ev, err := readHead(source, text)
		answers[i].ID = ev.ID
		if err != nil {
			answers[i].Status = Rejected
			answers[i].Reason, answers[i].Help = explainEventError(err)
			continue
		}
		id := source + "/" + ev.ID
		from := len(bodies)
		bodies = append(bodies, text...)
		batch = append(batch, store.Event{ID: id, Key: id, Type: ev.Type, Body: bodies[from:len(bodies):len(bodies)]})
		at = append(at, i)
	}
	for from := 0; from < len(batch); from += store.MaxBatch {
		to := min(from+store.MaxBatch, len(batch))
		receipts, err := e.appendEvents(ctx, batch[from:to])
		if err != nil {
			return nil, fmt.Errorf("cannot accept events: %w", err)
		}
		for i, r := range receipts {
			a := &answers[at[from+i]]
			a.Received = batch[from+i].At
			if a.Status = Accepted; r.Duplicate {
				a.Status = Duplicate
			}
		}
	}
	return answers, nil
}

// readHead returns the id and type of an event, at least. What AppendEvent wrote needs no
// second look: it is an event, unless it is too long.
func readHead(source, text string) (plan.Event, error) {
	if source == SourceOutbound && len(text) <= plan.MaxEvent {
		if id := outbound.EventID(text); id != "" {
			return plan.Event{ID: id, Type: outbound.EventType}, nil
		}
	}
	return plan.ReadEvent(text)
}

func (e *Engine) appendEvents(ctx context.Context, batch []store.Event) ([]store.Receipt, error) {
	first, open := e.accepted.begin(len(batch))
	defer func() {
		e.accepted.end(open)
		e.dirty.Store(true)
		e.notify()
	}()
	for i := range batch {
		batch[i].At = time.Unix(0, first+int64(i)).UTC()
	}
	return e.config.Store.Append(ctx, batch)
}

func explainEventError(err error) (reason, help string) {
	var bad *plan.EventError
	if errors.As(err, &bad) {
		return bad.Message, bad.Help
	}
	return err.Error(), ""
}

// acceptance gives every event a time of its own, which is its place in the order
// of acceptance, and knows up to which time all events are on disk.
type acceptance struct {
	mu   sync.Mutex
	last int64   // the latest time given out, in Unix nanoseconds
	open []*span // being appended, in the order of their times
}

type span struct {
	first  int64
	closed bool
}

// begin gives n times in a row. They count as open until end.
func (a *acceptance) begin(n int) (first int64, open *span) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first = max(time.Now().UnixNano(), a.last+1)
	a.last = first + int64(n) - 1
	open = &span{first: first}
	a.open = append(a.open, open)
	return first, open
}

func (a *acceptance) end(open *span) {
	a.mu.Lock()
	defer a.mu.Unlock()
	open.closed = true
	n := 0
	for n < len(a.open) && a.open[n].closed {
		n++
	}
	a.open = append(a.open[:0], a.open[n:]...)
}

// horizon returns the time up to which every event that this process accepts is on
// disk already.
func (a *acceptance) horizon() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) > 0 {
		return a.open[0].first - 1
	}
	return a.last
}

// saw notes the time of an event that an earlier process accepted, so that a clock
// which was set back does not put new events before it.
func (a *acceptance) saw(at int64) {
	a.mu.Lock()
	a.last = max(a.last, at)
	a.mu.Unlock()
}
