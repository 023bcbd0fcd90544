package main

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sfsync/sfsync/store"
)

// A store belongs to one process. While a daemon has it, other commands ask the
// daemon, at the address that it leaves in the store's directory. Who can read that
// directory has the token that all of this demands.

// forOwner lets only those pass who know the token of the store's directory.
func forOwner(token string, next http.Handler) http.Handler {
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "the token of the store's directory is needed", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// answers reports whether the daemon is there.
func (s *servingFile) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.askJSON(ctx, http.MethodGet, "/serving", nil, nil) == nil
}

// askWait is how long the daemon may take to begin its answer.
const askWait = 30 * time.Second

// ask makes one request to the daemon. An answer that it returns has the status 200;
// what a store says by its errors comes back as these.
func (s *servingFile) ask(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.Address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	// No proxy has a part in this, and nobody sends the token elsewhere.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: askWait},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, outsidef("wait until it has ended, or give another --store", "another sfsync has the store open, and does not answer: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	return nil, readStoreError(res.StatusCode, said)
}

// askJSON makes one request with a value as its body, nil for none, and reads the
// answer into out, unless that is nil.
func (s *servingFile) askJSON(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	res, err := s.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		return nil
	}
	return brokeOff(json.NewDecoder(res.Body).Decode(out))
}

// brokeOff says that an answer ends before its end.
func brokeOff(err error) error {
	if err == nil {
		return nil
	}
	return outsidef("", "the running sfsync broke off: %w", err)
}

// storeErrors are the errors of a store that cross to other commands, by name.
var storeErrors = []struct {
	name   string
	err    error
	status int
}{
	{"not_found", store.ErrNotFound, http.StatusNotFound},
	{"ambiguous", store.ErrAmbiguous, http.StatusConflict},
	{"conflict", store.ErrConflict, http.StatusConflict},
	{"invalid", store.ErrInvalid, http.StatusBadRequest},
	{"full", store.ErrFull, http.StatusInsufficientStorage},
	{"read_only", store.ErrReadOnly, http.StatusForbidden},
	{"corrupt", store.ErrCorrupt, http.StatusInternalServerError},
	{"fenced", store.ErrFenced, http.StatusServiceUnavailable},
	{"closed", store.ErrClosed, http.StatusServiceUnavailable},
	{"unavailable", store.ErrUnavailable, http.StatusServiceUnavailable},
}

// storeFault is the body of an answer that tells of an error.
type storeFault struct {
	Error   string `json:"error"` // name of a store's error, "" for another one
	Message string `json:"message"`
}

// sayStoreError answers with an error.
func sayStoreError(w http.ResponseWriter, err error) {
	fault, status := storeFault{Message: err.Error()}, http.StatusInternalServerError
	for _, known := range storeErrors {
		if errors.Is(err, known.err) {
			fault.Error, status = known.name, known.status
			break
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(fault)
}

// remoteError is an error that the daemon's store has returned, in its words.
type remoteError struct {
	kind    error
	message string
}

func (e *remoteError) Error() string { return e.message }
func (e *remoteError) Unwrap() error { return e.kind }

func readStoreError(status int, said []byte) error {
	var fault storeFault
	if json.Unmarshal(said, &fault) != nil {
		if fault.Message = string(bytes.TrimSpace(said)); fault.Message == "" {
			fault.Message = fmt.Sprintf("status %d", status)
		}
	}
	for _, known := range storeErrors {
		if known.name == fault.Error {
			return &remoteError{known.err, fault.Message}
		}
	}
	return outsidef("", "the running sfsync answered: %s", fault.Message)
}
