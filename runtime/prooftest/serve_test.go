package prooftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	goruntime "runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/receiver"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// settingsVariable tells the test binary to be a daemon, and which.
const settingsVariable = "SFSYNC_PROOF_DAEMON"

// settings are what a daemon is started with.
type settings struct {
	Dir   string
	Org   string // instance URL
	Token string // access token that cannot be renewed
	Rules string
	Real  bool   // be `sfsync serve` itself
	Limit uint64 // bytes that a file may have if it is real, 0 for none
	Idle  bool   // accept events and do not run them; never if it is real
}

// eventsToken opens /v1.
const eventsToken = "opens-events-to-the-proof"

// status is what a daemon says of itself.
type status struct {
	Queued  int
	Waiting int
	Used    int64 // bytes of the store that hold something
	Heap    uint64
	Failed  string
}

// serve is a daemon whose inside can be measured: engine, store and receiver, wired as
// `sfsync serve` wires them. It returns the exit code.
func serve(text string) int {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := serveEvents(text, log); err != nil {
		log.Error(err.Error())
		return 3
	}
	return 0
}

func serveEvents(text string, log *slog.Logger) error {
	var set settings
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return err
	}
	p, err := compile(set.Rules)
	if err != nil {
		return err
	}
	st, err := bolt.Open(set.Dir, bolt.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	client, err := salesforce.New(salesforce.Config{InstanceURL: set.Org, Token: salesforce.StaticToken(set.Token), Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	config := runtime.Config{
		Store: st, Plan: p, Logger: log,
		Org: func(context.Context, string) (runtime.Org, error) { return runtime.Org{Client: client}, nil },
	}
	engine, err := runtime.New(config)
	if err != nil {
		return err
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r, err := receiver.New(receiver.Config{Submit: engine.Submit, Tokens: []string{eventsToken}, Logger: log,
		Connections: map[string]receiver.Connection{"default": {OrganizationID: organization}}})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler(r, st)}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(listener) }()
	if !set.Idle {
		go func() { ended <- engine.Run(ctx) }()
	}
	json.NewEncoder(os.Stdout).Encode(greeting{URL: "http://" + listener.Addr().String()})
	select {
	case err := <-ended:
		if ctx.Err() == nil {
			return err
		}
	case <-ctx.Done():
		if !set.Idle {
			if err := <-ended; err != nil {
				return err
			}
		}
	}
	return server.Close()
}

func compile(rules string) (*plan.Plan, error) {
	f, diags := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(rules)))
	p, more := plan.Compile([]*dsl.File{f}, plan.Options{})
	for _, d := range append(diags, more...) {
		if d.Severity == dsl.Error {
			return nil, fmt.Errorf("%s: %s", d.Code, d.Message)
		}
	}
	return p, nil
}

// handler adds to a receiver what the tests want to know.
func handler(r *receiver.Receiver, st *bolt.Store) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r)
	mux.HandleFunc("GET /profile", pprof.Profile)
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("gc") {
			debug.FreeOSMemory()
		}
		h, err := st.Health(r.Context())
		if err != nil && !errors.Is(err, store.ErrClosed) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var m goruntime.MemStats
		goruntime.ReadMemStats(&m)
		s := status{Queued: h.Queued, Waiting: h.Waiting, Used: h.Used, Heap: m.HeapInuse}
		if h.Failed != nil {
			s.Failed = h.Failed.Error()
		}
		json.NewEncoder(w).Encode(s)
	})
	return mux
}
