package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

// loop is the one goroutine that decides everything while the engine runs: it owns
// all that is in memory, without locks. Beside it work the calls, and one
// goroutine that settles; both hand in their results through the inbox.
type loop struct {
	*Engine
	ctx     context.Context // of short work with the store, which a stop does not cut off
	callCtx context.Context // of calls in flight; ends with the claims, or after the grace
	orgCtx  context.Context // of Config.Org; ends when the loop is told to

	feed        feed
	events      map[*event]struct{} // in memory, from admission until settled
	writes      int                 // theirs
	records     records
	connections map[string]*connection
	calls       int // in flight, to all orgs
	messages    map[string]*event
	news        news
	breaker     breaker
	contention  contention
	evaluation  plan.Evaluation

	free       map[uint16][]string // ids of events that wait for nothing any more, by partition
	turns      []*write            // whose turn may have come
	concluding []*event
	toSave     []*event // a create of theirs was done, and more is to do
	toSettle   []*settlement
	settling   bool
	toWake     []wakeUp
	recalls    []string       // ids of events that are to come back at once
	parking    map[string]int // by message key: statuses that are just being put off
	stalled    struct {       // the status that lets earlier ones come back first
		id    string
		since time.Time
	}

	inbox struct {
		sync.Mutex
		calls []*call
		looks []*look
		orgs  []*orgAnswer
		round []*settlement // on disk, or failed
	}
}

func (l *loop) put(c *call) {
	l.inbox.Lock()
	l.inbox.calls = append(l.inbox.calls, c)
	l.inbox.Unlock()
	l.notify()
}

func (e *Engine) run(stop context.Context, drain bool) error {
	e.running.Lock()
	defer e.running.Unlock()
	defer e.wishes.leave()
	held, release := context.WithCancel(context.WithoutCancel(stop))
	defer release()
	claims, err := e.config.Store.Claims(held, e.config.Owner)
	if err != nil {
		return fmt.Errorf("cannot take events over: %w", err)
	}
	callCtx, cancel := context.WithCancelCause(context.WithoutCancel(stop))
	defer cancel(nil)
	orgCtx, noOrgs := context.WithCancel(stop)
	defer noOrgs()
	l := &loop{
		Engine: e, ctx: context.WithoutCancel(stop), callCtx: callCtx, orgCtx: orgCtx,
		feed:        feed{accepted: &e.accepted},
		events:      map[*event]struct{}{},
		records:     records{queues: map[string]*queue{}},
		connections: map[string]*connection{},
		messages:    map[string]*event{},
		parking:     map[string]int{},
		news:        news{marks: e.config.Store.Marks(), young: map[string]int64{}},
		breaker:     breaker{limit: e.config.LoopRuns, window: e.config.LoopWindow, counts: map[string]*count{}},
	}
	if l.free, err = l.records.holds.load(l.ctx, l.news.marks, l.line()); err != nil {
		return err
	}
	err = l.work(stop, claims, drain, cancel)
	if err != nil {
		cancel(err)
		err = l.whyFenced(err)
	}
	// Calls and the settler still hold the loop; nobody else must run meanwhile.
	for l.calls > 0 || l.settling {
		if l.takeInbox(time.Now()); l.calls > 0 || l.settling {
			<-e.wake
		}
	}
	return err
}

// evaluations bounds how many events are begun before results are looked at again.
const evaluations = 256

func (l *loop) work(stop context.Context, claims <-chan store.Claim, drain bool, cancel context.CancelCauseFunc) error {
	l.dirty.Store(true)
	for stop.Err() == nil {
		now := time.Now()
		if err := l.takeClaims(claims, cancel); err != nil {
			return err
		}
		if l.callCtx.Err() != nil {
			return fmt.Errorf("cannot go on with the events: %w", context.Cause(l.callCtx))
		}
		if err := l.takeInbox(now); err != nil {
			return err
		}
		l.recalls = append(l.recalls, l.wishes.take()...)
		l.heedReconnects()
		l.takeTurns(now)
		if err := l.wakeWaiting(); err != nil {
			return err
		}
		if err := l.recall(); err != nil {
			return err
		}
		if l.dirty.Swap(false) || l.feed.wanting(now) {
			if err := l.feed.fill(stop, now); err != nil {
				if stop.Err() != nil {
					break
				}
				return err
			}
		}
		begun := l.begin()
		l.takeTurns(now)
		l.signIn(now)
		l.send(now)
		l.takeTurns(now)
		l.flush()
		if begun == evaluations || len(l.recalls) > 0 || l.feed.wanting(now) || l.dirty.Load() {
			continue
		}
		wait := l.nextTime(now)
		if drain && l.idle(wait, now) {
			return nil
		}
		l.sleep(stop, wait)
	}
	return l.stop(cancel)
}

// takeClaims takes over the partitions that the store hands out.
func (l *loop) takeClaims(claims <-chan store.Claim, cancel context.CancelCauseFunc) error {
	for {
		select {
		case claim, ok := <-claims:
			if !ok {
				return fmt.Errorf("cannot go on: %w", store.ErrFenced)
			}
			l.feed.parts = append(l.feed.parts, &part{claim: claim})
			l.dirty.Store(true)
			// The world may have changed since the last run: a few of those that wait on
			// a connection show it.
			if _, err := claim.WakeOn(l.ctx, "", probe); err != nil {
				return fmt.Errorf("cannot wake what waits: %w", err)
			}
			for _, id := range l.free[claim.Partition()] {
				if err := claim.Wake(l.ctx, id); err != nil {
					return fmt.Errorf("cannot wake what waits: %w", err)
				}
			}
			// A lost claim ends all calls, since batches mix partitions.
			context.AfterFunc(claim.Context(), func() {
				cancel(context.Cause(claim.Context()))
				l.notify()
			})
			go l.listen(claim)
		default:
			return nil
		}
	}
}

// whyFenced says why a claim was lost, if that is what an error tells of.
func (l *loop) whyFenced(err error) error {
	if !errors.Is(err, store.ErrFenced) {
		return err
	}
	for _, p := range l.feed.parts {
		if cause := context.Cause(p.claim.Context()); cause != nil {
			return fmt.Errorf("cannot go on with the events: %w", cause)
		}
	}
	return err
}

// listen passes on that a partition has something new.
func (l *loop) listen(claim store.Claim) {
	for {
		select {
		case <-claim.Ready():
			l.dirty.Store(true)
			l.notify()
		case <-claim.Context().Done():
			return
		}
	}
}

// takeInbox takes in what calls and the settler have brought.
func (l *loop) takeInbox(now time.Time) error {
	l.inbox.Lock()
	calls, looks, orgs, round := l.inbox.calls, l.inbox.looks, l.inbox.orgs, l.inbox.round
	l.inbox.calls, l.inbox.looks, l.inbox.orgs, l.inbox.round = nil, nil, nil, nil
	l.inbox.Unlock()
	for _, a := range orgs {
		l.signedIn(a, now)
	}
	for _, c := range calls {
		l.landed(c, now)
	}
	for _, k := range looks {
		l.looked(k, now)
	}
	if round == nil {
		return nil
	}
	l.settling = false
	for _, s := range round {
		if s.err != nil {
			return s.err
		}
		if s.Do == store.Save {
			continue
		}
		l.settled(s)
		if l.wishes.end(s.event.item.ID, s.Do == store.Done) {
			l.recalls = append(l.recalls, s.event.item.ID)
		}
	}
	return nil
}

// begin begins the events whose order is certain, and returns how many.
func (l *loop) begin() int {
	for n := range evaluations {
		if l.writes >= l.config.MaxWrites || len(l.events) >= l.config.MaxWrites {
			return n
		}
		if l.records.holds.full() && !l.feed.returning() {
			return n
		}
		item, ok := l.feed.take()
		if !ok {
			return n
		}
		ev := newEvent(item)
		if reason, ok := l.wishes.grant(item.ID); ok {
			l.giveUp(ev, reason)
		} else if len(item.Progress) == 0 {
			if !l.evaluate(ev) {
				l.feed.putBack(item)
				return n
			}
		} else if err := l.resume(ev); err != nil {
			ev.runs = nil
			ev.refuse(time.Now(), err)
		}
		l.admit(ev)
		// Statuses come back before anything else is begun: they may write the same records.
		l.recalls = append(l.recalls, l.records.holds.waitFor(ev.keys)...)
		if len(l.recalls) > 0 {
			return n + 1
		}
	}
	return evaluations
}

// flush hands settlements to the settler, one round at a time: while one is under
// way, the next gathers.
func (l *loop) flush() {
	if l.settling {
		return
	}
	l.save()
	if len(l.toSettle) == 0 {
		return
	}
	round := l.toSettle
	l.toSettle = nil
	l.settling = true
	go func() {
		l.commit(round)
		l.inbox.Lock()
		l.inbox.round = round
		l.inbox.Unlock()
		l.notify()
	}()
}

// nextTime returns when there is something to do without anybody's telling; zero for never.
// It looks at the same now as send did: a pause that ended in between still counts.
func (l *loop) nextTime(now time.Time) time.Time {
	next := l.feed.nextDue()
	for _, c := range l.connections {
		until := c.pausedUntil(now)
		if until.IsZero() || !next.IsZero() && next.Before(until) {
			continue
		}
		if c.wanted() {
			next = until
		}
	}
	return next
}

// idle reports whether nothing is under way or will be soon.
func (l *loop) idle(next, now time.Time) bool {
	return len(l.events) == 0 && len(l.feed.items) == 0 && !l.settling && len(l.toSettle) == 0 &&
		(next.IsZero() || next.Sub(now) > l.config.MaxWait)
}

func (l *loop) sleep(stop context.Context, until time.Time) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-l.wake:
	case <-alarm:
	case <-stop.Done():
	}
}

// stop lets calls in flight finish and puts on disk how far events have come. An
// event of which nothing has been sent is left as it was.
func (l *loop) stop(cancel context.CancelCauseFunc) error {
	grace := time.AfterFunc(l.config.Grace, func() { cancel(context.Canceled) })
	defer grace.Stop()
	// What woke the loop last may not have been taken in yet, so that comes first.
	for l.calls > 0 {
		if err := l.takeInbox(time.Now()); err != nil {
			return err
		}
		if l.calls > 0 {
			<-l.wake
		}
	}
	now := time.Now()
	for ev := range l.events {
		if !ev.begun() {
			continue
		}
		for w := range ev.writes {
			if w.state == pending || w.state == queued {
				l.putOff(w, delay{until: now, reason: "sfsync was stopped"})
			}
		}
		l.conclude(ev, now)
	}
	for len(l.toSettle) > 0 || l.settling {
		l.flush()
		if err := l.takeInbox(time.Now()); err != nil {
			return err
		}
		if l.settling {
			<-l.wake
		}
	}
	return nil
}

// begun reports whether a call has been made for the event.
func (ev *event) begun() bool {
	for w := range ev.writes {
		if w.entry.Attempts > 0 {
			return true
		}
	}
	return false
}
