package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// replayFilter is which past runs are wanted. The flags for it mean nothing else here.
func replayFilter(ctx *cli.Context) (store.Filter, error) {
	filter, err := runFilter(ctx, time.Now())
	if err != nil || ctx.Bool("replay-runs") {
		return filter, err
	}
	if filter.Limit = 0; filter != (store.Filter{}) || ctx.IsSet("limit") {
		return filter, usagef("", "--since, --rule and the like choose among past runs, and go with --replay-runs")
	}
	return filter, nil
}

// runs runs past events, the oldest first, as far as the store keeps them.
func (r *replay) runs(ctx *cli.Context, filter store.Filter) error {
	log, find, done, err := pastEvents(ctx)
	if err != nil || log == nil {
		return err
	}
	defer done()
	var ids []string
	seen := map[string]bool{}
	for run, err := range chosen(ctx.Context, log, filter) {
		if err != nil {
			return err
		}
		if !seen[run.Event] {
			seen[run.Event] = true
			ids = append(ids, run.Event)
		}
	}
	slices.Reverse(ids)
	again := map[string]bool{} // an event that was tried again has several ids
	for part := range slices.Chunk(ids, maxPast) {
		found, err := find(ctx.Context, part)
		if err != nil {
			return err
		}
		for _, past := range found {
			ev, err := plan.ReadEvent(past.Text)
			switch {
			case past.Text == "":
				r.NotKept++
				continue
			case err != nil:
				r.Broken++
				continue
			case again[ev.Type+"\n"+ev.ID]:
				continue
			}
			again[ev.Type+"\n"+ev.ID] = true
			if err := r.event(ev, past.Text, past.Of); err != nil {
				return err
			}
		}
	}
	return nil
}

// findPast finds past events by their ids, in their order.
type findPast func(ctx context.Context, ids []string) ([]runtime.PastEvent, error)

// pastEvents opens the run log and the events that are kept. Without a store there is
// no log. While a daemon has the store, the daemon answers.
func pastEvents(ctx *cli.Context) (store.RunLog, findPast, func(), error) {
	s, at, err := openOrAsk(ctx, readStore)
	switch {
	case at != nil:
		return daemonRunLog{at}, at.past, func() {}, nil
	case err != nil || s == nil:
		return nil, nil, nil, err
	}
	return runtime.RunLog(s), pastOf(s), func() { s.Close() }, nil
}

func pastOf(s store.Store) findPast {
	return func(ctx context.Context, ids []string) ([]runtime.PastEvent, error) {
		out := make([]runtime.PastEvent, len(ids))
		for i, id := range ids {
			var err error
			if out[i], err = runtime.Past(ctx, s, id); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// The events of a store that a daemon has open, as other commands read them:
//
//	POST /events  ids of events → a list of runtime.PastEvent

// maxPast is how many events are asked for at once.
const maxPast = 100

func pastHandler(s store.Store) http.Handler {
	find := pastOf(s)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ids []string
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 256<<10)).Decode(&ids)
		if err != nil || len(ids) > maxPast {
			http.Error(w, "this is no list of events", http.StatusBadRequest)
			return
		}
		found, err := find(r.Context(), ids)
		if err != nil {
			sayStoreError(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(found)
	})
}

// past asks the daemon for events.
func (s *servingFile) past(ctx context.Context, ids []string) (found []runtime.PastEvent, err error) {
	err = s.askJSON(ctx, http.MethodPost, "/events", ids, &found)
	if err == nil && len(found) != len(ids) {
		err = outsidef("", "the running sfsync answered for %d of %d events", len(found), len(ids))
	}
	return found, err
}
