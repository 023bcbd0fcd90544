package receiver

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce/outbound"
)

// Route names an address in answers and metrics.
type Route string

// The routes.
const (
	RouteSOAP          Route = "soap"
	RouteEvents        Route = "events"
	RouteDistributions Route = "distributions"
	RouteNone          Route = "none" // an address where nothing is taken
)

// Reason says in one word why a request was refused; "" if it was not.
type Reason string

// The reasons.
const (
	ReasonAddress      Reason = "address"      // nothing is taken there
	ReasonMethod       Reason = "method"       // neither POST nor a GET that has an answer
	ReasonConnection   Reason = "connection"   // no connection of this name
	ReasonNetwork      Reason = "network"      // from a network that is not allowed
	ReasonCertificate  Reason = "certificate"  // without the client certificate that is asked for
	ReasonCredentials  Reason = "credentials"  // no token or signature, or not a good one
	ReasonEncoding     Reason = "encoding"     // compressed
	ReasonContentType  Reason = "content_type" // neither JSON nor a CloudEvent
	ReasonTooLarge     Reason = "too_large"    // a body, or a number of events, beyond the limits
	ReasonOverload     Reason = "overload"     // no room at the moment
	ReasonSlow         Reason = "slow"         // the body did not arrive in time
	ReasonBroken       Reason = "broken"       // the body ended before its end
	ReasonMessage      Reason = "message"      // no outbound message that can be read
	ReasonOrganization Reason = "organization" // of another org
	ReasonObject       Reason = "object"       // of an object that the org does not show
	ReasonEvent        Reason = "event"        // no event that can be accepted
	ReasonStore        Reason = "store"        // nothing could be kept
)

// Answer is what a request came to.
type Answer struct {
	Route  Route
	Status int // of HTTP
	Reason Reason
	// The events of the request, by what was decided of them.
	Accepted, Duplicate, Rejected int
	Took                          time.Duration
}

// A refusal is the answer to a request of which nothing is taken.
type refusal struct {
	status int
	reason Reason
	error  string // one clause that the sender may see
	help   string // what to do about it, "" for nothing
	retry  int    // seconds for Retry-After; 0 for none
	allow  string // for the Allow header
	unread bool   // the body was not read to its end
	silent bool   // nobody listens any more
	log    []slog.Attr
}

// exchange is one request under way.
type exchange struct {
	*Receiver
	w      http.ResponseWriter
	req    *http.Request
	answer Answer
	ticket *ticket
	from   string // the sender's address, for the log
}

// route wraps a handler in what all addresses share: it writes the refusal that the
// handler returns, says why in the log, and tells the observer.
func (r *Receiver) route(name Route, handle func(*exchange) *refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		started := time.Now()
		x := &exchange{Receiver: r, w: w, req: req, answer: Answer{Route: name, Status: http.StatusOK}}
		x.from = r.sender(req).String()
		defer x.leave() // also when the handler panics
		refused := handle(x)
		x.leave()
		if refused != nil {
			x.refuse(refused)
		}
		if r.config.Observe != nil {
			x.answer.Took = time.Since(started)
			r.config.Observe(x.answer)
		}
	})
}

func (x *exchange) leave() {
	if x.ticket != nil {
		x.ticket.leave()
		x.ticket = nil
	}
}

func (x *exchange) refuse(f *refusal) {
	x.answer.Status, x.answer.Reason = f.status, f.reason
	attrs := append([]slog.Attr{slog.String("path", clip(x.req.URL.Path)), slog.String("from", x.from), slog.String("reason", string(f.reason)),
		slog.Int("status", f.status), slog.String("error", f.error)}, f.log...)
	if f.help != "" {
		attrs = append(attrs, slog.String("help", f.help))
	}
	level := slog.LevelWarn
	if f.reason == ReasonStore {
		level = slog.LevelError
	}
	if looks := x.req.Method == http.MethodGet || x.req.Method == http.MethodHead; !looks || f.reason != ReasonAddress {
		x.warn.log(level, f.reason, "request refused", attrs...)
	}
	if f.silent {
		return
	}
	header := x.w.Header()
	if f.retry > 0 {
		header.Set("Retry-After", strconv.Itoa(f.retry))
	}
	if f.allow != "" {
		header.Set("Allow", f.allow)
	}
	if f.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="sfsync"`)
	}
	if f.unread && x.req.ProtoMajor == 1 {
		// Else the server would first read on, to use the connection again.
		header.Set("Connection", "close")
	}
	if x.answer.Route == RouteSOAP {
		reason := f.error
		if f.help != "" {
			reason += "; " + f.help
		}
		header.Set("Content-Type", outbound.ContentType)
		x.w.WriteHeader(f.status)
		x.w.Write(outbound.AppendFault(nil, reason))
		return
	}
	body := map[string]any{"error": f.error}
	if f.help != "" {
		body["help"] = f.help
	}
	writeJSON(x.w, f.status, body)
}

// clip bounds what a log line or an answer repeats of a stranger's text.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // an error is that of the connection, and nobody is left to tell
}
