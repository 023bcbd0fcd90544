package prooftest

import (
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// TestStartWithoutSalesforce: a daemon that has known its org starts and accepts while
// Salesforce is away, and writes when it is back. Else Salesforce's own messages would
// survive the outage, and survey events would not. One that has never known its org
// says so, and what it needs.
func TestStartWithoutSalesforce(t *testing.T) {
	org := simulate(t, orgsim.Options{DailyLimit: -1})
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: true})
	if _, err := org.Break(orgsim.Fault{Kind: orgsim.FaultUnavailable}); err != nil {
		t.Fatal(err)
	}
	if said := d.fails(); !strings.Contains(said, "does not know enough of this org") {
		t.Errorf("it says %q", said)
	}
	org.Heal()
	d.run()
	d.stop()
	if _, err := org.Break(orgsim.Fault{Kind: orgsim.FaultUnavailable}); err != nil {
		t.Fatal(err)
	}
	d.run()
	l := newLoad(t, org, d)
	url, _ := d.address(t.Context())
	ids := contacts(t, org, 1)
	list := []notification{{salesforceID("04l", 1), salesforceID("500", 1), [][2]string{{"ContactId", ids[0]}, {"Subject", "value 1"}}}}
	if !l.post(url+"/v1/events", bulky(1, ids[0]), 1) || !l.post(url+"/soap/default", message(list), 1) {
		t.Errorf("events are not accepted without Salesforce:\n%s", d.log.String())
	}
	org.Heal()
	d.drain(time.Minute)
	d.stop()
	runs := outcomes(t, d.set.Dir)
	for id, list := range runs {
		if len(list) != 1 || list[0].Outcome != store.Synced {
			t.Errorf("%s: %+v", id, list)
		}
	}
	if len(runs) != 2 {
		t.Errorf("%d outcomes", len(runs))
	}
}
