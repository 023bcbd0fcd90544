package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/receiver"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// senderFlags say who may send outbound messages, beside the right org.
func senderFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "soap-network", Usage: "take outbound messages from `CIDR` only; may be repeated"},
		&cli.StringFlag{Name: "soap-client-ca", Usage: "take outbound messages only with a client certificate of an authority in `FILE`"},
		&cli.StringSliceFlag{Name: "soap-client-name", Usage: "and only with one for `NAME`; may be repeated"},
		&cli.StringSliceFlag{Name: "soap-client-pin", Usage: "take outbound messages only with a client certificate of this `SHA256`, its own or its key's; may be repeated"},
		&cli.StringSliceFlag{Name: "proxy", Usage: "believe X-Forwarded-For of the reverse proxies in `CIDR`; may be repeated"},
	}
}

// senders are the rules for senders that flags ask for.
type senders struct {
	networks, proxies []netip.Prefix
	client            *receiver.ClientCertificate // nil for none
}

func readSenders(ctx *cli.Context) (s senders, err error) {
	if s.networks, err = prefixes(ctx, "soap-network"); err != nil {
		return s, err
	}
	if s.proxies, err = prefixes(ctx, "proxy"); err != nil {
		return s, err
	}
	ca, names, pins := ctx.String("soap-client-ca"), ctx.StringSlice("soap-client-name"), ctx.StringSlice("soap-client-pin")
	if ca == "" && len(pins) == 0 {
		if len(names) > 0 {
			return s, usagef("", "--soap-client-name goes with --soap-client-ca or --soap-client-pin")
		}
		return s, nil
	}
	if ctx.String("tls-cert") == "" {
		return s, usagef("--tls-cert FILE --tls-key FILE", "client certificates need TLS")
	}
	s.client = &receiver.ClientCertificate{Names: names, Pins: pins}
	if ca != "" {
		data, err := readFile(ca)
		if err != nil {
			return s, err
		}
		s.client.Roots = x509.NewCertPool()
		if !s.client.Roots.AppendCertsFromPEM(data) {
			return s, usagef("", "there is no PEM certificate in %s", ca)
		}
	}
	return s, nil
}

func prefixes(ctx *cli.Context, flag string) (out []netip.Prefix, err error) {
	for _, text := range ctx.StringSlice(flag) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, usagef("--"+flag+" 13.108.0.0/14", "--%s is no network: `%s`", flag, text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

// swapHandler serves with a receiver that is replaced when the connections of the
// rules change.
type swapHandler struct {
	current atomic.Pointer[receiver.Receiver]
}

func (h *swapHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.current.Load().ServeHTTP(w, r)
}

// newReceiver makes the receiver for the rules as they are now.
func (d *daemon) newReceiver() (*receiver.Receiver, error) {
	connections := map[string]receiver.Connection{}
	for name, t := range d.book.now().byConnection() {
		connections[name] = receiver.Connection{
			OrganizationID: d.book.now().users[t].OrganizationID,
			Networks:       d.settings.senders.networks,
			Client:         d.settings.senders.client,
			Object:         d.book.object(t),
		}
	}
	r, err := receiver.New(receiver.Config{
		Submit: d.engine.Submit, Connections: connections,
		Tokens: d.settings.tokens(), Secrets: d.settings.secrets(),
		Statuses: d.book.statuses, Ready: d.ready, Proxies: d.settings.senders.proxies, Logger: d.logger, Observe: d.answered,
	})
	if err != nil {
		return nil, usagef("", "cannot take events: %v", err)
	}
	return r, nil
}

// answered counts what was answered to a request.
func (d *daemon) answered(a receiver.Answer) {
	route := string(a.Route)
	d.metrics.Requests.Add(1, route, strconv.Itoa(a.Status))
	for answer, n := range map[string]int{"accepted": a.Accepted, "duplicate": a.Duplicate, "rejected": a.Rejected} {
		if n > 0 {
			d.metrics.Events.Add(float64(n), route, answer)
		}
	}
	if a.Reason == receiver.ReasonStore {
		d.observe.unkept()
	}
}

// tlsConfig is nil without a certificate.
func (d *daemon) tlsConfig() (*tls.Config, error) {
	if d.settings.certFile == "" {
		return nil, nil
	}
	config, err := receiver.TLS(d.settings.certFile, d.settings.keyFile, d.logger)
	if err != nil {
		return nil, outsidef("", "%w", err)
	}
	return config, nil
}

// byConnection are the orgs by the names that stand in addresses and metrics.
func (j *job) byConnection() map[string]*target {
	out := map[string]*target{}
	for _, name := range connectionsOf(j.rules.files) {
		t := j.targetOf(name)
		out[connectionName(name, t)] = t
	}
	return out
}

// connectionName is the name of a connection where it needs one.
func connectionName(name string, t *target) string {
	return cmp.Or(name, t.name, "default")
}

// object returns what the receiver asks about the objects of an org.
func (b *rulebook) object(t *target) func(context.Context, string) (*schema.Object, error) {
	return func(_ context.Context, name string) (*schema.Object, error) {
		j := b.now()
		for connection, s := range j.rules.schemas {
			if j.targetOf(connection) != t {
				continue
			}
			if o := s.Object(name); o != nil {
				return o, nil // without fields, if no rule is about it
			}
			if len(s.Described()) == len(s.Names()) {
				// The store recalls only what rules need; the org has many more.
				return nil, errors.New("the org could not be asked about its objects yet")
			}
		}
		return nil, nil
	}
}

// statuses are the distribution statuses that the rules know in events of a type and
// survey; none if one of them handles whatever comes.
func (b *rulebook) statuses(eventType, survey string) []string {
	p := b.now().rules.plan
	for _, r := range p.Rules {
		otherwise := slices.ContainsFunc(r.Arms, func(a *plan.Arm) bool { return a.Otherwise })
		switch {
		case eventType != plan.TypeResponse && r.Trigger == dsl.OutboundMessage && otherwise,
			eventType == plan.TypeResponse && r.Trigger == dsl.SurveyResponse && (r.Subject == "" || r.Subject == survey) && (otherwise || len(r.Arms) == 0):
			return nil
		}
	}
	return p.Statuses()
}
