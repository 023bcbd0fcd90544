package receiver

import (
	"context"
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce/outbound"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// connection is a Connection made ready.
type connection struct {
	name     string
	org      string // 18 characters
	networks []netip.Prefix
	client   *clientCheck // nil if no certificate is asked for
	object   func(ctx context.Context, name string) (*schema.Object, error)
	session  sync.Once // the advice about session ids has been given
}

func newConnection(name string, c Connection) (*connection, error) {
	if name == "" || strings.ContainsAny(name, "/?#%") {
		return nil, errors.New("its name cannot stand in a path")
	}
	org, ok := schema.To18(c.OrganizationID)
	if !ok || schema.KeyPrefix(org) != "00D" {
		return nil, fmt.Errorf("%q is no organization id (Setup, Company Information shows it, 00D…)", clip(c.OrganizationID))
	}
	conn := &connection{name: name, org: org, networks: c.Networks, object: c.Object}
	if c.Client != nil {
		var err error
		if conn.client, err = newClientCheck(c.Client); err != nil {
			return nil, err
		}
	}
	return conn, nil
}

var ack = outbound.AppendAck(nil, true)

// soap takes an outbound message: all of its notifications, or no Ack.
func (r *Receiver) soap(x *exchange) *refusal {
	c := (*r.connections.Load())[x.req.PathValue("connection")]
	if c == nil {
		return &refusal{status: http.StatusNotFound, reason: ReasonConnection, unread: true,
			error: "there is no connection of this name", help: "the endpoint URL of the outbound message ends with the connection's name"}
	}
	if len(c.networks) > 0 && !contains(c.networks, r.sender(x.req)) {
		return &refusal{status: http.StatusForbidden, reason: ReasonNetwork, unread: true,
			error: "messages from this network are not taken", help: "if it is one of Salesforce's, add it to the connection's networks"}
	}
	switch {
	case x.req.Method == http.MethodPost:
	case x.req.Method == http.MethodGet && strings.EqualFold(x.req.URL.RawQuery, "wsdl"):
		x.describe()
		return nil
	default:
		return &refusal{status: http.StatusMethodNotAllowed, reason: ReasonMethod, allow: "POST", unread: true,
			error: "outbound messages come by POST", help: "set this address as the endpoint URL of an outbound message; add ?wsdl to see what it takes"}
	}
	if c.client != nil {
		if err := c.client.verify(x.req); err != nil {
			return &refusal{status: http.StatusForbidden, reason: ReasonCertificate, unread: true, error: err.Error(),
				help: "look at the API client certificate of the org (Setup, Certificate and Key Management) and at the connection's roots, names and pins"}
		}
	}
	if refused := x.admit(outbound.MaxBody); refused != nil {
		return refused
	}
	m, err := outbound.Read(x.body(outbound.MaxBody), outbound.MaxBody)
	if err != nil {
		var bad *outbound.Refusal
		if !errors.As(err, &bad) {
			return x.unreadable(err)
		}
		return fault(ReasonMessage, bad.Error(), bad.Kind.Help(), slog.String("kind", string(bad.Kind)))
	}
	if m.OrganizationID != c.org {
		return fault(ReasonOrganization, "this message is of another org than the connection", "check the connection's name in the endpoint URL, and its organization id",
			slog.String("organization", m.OrganizationID), slog.String("action", m.ActionID))
	}
	if m.SessionPresent {
		c.session.Do(func() {
			r.config.Logger.Warn("an outbound message carries a session id, which is dropped unread: clear Send Session ID in its definition",
				"connection", c.name, "action", m.ActionID)
		})
	}
	return x.keep(c, m)
}

// fault refuses what a message says, with the status that SOAP 1.1 (6.2) gives to faults.
func fault(reason Reason, text, help string, log ...slog.Attr) *refusal {
	return &refusal{status: http.StatusInternalServerError, reason: reason, error: text, help: help, log: log}
}

// keep turns notifications into events and acknowledges them once they are on disk.
func (x *exchange) keep(c *connection, m *outbound.Message) *refusal {
	ctx, cancel := context.WithTimeout(x.req.Context(), x.limits.SubmitTimeout)
	defer cancel()
	var object *schema.Object
	if name := m.Notifications[0].Object; name != "" && c.object != nil {
		var err error
		if object, err = c.object(ctx, name); err != nil {
			return &refusal{status: http.StatusServiceUnavailable, reason: ReasonObject, retry: retryAfter(30),
				error: "the fields of " + name + " cannot be looked up at the moment", log: []slog.Attr{slog.String("cause", err.Error())}}
		}
		if object == nil {
			return fault(ReasonObject, "the org shows no object "+clip(name), "give the connection's user access to the object, and refresh its schema",
				slog.String("action", m.ActionID))
		}
	}
	answers, err := x.submit(ctx, runtime.SourceOutbound, appendEvents(m, object, time.Now()))
	if err != nil {
		return x.unkept(err)
	}
	for i := range answers {
		if a := &answers[i]; a.Status == runtime.Rejected {
			return fault(ReasonEvent, fmt.Sprintf("notification %d cannot be taken: %s", i+1, a.Reason), a.Help,
				slog.String("notification", m.Notifications[i].ID), slog.String("action", m.ActionID))
		}
	}
	x.w.Header().Set("Content-Type", outbound.ContentType)
	x.w.Write(ack)
	return nil
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// appendEvents writes all events into one text, and returns its parts.
func appendEvents(m *outbound.Message, o *schema.Object, received time.Time) []string {
	pooled := buffers.Get().(*[]byte)
	buf := (*pooled)[:0]
	ends := make([]int, len(m.Notifications))
	for i := range m.Notifications {
		buf = m.Notifications[i].AppendEvent(buf, o, received)
		ends[i] = len(buf)
	}
	text := string(buf)
	*pooled = buf
	buffers.Put(pooled)
	events := make([]string, len(ends))
	start := 0
	for i, end := range ends {
		events[i] = text[start:end]
		start = end
	}
	return events
}

//go:embed outbound.wsdl
var wsdl string

// describe answers ?wsdl with what the address takes and how to make Salesforce send it.
func (x *exchange) describe() {
	scheme := "http"
	if x.req.TLS != nil {
		scheme = "https"
	}
	var location strings.Builder
	xml.EscapeText(&location, []byte(scheme+"://"+x.req.Host+x.req.URL.EscapedPath())) // a Builder takes everything
	x.w.Header().Set("Content-Type", outbound.ContentType)
	x.w.Write([]byte(strings.ReplaceAll(wsdl, "{location}", location.String())))
}
