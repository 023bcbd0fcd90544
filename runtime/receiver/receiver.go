package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce/outbound"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Config says what a receiver takes, from whom, and where it goes. Only Submit is
// required; without credentials everything under /v1 is refused.
type Config struct {
	// Submit makes events durable, as runtime.Engine.Submit does: an error means that
	// nothing was decided, and no event of the call is acknowledged.
	Submit func(ctx context.Context, source string, events []string) ([]runtime.Submission, error)

	// Connections are the orgs whose outbound messages are taken, by the name that
	// stands in the path: /soap/NAME.
	Connections map[string]Connection

	// Tokens are the bearer tokens that open /v1, each at least 16 characters.
	Tokens []string
	// Secrets are the Standard Webhooks secrets that open /v1, each `whsec_` and the
	// base64 of 24 to 64 bytes. All of them count, so that one can follow another.
	Secrets []string

	// Statuses returns the distribution statuses that the rules know in events of a type
	// and, if they name one, of a survey, so that a misspelt one is refused while its
	// sender still listens. Every status is taken if it is nil or returns none, as it
	// should where a rule handles whatever comes.
	Statuses func(eventType, survey string) []string

	// Ready says why the process cannot do its work now, as one clause for people;
	// nil if it can. It may be nil.
	Ready func() error

	// Proxies are the reverse proxies whose X-Forwarded-For is believed.
	Proxies []netip.Prefix

	Limits  Limits
	Logger  *slog.Logger // gets no body, no header and no secret; may be nil
	Observe func(Answer) // is told of every answer, on the request's goroutine; may be nil
}

// Connection is one org that may send outbound messages.
type Connection struct {
	// OrganizationID is the org's id, 15 or 18 characters. A message of another org
	// is refused.
	OrganizationID string
	// Networks are those from which messages may come; any if empty.
	Networks []netip.Prefix
	// Client says which client certificate a sender must show; none if nil.
	Client *ClientCertificate
	// Object returns the describe result of an object, by which a record's values are
	// typed: nil if the org has no such object, or the connection's user cannot see
	// it. An error means that nobody can tell at the moment. Without Object, every
	// value is text.
	Object func(ctx context.Context, name string) (*schema.Object, error)
}

// Limits bound what senders can cost. Zero fields stand for the defaults.
type Limits struct {
	// MaxBody bounds a body under /v1, in bytes; 8 MiB if 0. Outbound messages have
	// their own bound, outbound.MaxBody.
	MaxBody int64
	// MaxEvents bounds the events of one request; 10,000 if 0.
	MaxEvents int
	// MaxBytes bounds the bodies that are in memory at once, in bytes; 64 MiB if 0.
	// Reading and keeping them takes a few times as much.
	MaxBytes int64
	// MaxRequests bounds the requests at work or waiting for room; 8192 if 0.
	MaxRequests int
	// MaxConnections bounds the open connections of Server; 10,000 if 0.
	MaxConnections int
	// Patience is how long a request may wait for room; 10 s if 0.
	Patience time.Duration
	// Grace is how long a body may take to arrive while other requests wait for the
	// room it holds; 2 s if 0.
	Grace time.Duration
	// SubmitTimeout bounds Submit; 40 s if 0. Salesforce waits 60 s for an answer
	// (help page "Outbound Message Actions Considerations").
	SubmitTimeout time.Duration
}

// Receiver is an http.Handler. Its methods may be called from any goroutine.
type Receiver struct {
	config      Config
	limits      Limits
	connections atomic.Pointer[map[string]*connection]
	credentials credentials
	gate        *gate
	warn        *warner
	mux         *http.ServeMux
}

// New returns a receiver, or an error that says which part of the configuration is
// wrong without repeating a secret.
func New(config Config) (*Receiver, error) {
	if config.Submit == nil {
		return nil, errors.New("a receiver needs something to submit events to")
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	limits := config.Limits
	def(&limits.MaxBody, 8<<20)
	def(&limits.MaxEvents, 10_000)
	def(&limits.MaxBytes, 64<<20)
	def(&limits.MaxRequests, 8192)
	def(&limits.MaxConnections, 10_000)
	def(&limits.Patience, 10*time.Second)
	def(&limits.Grace, 2*time.Second)
	def(&limits.SubmitTimeout, 40*time.Second)
	if least := max(limits.MaxBody, outbound.MaxBody); limits.MaxBytes < least {
		return nil, fmt.Errorf("room for %d bytes of bodies is less than one body may have, %d bytes", limits.MaxBytes, least)
	}
	r := &Receiver{
		config: config,
		limits: limits,
		gate:   newGate(limits.MaxBytes, limits.MaxRequests, limits.Patience, limits.Grace),
		warn:   newWarner(config.Logger),
		mux:    http.NewServeMux(),
	}
	var err error
	if r.credentials, err = newCredentials(config.Tokens, config.Secrets); err != nil {
		return nil, err
	}
	if err := r.SetConnections(config.Connections); err != nil {
		return nil, err
	}
	r.mux.Handle("/soap/{connection}", r.route(RouteSOAP, r.soap))
	r.mux.Handle("/v1/events", r.route(RouteEvents, r.events))
	r.mux.Handle("/v1/distributions", r.route(RouteDistributions, r.distributions))
	r.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	r.mux.HandleFunc("GET /readyz", r.readyz)
	r.mux.Handle("/", r.route(RouteNone, r.nothing))
	r.mux.Handle("/soap", r.route(RouteSOAP, r.nothing))
	r.mux.Handle("/soap/", r.route(RouteSOAP, r.nothing))
	return r, nil
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// SetConnections replaces the connections for the requests that come from now on. If
// one of them is wrong, nothing changes.
func (r *Receiver) SetConnections(connections map[string]Connection) error {
	ready := make(map[string]*connection, len(connections))
	for name, c := range connections {
		var err error
		if ready[name], err = newConnection(name, c); err != nil {
			return fmt.Errorf("connection %q: %w", name, err)
		}
	}
	r.connections.Store(&ready)
	return nil
}

// ServeHTTP answers a request; see the package for the addresses.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if p := path.Clean(req.URL.Path); p != req.URL.Path && p+"/" != req.URL.Path {
		// The mux would redirect to it, and Salesforce follows no redirect.
		none := RouteNone
		if strings.HasPrefix(p, "/soap/") {
			none = RouteSOAP
		}
		r.route(none, r.nothing).ServeHTTP(w, req)
		return
	}
	r.mux.ServeHTTP(w, req)
}

const addresses = "outbound messages go to /soap/CONNECTION, events to /v1/events, statuses to /v1/distributions"

// nothing answers where nothing is taken. Who sends something is told in the log as well.
func (r *Receiver) nothing(*exchange) *refusal {
	return &refusal{status: http.StatusNotFound, reason: ReasonAddress, unread: true, error: "nothing is taken at this address", help: addresses}
}

// Load returns how many requests are at work, how many wait for room, and how many
// bytes of bodies are spoken for.
func (r *Receiver) Load() (working, waiting int, bytes int64) { return r.gate.load() }

func (r *Receiver) readyz(w http.ResponseWriter, _ *http.Request) {
	if r.config.Ready != nil {
		if err := r.config.Ready(); err != nil {
			writeJSON(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "error": err.Error()})
			return
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ready"})
}
