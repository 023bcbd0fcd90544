package runtime

import (
	"context"
	"errors"
	"iter"

	"github.com/sfsync/sfsync/store"
)

// RunLog returns the run log of a store, in which runs that failed or are in doubt say
// as what they were tried again since. What says nothing of this is still open.
func RunLog(s store.Store) store.RunLog { return &runLog{s} }

type runLog struct{ store store.Store }

// List implements [store.RunLog].
func (l *runLog) List(ctx context.Context, filter store.Filter) iter.Seq2[store.Run, error] {
	return func(yield func(store.Run, error) bool) {
		for run, err := range l.store.Runs().List(ctx, filter) {
			if err == nil {
				err = l.follow(ctx, &run)
			}
			if !yield(run, err) || err != nil {
				return
			}
		}
	}
}

// Get implements [store.RunLog].
func (l *runLog) Get(ctx context.Context, ref string) ([]store.Run, error) {
	runs, err := l.store.Runs().Get(ctx, ref)
	for i := range runs {
		if err == nil {
			err = l.follow(ctx, &runs[i])
		}
	}
	return runs, err
}

// follow looks up whether a run was tried again. The line of its event knows from when
// the later turn begins; one that is only accepted so far has changed nothing.
func (l *runLog) follow(ctx context.Context, r *store.Run) error {
	if r.Outcome != store.Failed && r.Outcome != store.InDoubt {
		return nil
	}
	_, turn, last, err := lineOf(ctx, l.store, r.Event)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if latest := last.latest(r.Rule); latest > turn {
		r.Again = (&again{Root: last.Root, Turn: latest}).id()
	}
	return nil
}
