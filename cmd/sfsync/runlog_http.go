package main

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sfsync/sfsync/store"
)

// A store belongs to one process. While a daemon has it, `sfsync runs` asks the
// daemon, at the address that it leaves in the store's directory:
//
//	POST /runs       a store.Filter as JSON → runs as JSON, one a line
//	GET  /runs?ref=  the id of a run or event → a list of runs
//
// Who can read the directory has the token that both demand.

// runLogHandler answers questions about a run log.
func runLogHandler(log store.RunLog, token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs", func(w http.ResponseWriter, r *http.Request) { serveRunList(w, r, log) })
	mux.HandleFunc("GET /runs", func(w http.ResponseWriter, r *http.Request) { serveRun(w, r, log) })
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "the token of the store's directory is needed", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
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
			control.SetWriteDeadline(time.Now().Add(30 * time.Second))
			err = enc.Encode(run)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // a list that is cut off must not look whole
		}
	}
}

func serveRun(w http.ResponseWriter, r *http.Request, log store.RunLog) {
	runs, err := log.Get(r.Context(), r.URL.Query().Get("ref"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		http.Error(w, "there is no such run", http.StatusNotFound)
	case errors.Is(err, store.ErrAmbiguous):
		http.Error(w, "more than one run is meant", http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(runs)
	}
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
		res, err := d.ask(ctx, http.MethodPost, "/runs", text)
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
				yield(store.Run{}, outsidef("", "the running sfsync broke off: %w", err))
				return
			}
			if !yield(run, nil) {
				return
			}
		}
	}
}

// Get implements [store.RunLog].
func (d daemonRunLog) Get(ctx context.Context, ref string) ([]store.Run, error) {
	res, err := d.ask(ctx, http.MethodGet, "/runs?ref="+url.QueryEscape(ref), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var runs []store.Run
	if err := json.NewDecoder(res.Body).Decode(&runs); err != nil {
		return nil, outsidef("", "the running sfsync broke off: %w", err)
	}
	return runs, nil
}

// ask makes one request. An answer that it returns has the status 200.
func (d daemonRunLog) ask(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+d.at.Address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+d.at.Token)
	// No proxy has a part in this.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 30 * time.Second}}
	res, err := client.Do(req)
	if err != nil {
		return nil, outsidef("wait until it has ended, or give another --store", "another sfsync has the store open, and does not answer: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, 500))
	switch res.StatusCode {
	case http.StatusNotFound:
		return nil, store.ErrNotFound
	case http.StatusConflict:
		return nil, store.ErrAmbiguous
	}
	return nil, outsidef("", "the running sfsync answered: %s", strings.TrimSpace(string(said)))
}
