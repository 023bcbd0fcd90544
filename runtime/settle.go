package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// settlement is what the store is to be told of an event.
type settlement struct {
	event *event
	store.Settlement
	err error
}

// conclude settles an event when nothing of it is on its way any more.
func (l *loop) conclude(ev *event, now time.Time) {
	if ev.open > 0 || ev.settling {
		return
	}
	ev.settling = true
	s := &settlement{event: ev, Settlement: store.Settlement{Seq: ev.item.Seq, Do: store.Done, Marks: ev.marks}}
	for w := range ev.writes {
		if w.state == putOff && (ev.until.IsZero() || w.until.Before(ev.until)) {
			ev.until = w.until
		}
	}
	if !ev.until.IsZero() {
		s.Do, s.NotBefore, s.For, s.On, s.Attempt = store.Wait, ev.until, ev.park, ev.waitsOn(), ev.item.Attempt+1
		if ev.count > 0 {
			var err error
			if s.Progress, err = ev.encode(); err != nil {
				// What is sent has been JSON so far, so this is a fault of ours.
				l.config.Logger.Error("cannot note how far an event has come", "event", ev.item.ID, "error", err)
			}
		}
	}
	for _, r := range ev.runs {
		s.Runs = append(s.Runs, r.summary(now))
	}
	if !hasEventRun(s.Runs) {
		s.Runs = append(s.Runs, ev.arrived(now)...)
	}
	s.Keep = l.keepOf(ev, s)
	if mark, ok := l.records.holds.markOf(ev); ok {
		s.Marks = append(s.Marks, mark)
	}
	l.toSettle = append(l.toSettle, s)
}

// waitsOn is what the writes of an event wait on.
func (ev *event) waitsOn() (on []string) {
	for w := range ev.writes {
		if w.state != putOff {
			continue
		}
		for _, what := range w.on {
			if !slices.Contains(on, what) && len(on) < store.MaxOn {
				on = append(on, what)
			}
		}
	}
	return on
}

// save notes the creates that were done for events of which more is to do: else a
// crash before their end would leave these creates in doubt.
func (l *loop) save() {
	saved := map[*event]bool{}
	for _, ev := range l.toSave {
		if ev.open == 0 || ev.settling || saved[ev] {
			continue
		}
		saved[ev] = true
		progress, err := ev.encode()
		if err != nil {
			l.config.Logger.Error("cannot note how far an event has come", "event", ev.item.ID, "error", err)
			continue
		}
		l.toSettle = append(l.toSettle, &settlement{event: ev, Settlement: store.Settlement{
			Seq: ev.item.Seq, Do: store.Save, Attempt: ev.item.Attempt, Progress: progress, Marks: ev.marks, Runs: ev.arrived(time.Now()),
		}})
	}
	l.toSave = nil
}

// keepOf says under what an event stays known beyond its end: a message to the
// statuses that come later, one that failed to who tries it again.
func (l *loop) keepOf(ev *event, s *settlement) *store.Keep {
	var keys []string
	keep := cmp.Or(l.config.KeepRuns, keepMessage)
	first := ev.item.Attempt == 0
	if len(ev.keys) > 0 && first {
		// For the same time whether it failed or not, so that of two messages of
		// one record the later is found.
		keys, keep = slices.Clone(ev.keys), max(keep, keepMessage)
	}
	if ev.again != nil && first {
		keys = append(keys, failedKey(ev.again.Root))
	}
	if s.Do == store.Done && slices.ContainsFunc(s.Runs, func(r store.Run) bool { return r.Outcome == store.Failed || r.Outcome == store.InDoubt }) {
		keys = append(keys, failedKey(ev.item.ID))
	}
	if s.Do == store.Done && l.config.KeepEvents {
		keys = append(keys, eventKey(ev.item.ID))
	}
	if len(keys) == 0 {
		return nil
	}
	return &store.Keep{Keys: keys, Until: ev.item.At.Add(keep)}
}

func hasEventRun(runs []store.Run) bool {
	for i := range runs {
		if runs[i].Rule == "" {
			return true
		}
	}
	return false
}

// settled takes in that a settlement is on disk.
func (l *loop) settled(s *settlement) {
	ev := s.event
	l.forgetMessage(ev)
	delete(l.events, ev)
	if !ev.until.IsZero() && ev.count == 0 {
		l.parked(messageKey(ev.head.Of))
	}
	if s.Do == store.Done {
		l.records.holds.release(ev.holder()) // one that cannot be recorded still holds
	}
	if s.Do == store.Wait || s.Keep != nil {
		l.dirty.Store(true) // to learn when it falls due, or what the message wakes
	}
	for w := range ev.writes {
		l.writes--
		if next := l.records.settled(w.record, ev); next != nil {
			l.turns = append(l.turns, next)
		}
	}
	if l.config.Observe != nil {
		l.config.Observe(Report{Event: ev.item.ID, Type: ev.item.Type, Accepted: ev.item.At, Done: s.Do == store.Done, Runs: s.Runs})
	}
}

// commit puts settlements on disk, those of each partition in one step.
func (l *loop) commit(round []*settlement) {
	byPart := map[*part][]*settlement{}
	for _, s := range round {
		p := s.event.part
		byPart[p] = append(byPart[p], s)
	}
	var all sync.WaitGroup
	for p, list := range byPart {
		all.Go(func() {
			for len(list) > 0 {
				n := min(len(list), store.MaxBatch/4)
				l.commitPart(p.claim, list[:n])
				list = list[n:]
			}
		})
	}
	all.Wait()
}

func (l *loop) commitPart(claim store.Claim, list []*settlement) {
	batch := make([]store.Settlement, len(list))
	for i, s := range list {
		batch[i] = s.Settlement
	}
	err := l.insist(claim, batch...)
	if errors.Is(err, store.ErrInvalid) {
		// One of them is too large or broken; the others must not suffer.
		err = nil
		for _, s := range list {
			if err = l.insist(claim, s.Settlement); errors.Is(err, store.ErrInvalid) && s.Do == store.Save {
				err = nil // its end will say what is wrong
			} else if errors.Is(err, store.ErrInvalid) {
				l.config.Logger.Error("cannot record what became of an event", "event", s.event.item.ID, "error", err)
				s.Settlement = s.event.unrecorded(s.Runs, err)
				err = l.insist(claim, s.Settlement)
			}
			if err != nil {
				break
			}
		}
	}
	for _, s := range list {
		s.err = err
	}
}

// unrecorded ends an event whose settlement the store will never take.
func (ev *event) unrecorded(runs []store.Run, err error) store.Settlement {
	// Its mark goes, whether there is one or not: it holds no record any more.
	s := store.Settlement{Seq: ev.item.Seq, Do: store.Done, Marks: []store.Mark{{Key: ev.holder().mark()}}}
	for _, r := range runs {
		s.Runs = append(s.Runs, store.Run{
			Connection: r.Connection, Rule: r.Rule, RuleFile: r.RuleFile, RuleLine: r.RuleLine, Outcome: store.Failed,
			Cause: string(salesforce.Unknown), Reason: "what became of it cannot be recorded: " + err.Error(),
		})
	}
	return s
}

// insist repeats a settlement while the store cannot work for a moment, and as long
// as it has no room: what was done must be noted, and everything else can wait.
func (l *loop) insist(claim store.Claim, batch ...store.Settlement) error {
	for wait, said := 10*time.Millisecond, false; ; wait = min(2*wait, time.Second) {
		err := claim.Settle(l.ctx, batch...)
		full := errors.Is(err, store.ErrFull) && l.callCtx.Err() == nil
		if !full && (!errors.Is(err, store.ErrUnavailable) || wait >= time.Second) {
			if err != nil {
				err = fmt.Errorf("cannot settle events: %w", err)
			}
			return err
		}
		if full && !said {
			said = true
			l.config.Logger.Error("outcomes cannot be recorded, and nothing goes on until there is room", "error", err)
		}
		select {
		case <-time.After(wait):
		case <-l.callCtx.Done(): // stopped, and out of patience
		}
	}
}
