package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
	"github.com/sfsync/sfsync/store/storetest"
)

// remoteState is the state of a store as another command sees it while a daemon has
// the store.
func remoteState(t testing.TB, changed func(string)) daemonState {
	s, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(forOwner("token", stateHandler(s.State(), changed)))
	t.Cleanup(func() {
		server.Close()
		s.Close()
	})
	return daemonState{&servingFile{Address: server.Listener.Addr().String(), Token: "token"}}
}

func TestDaemonState(t *testing.T) {
	storetest.RunKV(t, func(t testing.TB) store.KV { return remoteState(t, func(string) {}) })
}

func TestDaemonStateTellsOfChanges(t *testing.T) {
	var mu sync.Mutex
	var changed []string
	kv := remoteState(t, func(key string) {
		mu.Lock()
		defer mu.Unlock()
		changed = append(changed, key)
	})
	ctx := t.Context()
	revision, err := kv.Put(ctx, store.Entry{Key: "connection/a", Value: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(ctx, store.Entry{Key: "connection/a", Value: []byte("lost")}); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "connection/a") {
		t.Errorf("a conflict comes as %v", err)
	}
	if _, err := kv.Get(ctx, "connection/b"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing comes as %v", err)
	}
	if err := kv.Delete(ctx, "connection/a", revision); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(changed, []string{"connection/a", "connection/a"}) {
		t.Errorf("told of %q", changed)
	}
}

func TestDaemonStateIsForTheOwner(t *testing.T) {
	kv := remoteState(t, func(key string) { t.Errorf("%s was changed", key) })
	if _, err := kv.Put(t.Context(), store.Entry{Key: "k", Value: make([]byte, store.MaxValue+1)}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("too large a value: %v", err)
	}
	if _, err := kv.at.ask(t.Context(), http.MethodPut, "/state/entry", []byte(`{"key": 1}`)); err == nil || !strings.Contains(err.Error(), "no entry") {
		t.Errorf("nonsense: %v", err)
	}
	if _, err := kv.at.ask(t.Context(), http.MethodDelete, "/state/entry?key=k", nil); err == nil || !strings.Contains(err.Error(), "revision") {
		t.Errorf("no revision: %v", err)
	}
	kv.at.Token = "another"
	for what, err := range map[string]error{
		"put":    second(kv.Put(t.Context(), store.Entry{Key: "k"})),
		"get":    second(kv.Get(t.Context(), "k")),
		"delete": kv.Delete(t.Context(), "k", store.AnyRevision),
	} {
		if err == nil || !strings.Contains(err.Error(), "token") {
			t.Errorf("%s with another token: %v", what, err)
		}
	}
	for _, err := range kv.List(t.Context(), "") {
		if err == nil || !strings.Contains(err.Error(), "token") {
			t.Errorf("list with another token: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
