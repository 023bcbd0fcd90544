package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// What other commands do about the events of a store that a daemon has open:
//
//	POST /runs/retry    ids of runs       → a list of runtime.Retried
//	POST /runs/dismiss  ids of runs       → a list of runtime.Retried
//	POST /runs/discard  ids of events     → a list of runtime.Discarded

// runWish is the body of all three.
type runWish struct {
	Runs    []string `json:"runs,omitempty"` // for retry and dismiss: all chosen runs of an event together
	InDoubt bool     `json:"in_doubt,omitempty"`
	Events  []string `json:"events,omitempty"` // for discard
	Reason  string   `json:"reason,omitempty"` // for dismiss and discard
}

const (
	maxWishes     = 500     // events in one request
	maxWishBody   = 8 << 20 // bytes of one; an event has a run for each rule
	maxReason     = 1000    // bytes of the text of who discards
	discardWithin = 10 * time.Second
)

// runActHandler does to events what the body of a request wants.
func runActHandler(engine *runtime.Engine, log store.RunLog, logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	read := func(w http.ResponseWriter, r *http.Request) (wish runWish, ok bool) {
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxWishBody)).Decode(&wish)
		if err != nil || len(wish.Events) > maxWishes || len(wish.Reason) > maxReason {
			http.Error(w, "this is no wish about runs", http.StatusBadRequest)
			return wish, false
		}
		return wish, true
	}
	onceMore := func(what string, act func(context.Context, []store.Run, runWish) ([]runtime.Retried, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			wish, ok := read(w, r)
			if !ok {
				return
			}
			var runs []store.Run
			for _, id := range wish.Runs {
				found, err := log.Get(r.Context(), id)
				if err != nil {
					sayStoreError(w, err)
					return
				}
				for _, run := range found {
					runs = append(runs, slim(run))
				}
			}
			answers, err := act(r.Context(), runs, wish)
			if err != nil {
				sayStoreError(w, err)
				return
			}
			accepted := 0
			for _, a := range answers {
				if a.As != "" {
					accepted++
				}
			}
			logger.Info("events are "+what+", as a command wants", "events", accepted)
			json.NewEncoder(w).Encode(answers)
		}
	}
	mux.HandleFunc("POST /runs/retry", onceMore("tried again", func(ctx context.Context, runs []store.Run, wish runWish) ([]runtime.Retried, error) {
		return engine.Retry(ctx, runs, wish.InDoubt)
	}))
	mux.HandleFunc("POST /runs/dismiss", onceMore("closed", func(ctx context.Context, runs []store.Run, wish runWish) ([]runtime.Retried, error) {
		return engine.Dismiss(ctx, runs, wish.Reason)
	}))
	mux.HandleFunc("POST /runs/discard", func(w http.ResponseWriter, r *http.Request) {
		wish, ok := read(w, r)
		if !ok {
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), discardWithin)
		defer cancel()
		answers, err := engine.Discard(ctx, wish.Events, wish.Reason)
		if err != nil {
			sayStoreError(w, err)
			return
		}
		gone := 0
		for _, a := range answers {
			if a.Reason == "" {
				gone++
			}
		}
		logger.Info("events are given up, as a command wants", "events", gone, "reason", wish.Reason)
		json.NewEncoder(w).Encode(answers)
	})
	return mux
}

// runActor acts on events: in a store that is open here, or through the daemon that
// has it.
type runActor struct {
	log     store.RunLog
	retry   func(ctx context.Context, runs []store.Run, inDoubt bool) ([]runtime.Retried, error)
	dismiss func(ctx context.Context, runs []store.Run, reason string) ([]runtime.Retried, error)
	discard func(ctx context.Context, events []string, reason string) ([]runtime.Discarded, error)
	next    string // what runs that are tried again wait for
	done    func()
}

func storeActor(s store.Store, done func()) *runActor {
	return &runActor{
		log: runtime.RunLog(s), next: "to be tried again: `sfsync run RULES --waiting`, or the daemon, does it", done: done,
		retry: func(ctx context.Context, runs []store.Run, inDoubt bool) ([]runtime.Retried, error) {
			return runtime.Retry(ctx, s, runs, inDoubt)
		},
		dismiss: func(ctx context.Context, runs []store.Run, reason string) ([]runtime.Retried, error) {
			return runtime.Dismiss(ctx, s, runs, reason)
		},
		discard: func(ctx context.Context, events []string, reason string) ([]runtime.Discarded, error) {
			return runtime.Discard(ctx, s, events, reason)
		},
	}
}

func daemonActor(at *servingFile) *runActor {
	return &runActor{
		log: daemonRunLog{at}, next: "to be tried again by the running sfsync", done: func() {},
		retry: func(ctx context.Context, runs []store.Run, inDoubt bool) ([]runtime.Retried, error) {
			return at.onceMore(ctx, "/runs/retry", runs, runWish{InDoubt: inDoubt})
		},
		dismiss: func(ctx context.Context, runs []store.Run, reason string) ([]runtime.Retried, error) {
			return at.onceMore(ctx, "/runs/dismiss", runs, runWish{Reason: reason})
		},
		discard: func(ctx context.Context, events []string, reason string) (answers []runtime.Discarded, err error) {
			for part := range slices.Chunk(events, maxWishes) {
				var some []runtime.Discarded
				if err := at.askJSON(ctx, http.MethodPost, "/runs/discard", runWish{Events: part, Reason: reason}, &some); err != nil {
					return answers, err
				}
				answers = append(answers, some...)
			}
			return answers, nil
		},
	}
}

// onceMore asks a daemon to accept the events of runs once more.
func (at *servingFile) onceMore(ctx context.Context, path string, runs []store.Run, wish runWish) (answers []runtime.Retried, err error) {
	for part := range slices.Chunk(byEvent(runs), maxWishes) {
		wish.Runs = slices.Concat(part...)
		var some []runtime.Retried
		if err := at.askJSON(ctx, http.MethodPost, path, wish, &some); err != nil {
			return answers, err
		}
		answers = append(answers, some...)
	}
	return answers, nil
}

// byEvent are the ids of runs, those of one event together, in the order in which
// the events came.
func byEvent(runs []store.Run) [][]string {
	sorted := slices.Clone(runs)
	slices.SortStableFunc(sorted, func(a, b store.Run) int {
		return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.Event, b.Event))
	})
	var all [][]string
	for i := range sorted {
		if i == 0 || sorted[i].Event != sorted[i-1].Event {
			all = append(all, nil)
		}
		last := &all[len(all)-1]
		*last = append(*last, sorted[i].ID)
	}
	return all
}
