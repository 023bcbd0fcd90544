package main

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/sfsync/sfsync/store"
)

// The run log of a store that a daemon has open, as other commands read it:
//
//	POST /runs       a store.Filter as JSON → runs as JSON, one a line
//	GET  /runs?ref=  the id of a run or event → a list of runs

// runLogHandler answers questions about a run log.
func runLogHandler(log store.RunLog) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs", func(w http.ResponseWriter, r *http.Request) { serveRunList(w, r, log) })
	mux.HandleFunc("GET /runs", func(w http.ResponseWriter, r *http.Request) { serveRun(w, r, log) })
	return mux
}

func serveRunList(w http.ResponseWriter, r *http.Request, log store.RunLog) {
	var filter store.Filter
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&filter); err != nil {
		http.Error(w, "this is no filter of runs", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	control := http.NewResponseController(w)
	for run, err := range log.List(r.Context(), filter) {
		if err == nil {
			control.SetWriteDeadline(time.Now().Add(askWait))
			err = enc.Encode(run)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // a list that is cut off must not look whole
		}
	}
}

func serveRun(w http.ResponseWriter, r *http.Request, log store.RunLog) {
	runs, err := log.Get(r.Context(), r.URL.Query().Get("ref"))
	if err != nil {
		sayStoreError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(runs)
}

// daemonRunLog is the run log of a store that a daemon has open.
type daemonRunLog struct{ at *servingFile }

var _ store.RunLog = daemonRunLog{}

// List implements [store.RunLog].
func (d daemonRunLog) List(ctx context.Context, filter store.Filter) iter.Seq2[store.Run, error] {
	return func(yield func(store.Run, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		text, err := json.Marshal(filter)
		if err != nil {
			yield(store.Run{}, err)
			return
		}
		res, err := d.at.ask(ctx, http.MethodPost, "/runs", text)
		if err != nil {
			yield(store.Run{}, err)
			return
		}
		defer res.Body.Close()
		for dec := json.NewDecoder(res.Body); ; {
			var run store.Run
			if err := dec.Decode(&run); err == io.EOF {
				return
			} else if err != nil {
				yield(store.Run{}, brokeOff(err))
				return
			}
			if !yield(run, nil) {
				return
			}
		}
	}
}

// due is how many accepted events are run just now, or next.
func (s *servingFile) due(ctx context.Context) (int, error) {
	var now servingNow
	err := s.askJSON(ctx, http.MethodGet, "/serving", nil, &now)
	return now.Due, err
}

// Get implements [store.RunLog].
func (d daemonRunLog) Get(ctx context.Context, ref string) ([]store.Run, error) {
	var runs []store.Run
	err := d.at.askJSON(ctx, http.MethodGet, "/runs?ref="+url.QueryEscape(ref), nil, &runs)
	return runs, err
}
