package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

func outage(t *testing.T, org *orgsim.Org) {
	t.Helper()
	if _, err := org.Break(orgsim.Fault{Kind: orgsim.FaultUnavailable}); err != nil {
		t.Fatal(err)
	}
}

// A daemon that knows its org by nothing but its address starts and takes events
// while the org is away, and writes them when it is back.
func TestServeWithoutSalesforce(t *testing.T) {
	for _, flags := range [][]string{nil, {"--save-connection", "production"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			org := testOrg(t)
			args := append([]string{rulesDir(t, caseRules), "--instance", org.URL()}, flags...)
			if code := startServe(t, args...).stop(); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			outage(t, org)
			s := startServe(t, args...)
			if got := s.Orgs["production"]; got != org.ID() {
				t.Errorf("it takes messages of the org %q, not %q", got, org.ID())
			}
			if status, answer := s.event(response("r-1", 4)); status != 202 {
				t.Errorf("%d %s", status, answer)
			}
			if _, answer := s.soap(message(org.ID(), "04l5g00000Om001AAB", testCase)); !strings.Contains(answer, "<Ack>true</Ack>") {
				t.Error(answer)
			}
			eventually(t, "the log says that events wait", func() bool { return strings.Contains(s.log.String(), "events are taken and wait") })
			org.Heal()
			eventually(t, "what was taken is written", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "4" })
		})
	}
}

// The first start needs the org, and says so; and so does one with objects of which the
// org was never asked.
func TestServeStranger(t *testing.T) {
	org := testOrg(t)
	outage(t, org)
	dir := rulesDir(t, caseRules)
	refused := func() {
		t.Helper()
		var errOut bytes.Buffer
		c := &console{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &errOut, width: defaultWidth}
		code := c.exit(execute(t.Context(), c, []string{"sfsync", "serve", dir, "--instance", org.URL(), "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"}))
		if code != exitOutside || !strings.Contains(errOut.String(), "does not know enough of this org") || !strings.Contains(errOut.String(), "first start") {
			t.Errorf("exit code %d: %s", code, &errOut)
		}
	}
	refused()
	org.Heal()
	startServe(t, dir, "--instance", org.URL()).stop()
	outage(t, org)
	writeRules(t, dir, caseRules+"rule Leads\non survey response leads\nupdate Lead where Id = profile.lead set NPS_Score__c = answers.nps\n")
	refused()
}

// Once the org answers, the daemon goes by what it says and not by what it said.
func TestServeMeetsAgain(t *testing.T) {
	org := testOrg(t)
	args := []string{rulesDir(t, caseRules), "--instance", org.URL()}
	s := startServe(t, args...)
	s.stop()
	outage(t, org)

	c := &console{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}, width: defaultWidth}
	log := &safeBuffer{}
	dir := s.Store
	d, err := c.newDaemon(t.Context(), &serveSettings{
		rules: serveRules{read: func() ([]*dsl.Source, error) { return c.readRules(args[:1]) }},
		orgs: serveOrgs{one: true, of: func(context.Context, store.KV, []*dsl.File) ([]*target, error) {
			other, err := newTarget(org.URL(), "", "", true)
			return []*target{other}, err
		}},
		dir: dir, storeLimit: 1 << 30, addr: "127.0.0.1:0", adminAddr: "127.0.0.1:0", quotaShare: 1,
		tokens: func() []string { return nil }, secrets: func() []string { return nil },
		alertGather: time.Minute, logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	b := d.book
	if !b.now().recalled {
		t.Fatal("it does not know that the org is away")
	}
	met := 0 // how often what waits is tried again
	b.met = func() { met++ }
	b.meetAgain(t.Context())
	if !b.now().recalled || met > 0 {
		t.Error("it believes to have signed in")
	}
	if b.schema("production").Object("Lead") != nil {
		t.Error("it knows an object that no rule names")
	}
	org.Heal()
	b.meetAgain(t.Context())
	if b.now().recalled || met != 1 || b.schema("production").Object("Lead") == nil {
		t.Errorf("it has not asked the org again:\n%s", log)
	}
	b.awaitOrgs(t.Context()) // which has nothing to wait for
}
