package main

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sfsync/sfsync/store"
)

// The state of a store that a daemon has open, as other commands read and write it:
//
//	GET    /state/entry?key=             → an entry as JSON
//	PUT    /state/entry                  an entry as JSON → its new revision
//	DELETE /state/entry?key=&revision=
//	GET    /state/entries?prefix=        → entries as JSON, one a line
//
// Secrets in it are sealed before they come here, and nothing of this is logged.

// stateEntry is a store.Entry whose key may be any bytes.
type stateEntry struct {
	Key      []byte    `json:"key"`
	Value    []byte    `json:"value"`
	Revision uint64    `json:"revision"`
	Expires  time.Time `json:"expires,omitzero"`
}

func newStateEntry(e store.Entry) stateEntry {
	return stateEntry{[]byte(e.Key), e.Value, e.Revision, e.Expires}
}

func (e *stateEntry) entry() store.Entry {
	value := e.Value
	if value == nil {
		value = []byte{}
	}
	return store.Entry{Key: string(e.Key), Value: value, Revision: e.Revision, Expires: e.Expires}
}

// maxStateBody holds the largest entry: JSON writes three bytes as four characters.
const maxStateBody = store.MaxValue/3*4 + store.MaxName*2 + 4<<10

// stateHandler serves the values of kv, and tells changed the key of every one that
// was put or deleted through it.
func stateHandler(kv store.KV, changed func(key string)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state/entry", func(w http.ResponseWriter, r *http.Request) {
		e, err := kv.Get(r.Context(), r.URL.Query().Get("key"))
		if err != nil {
			sayStoreError(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(newStateEntry(e))
	})
	mux.HandleFunc("PUT /state/entry", func(w http.ResponseWriter, r *http.Request) {
		var e stateEntry
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxStateBody)).Decode(&e); err != nil {
			http.Error(w, "this is no entry", http.StatusBadRequest)
			return
		}
		revision, err := kv.Put(r.Context(), e.entry())
		if err != nil {
			sayStoreError(w, err)
			return
		}
		changed(string(e.Key))
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(revision)
	})
	mux.HandleFunc("DELETE /state/entry", func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Query().Get("key")
		revision, err := strconv.ParseUint(r.URL.Query().Get("revision"), 10, 64)
		if err != nil {
			http.Error(w, "a revision is needed", http.StatusBadRequest)
			return
		}
		if err := kv.Delete(r.Context(), key, revision); err != nil {
			sayStoreError(w, err)
			return
		}
		changed(key)
	})
	mux.HandleFunc("GET /state/entries", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		enc, control := json.NewEncoder(w), http.NewResponseController(w)
		for e, err := range kv.List(r.Context(), r.URL.Query().Get("prefix")) {
			if err == nil {
				control.SetWriteDeadline(time.Now().Add(askWait))
				err = enc.Encode(newStateEntry(e))
			}
			if err != nil {
				panic(http.ErrAbortHandler) // a list that is cut off must not look whole
			}
		}
	})
	return mux
}

// daemonState is the state of a store that a daemon has open.
type daemonState struct{ at *servingFile }

var _ store.KV = daemonState{}

// Get implements [store.KV].
func (d daemonState) Get(ctx context.Context, key string) (store.Entry, error) {
	var e stateEntry
	if err := d.at.askJSON(ctx, http.MethodGet, "/state/entry?key="+url.QueryEscape(key), nil, &e); err != nil {
		return store.Entry{}, err
	}
	return e.entry(), nil
}

// Put implements [store.KV].
func (d daemonState) Put(ctx context.Context, e store.Entry) (revision uint64, err error) {
	if err := e.Validate(); err != nil {
		return 0, err
	}
	err = d.at.askJSON(ctx, http.MethodPut, "/state/entry", newStateEntry(e), &revision)
	return revision, err
}

// Delete implements [store.KV].
func (d daemonState) Delete(ctx context.Context, key string, revision uint64) error {
	path := "/state/entry?key=" + url.QueryEscape(key) + "&revision=" + strconv.FormatUint(revision, 10)
	return d.at.askJSON(ctx, http.MethodDelete, path, nil, nil)
}

// List implements [store.KV].
func (d daemonState) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		res, err := d.at.ask(ctx, http.MethodGet, "/state/entries?prefix="+url.QueryEscape(prefix), nil)
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		defer res.Body.Close()
		for dec := json.NewDecoder(res.Body); ; {
			var e stateEntry
			if err := dec.Decode(&e); err == io.EOF {
				return
			} else if err != nil {
				yield(store.Entry{}, brokeOff(err))
				return
			}
			if !yield(e.entry(), nil) {
				return
			}
		}
	}
}
