package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/alert"
	"github.com/sfsync/sfsync/runtime/metrics"
	"github.com/sfsync/sfsync/runtime/receiver"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func TestRuleChanges(t *testing.T) {
	parse := func(text string) []*dsl.File {
		f, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
		return []*dsl.File{f}
	}
	base := "connection a\nrule One\non survey response\nupdate Contact where Id = profile.id set X__c: 1\n\nrule Two\non survey response\nupdate Contact where Id = profile.id set Y__c: 1\n\ntest T\ngiven e.json\nexpect nothing else\n"
	for _, c := range []struct{ name, text, want string }{
		{"the same", base, "[] [] []"},
		{"comment and blanks", "\n# New.\n" + strings.ReplaceAll(base, "update", "  # why\n  update"), "[] [] []"},
		{"test", strings.ReplaceAll(base, "e.json", "f.json"), "[] [] []"},
		{"one line", strings.ReplaceAll(base, "X__c: 1", "X__c: 2"), "[] [One] []"},
		{"renamed", strings.ReplaceAll(base, "rule Two", "rule Three"), "[Three] [] [Two]"},
		{"connection", strings.ReplaceAll(base, "connection a", "connection b"), "[] [One Two] []"},
	} {
		added, changed, removed := ruleChanges(parse(base), parse(c.text))
		if got := fmt.Sprint(added, changed, removed); got != strings.ReplaceAll(c.want, "  ", " ") {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// kept is an alert sender that keeps its messages.
type kept struct{ alerts []alert.Told }

func (k *kept) Name() string { return "kept" }
func (k *kept) Send(_ context.Context, m *alert.Message) error {
	k.alerts = append(k.alerts, m.Alerts...)
	return nil
}

// fullOrg is an org whose calls are refused, and used up.
type fullOrg struct{ cause salesforce.Cause }

func (o fullOrg) Write(_ context.Context, _ salesforce.Op, rows []salesforce.Row) []salesforce.Result {
	out := make([]salesforce.Result, len(rows))
	for i := range out {
		out[i].Err = &salesforce.Error{Cause: o.cause}
	}
	return out
}
func (fullOrg) Usage() salesforce.Usage { return salesforce.Usage{Used: 81_000, Max: 100_000} }

// Each trouble that a person has to know of raises its alert; what is fine raises none.
func TestAlertsOnTrouble(t *testing.T) {
	k := &kept{}
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		a := alert.New(alert.Config{Senders: []alert.Sender{k}})
		ctx, cancel := context.WithCancel(t.Context())
		go a.Run(ctx)
		o := &observer{logger: slog.New(slog.NewTextHandler(&log, nil)), metrics: metrics.New(metrics.Config{}), alerter: a, share: 0.8, queueAge: time.Hour, waited: map[string]time.Time{}}
		now := time.Now()
		o.health(store.Health{Limit: 100, Used: 10, Queued: 1, Oldest: now.Add(-time.Minute)}, now)
		o.report(runtime.Report{Event: "ev/ok", Done: true, Runs: []store.Run{{Outcome: store.Synced}, {Outcome: store.Skipped}}})
		for i := range 1000 {
			o.report(runtime.Report{Event: fmt.Sprint("ev/w", i), Runs: []store.Run{{Outcome: store.Waiting, Cause: "network"}}})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(k.alerts) != 0 {
			t.Errorf("alerts without a trouble: %+v", k.alerts)
		}
		if n := strings.Count(log.String(), "an event waits"); n != 1 {
			t.Errorf("an outage is logged %d times", n)
		}
		c := o.client("production", fullOrg{salesforce.Auth})
		c.Write(t.Context(), salesforce.Update, make([]salesforce.Row, 2))
		o.report(runtime.Report{Event: "ev/1", Done: true, Runs: []store.Run{{Rule: "R", Outcome: store.Failed, Cause: "duplicate"}, {Rule: "S", Outcome: store.InDoubt}}})
		o.report(runtime.Report{Event: "om/2", Runs: []store.Run{{Rule: "R", Outcome: store.Waiting, Why: store.WhyLoopBreaker, Reason: "this rule has run 20 times"}}})
		d := &daemon{metrics: o.metrics, observe: o}
		d.answered(receiver.Answer{Route: receiver.RouteSOAP, Status: 503, Reason: receiver.ReasonOverload}) // is over by itself
		d.answered(receiver.Answer{Route: receiver.RouteSOAP, Status: 503, Reason: receiver.ReasonStore})
		o.health(store.Health{Failed: errors.New("disk on fire")}, now)
		o.health(store.Health{Limit: 100, Used: 90, Queued: 3, Oldest: now.Add(-2 * time.Hour)}, now)
		time.Sleep(time.Hour)
		cancel()
	})
	got := map[alert.Kind]string{}
	for _, al := range k.alerts {
		got[al.Kind+alert.Kind("/"+al.Subject)] = al.Message
		if al.Help == "" {
			t.Errorf("%s has no help", al.Kind)
		}
	}
	want := map[alert.Kind]string{
		"auth/production":        "sfsync is signed out of production; events are taken, and writes wait",
		"quota/production":       "81,000 of the 100,000 API calls a day of production are used; writes wait",
		"failure/duplicate in R": `events fail with the cause duplicate in the rule "R"`,
		"in_doubt/S":             `whether a record was created is in doubt in the rule "S"`,
		"loop_breaker/R":         `the rule "R" runs again and again for one record, so its runs wait`,
		"store/refused":          "events cannot be put on disk, so senders are asked to send them again",
		"store/failed":           "the store takes no writes, so nothing is accepted: disk on fire",
		"store/full":             "the store is 90 % full; at 100 % nothing more is accepted",
		"queue_age/":             "the oldest of 3 events has waited for 2h0m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// brokenLog fails after its first run.
type brokenLog struct{ err error }

func (b brokenLog) List(context.Context, store.Filter) iter.Seq2[store.Run, error] {
	return func(yield func(store.Run, error) bool) {
		_ = yield(store.Run{ID: "1"}, nil) && yield(store.Run{}, b.err)
	}
}
func (b brokenLog) Get(context.Context, string) ([]store.Run, error) { return nil, b.err }

func TestDaemonRunLog(t *testing.T) {
	for _, c := range []struct {
		err  error
		is   error
		says string
	}{
		{store.ErrNotFound, store.ErrNotFound, ""},
		{store.ErrAmbiguous, store.ErrAmbiguous, ""},
		{errors.New("bad sector"), nil, "bad sector"},
	} {
		server := httptest.NewServer(forOwner("token", runLogHandler(brokenLog{c.err})))
		log := daemonRunLog{&servingFile{Address: server.Listener.Addr().String(), Token: "token"}}
		_, err := log.Get(t.Context(), "ev/a b/..")
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.err, err)
		}
		// A list that breaks off is no list.
		var last error
		n := 0
		for _, err := range log.List(t.Context(), store.Filter{Limit: 3}) {
			if last = err; err == nil {
				n++
			}
		}
		if last == nil || n > 1 {
			t.Errorf("a broken list ends after %d runs with %v", n, last)
		}
		log.at.Token = "another"
		if _, err := log.Get(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "token") {
			t.Errorf("another token: %v", err)
		}
		server.Close()
		if _, err := log.Get(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "another sfsync") {
			t.Errorf("nobody there: %v", err)
		}
	}
}

// The token that a file holds goes to this machine only.
func TestServingFile(t *testing.T) {
	dir := t.TempDir()
	if readServingFile(dir) != nil {
		t.Error("found without a file")
	}
	for text, want := range map[string]bool{
		`{"address":"127.0.0.1:80","token":"t"}`:    true,
		`{"address":"[::1]:80","token":"t"}`:        true,
		`{"address":"192.0.2.1:80","token":"t"}`:    false,
		`{"address":"sfsync.example.com:80"}`:       false,
		`{"address":"127.0.0.1:80@192.0.2.1"}`:      false,
		`nonsense`:                                  false,
		`{"address":"` + strings.Repeat("x", 1<<13): false,
	} {
		if err := os.WriteFile(filepath.Join(dir, servingName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := readServingFile(dir) != nil; got != want {
			t.Errorf("%.40s: %v", text, got)
		}
	}
}

// certificate writes a certificate for 127.0.0.1, signed by itself, and its key.
func certificate(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	der2, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: der2}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// With TLS, outbound messages may have to come with a client certificate, and from
// the right network; events need their token only. Secrets may come from a file.
func TestServeTLS(t *testing.T) {
	org := testOrg(t)
	dir := t.TempDir()
	cert, key := certificate(t, dir, "server")
	clientCert, clientKey := certificate(t, dir, "client")
	secrets := filepath.Join(dir, "secrets")
	text := "# of the survey suite\nexport SFSYNC_EVENTS_TOKEN='token-of-the-file'\n" + webhookSecretVariable + "=" + testSecret + "\n"
	t.Setenv(webhookSecretVariable, "")
	if err := os.WriteFile(secrets, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--tls-cert", cert, "--tls-key", key, "--soap-client-ca", clientCert, "--soap-network", "127.0.0.1", "--credentials", secrets)
	if !strings.HasPrefix(s.URL, "https://") || len(s.OpenTo) != 2 {
		t.Errorf("%+v", s.greeting)
	}
	roots := x509.NewCertPool()
	pemText, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots.AppendCertsFromPEM(pemText)
	pair, err := tls.LoadX509KeyPair(clientCert, clientKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		certs  []tls.Certificate
		url    string
		body   string
		token  string
		status int
	}{
		{"message without a certificate", nil, s.Soap["production"], message(org.ID(), "04l5g00000Om001AAB", testCase), "", 403},
		{"message with a certificate", []tls.Certificate{pair}, s.Soap["production"], message(org.ID(), "04l5g00000Om001AAB", testCase), "", 200},
		{"event", nil, s.Events, response("r-1", 5), "token-of-the-file", 202},
		{"event with the token of the environment", nil, s.Events, response("r-2", 5), testToken, 401},
	} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: c.certs}}}
		req, err := http.NewRequest(http.MethodPost, c.url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s: %d", c.name, res.StatusCode)
		}
		client.CloseIdleConnections()
	}
	if res, err := http.Get(s.Events); err == nil {
		res.Body.Close()
		t.Error("a certificate that nobody knows is trusted")
	}
}
