package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

// Discarded says whether an event was given up.
type Discarded struct {
	Event  string // its id, with the source in front
	Reason string // why it was not given up, in one clause; "" if it was
}

// Discard gives events up that are not done: what of them has not been written
// never will be, and their runs end as skipped for the given reason. It waits for
// events that are being run just now, as long as ctx lasts. Somebody must be in Run
// or Drain.
func (e *Engine) Discard(ctx context.Context, events []string, reason string) ([]Discarded, error) {
	wishes := make([]*wish, len(events))
	for i, id := range events {
		wishes[i] = &wish{reason: reason, ended: make(chan bool, 1)}
		if !e.wishes.add(id, wishes[i]) {
			wishes[i] = nil
		}
	}
	e.notify()
	answers := make([]Discarded, len(events))
	for i, id := range events {
		answers[i].Event = id
		if wishes[i] == nil {
			answers[i].Reason = "somebody else is discarding it just now"
			continue
		}
		select {
		case discarded := <-wishes[i].ended:
			if !discarded {
				answers[i].Reason = "it has ended meanwhile"
			}
		case <-ctx.Done():
			if e.wishes.remove(id) {
				answers[i].Reason = "it is being run just now, or is not there"
			} else if !<-wishes[i].ended {
				answers[i].Reason = "it has ended meanwhile"
			}
		}
	}
	return answers, nil
}

// wish is somebody's wish to discard an event.
type wish struct {
	reason  string
	ended   chan bool // whether the event ended by being discarded
	granted bool      // it was handed out, and is being discarded
}

// wishes are handed from whoever discards to the loop.
type wishes struct {
	mu    sync.Mutex
	byID  map[string]*wish
	fresh []string // not looked at by the loop
}

func (ws *wishes) add(id string, w *wish) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.byID == nil {
		ws.byID = map[string]*wish{}
	}
	if ws.byID[id] != nil {
		return false
	}
	ws.byID[id] = w
	ws.fresh = append(ws.fresh, id)
	return true
}

// remove takes a wish back. It is too late once it is being granted.
func (ws *wishes) remove(id string) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w := ws.byID[id]; w == nil || w.granted {
		return false
	}
	delete(ws.byID, id)
	return true
}

// take returns the wishes that the loop has not seen.
func (ws *wishes) take() []string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	fresh := ws.fresh
	ws.fresh = nil
	return fresh
}

// grant returns the reason for which an event that was handed out is to be given up.
func (ws *wishes) grant(id string) (reason string, ok bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.byID[id]
	if w == nil {
		return "", false
	}
	w.granted = true
	return w.reason, true
}

// end answers the wish for an event that is done. It reports whether there is one
// for an event that is not.
func (ws *wishes) end(id string, done bool) (wanted bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.byID[id]
	if w == nil || !done {
		return w != nil
	}
	w.ended <- w.granted
	delete(ws.byID, id)
	return false
}

// leave hands the wishes over to the next run. One that was being granted, when
// the store failed, is answered.
func (ws *wishes) leave() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.fresh = nil
	for id, w := range ws.byID {
		if w.granted {
			w.ended <- false
			delete(ws.byID, id)
			continue
		}
		ws.fresh = append(ws.fresh, id)
	}
}

// recall makes those waiting events due that are to come back at once. An event's
// ordering key is its id.
func (l *loop) recall() error {
	parts := map[uint16]*part{}
	if len(l.recalls) > 0 {
		for _, p := range l.feed.parts {
			parts[p.claim.Partition()] = p
		}
	}
	for _, id := range l.recalls {
		p := parts[store.Partition(id)]
		if p == nil {
			continue
		}
		l.dirty.Store(true)
		p.due = time.Now() // to be read at once
		if err := p.claim.Wake(l.ctx, id); err != nil {
			return fmt.Errorf("cannot recall an event: %w", err)
		}
	}
	l.recalls = nil
	return nil
}

// giveUp ends what is left of an event.
func (l *loop) giveUp(ev *event, reason string) {
	if ev.again.dismissed() {
		ev.dismiss(time.Now())
		return
	}
	if len(ev.item.Progress) == 0 || l.resume(ev) != nil {
		ev.head, _ = plan.ReadEvent(string(ev.item.Body))
		ev.news = parseTime(ev.head.News)
		ev.count = 0
		ev.skip(time.Now(), reason)
		ev.runs[0].entry.Why = store.WhyDiscarded
		ev.doubt(time.Now())
		return
	}
	for _, r := range ev.runs {
		for _, w := range r.writes {
			if w.state != finished {
				if w.skip(store.WhyDiscarded, reason); w.inDoubt() {
					w.finish(store.InDoubt, "sfsync stopped while this was being created, and does not know whether it was; it was given up then: "+reason)
					w.help = lookUp(w)
				}
				w.needs, w.dependents = 0, nil
				r.discarded = reason
			}
		}
	}
}

// Discard does the same as the method of [Engine] for a store that no engine uses.
func Discard(ctx context.Context, s store.Store, events []string, reason string) ([]Discarded, error) {
	held, release := context.WithCancel(ctx)
	defer release()
	claims, err := s.Claims(held, "discard")
	if err != nil {
		return nil, fmt.Errorf("cannot take events over: %w", err)
	}
	left := map[uint16]map[string]bool{} // by partition
	for _, id := range events {
		p := store.Partition(id)
		if left[p] == nil {
			left[p] = map[string]bool{}
		}
		left[p][id] = true
	}
	l := &loop{
		Engine: &Engine{config: Config{Store: s, Logger: slog.New(slog.DiscardHandler)}},
		ctx:    ctx, callCtx: ctx,
	}
	for partitions := len(left); partitions > 0; {
		select {
		case claim, ok := <-claims:
			if !ok {
				return nil, fmt.Errorf("cannot take events over: %w", store.ErrFenced)
			}
			if wanted := left[claim.Partition()]; wanted != nil {
				if err := l.giveUpIn(claim, wanted, reason); err != nil {
					return nil, err
				}
				partitions--
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	answers := make([]Discarded, len(events))
	for i, id := range events {
		if answers[i].Event = id; left[store.Partition(id)][id] {
			answers[i].Reason = "it has ended meanwhile"
		}
	}
	return answers, nil
}

// giveUpIn ends those events of a partition whose ids are wanted, and deletes these.
func (l *loop) giveUpIn(claim store.Claim, wanted map[string]bool, reason string) error {
	for id := range wanted {
		if err := claim.Wake(l.ctx, id); err != nil {
			return fmt.Errorf("cannot recall an event: %w", err)
		}
	}
	part := &part{claim: claim}
	for len(wanted) > 0 {
		items, _, err := claim.Next(l.ctx, pageSize)
		if err != nil {
			return fmt.Errorf("cannot read events: %w", err)
		}
		if len(items) == 0 {
			return nil
		}
		l.toSettle = nil
		for _, item := range items {
			if !wanted[item.ID] {
				continue // it stays in the queue when the claim is released
			}
			delete(wanted, item.ID)
			ev := newEvent(feedItem{Item: item, part: part, at: item.At.UnixNano()})
			ev.held = true // whether it is or not: the mark goes
			l.giveUp(ev, reason)
			l.conclude(ev, time.Now())
		}
		l.commitPart(claim, l.toSettle)
		for _, s := range l.toSettle {
			if s.err != nil {
				return s.err
			}
		}
	}
	return nil
}
