package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// simulate returns a bench whose writes go to a simulated org, over HTTP.
func simulate(t testing.TB, rules string, options orgsim.Options) (*bench, *orgsim.Org) {
	t.Helper()
	org, err := orgsim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { org.Close() })
	client, err := salesforce.New(salesforce.Config{InstanceURL: org.URL(), Token: salesforce.StaticToken(org.Login(""))})
	if err != nil {
		t.Fatal(err)
	}
	described := schema.New()
	for _, name := range []string{"Account", "Contact", "Case", "Survey_Response__c"} {
		d, err := client.Describe(context.Background(), name, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		described.Add(d.Object)
	}
	return start(t, rules, func(c *runtime.Config) {
		c.Org = func(context.Context, string) (runtime.Org, error) { return runtime.Org{Client: client}, nil }
		c.Schema = func(string) *schema.Schema { return described }
	}), org
}

const survey = `
rule Answers
on survey response
update Contact where Id = profile.contact
  set NPS_Score__c = answers.nps
      Customer_Comment__c = vars.comment
upsert Survey_Response__c where Response_Id__c = response.id
  set Score__c = answers.nps
`

func surveyed(id, contact string, nps any) string {
	return fmt.Sprintf(`{"id":%q,"type":"survey.response","survey":{"id":"s"},"response":{"id":%q},"answers":{"nps":%v},"profile":{"contact":%q}}`, id, id, nps, contact)
}

func contacts(t testing.TB, org *orgsim.Org, n int) []string {
	t.Helper()
	records := make([]map[string]any, n)
	for i := range records {
		records[i] = map[string]any{"LastName": fmt.Sprint("Contact ", i)}
	}
	ids, err := org.Seed("Contact", records...)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestPoisonedRowStopsNoOther(t *testing.T) {
	b, org := simulate(t, survey, orgsim.Options{})
	ids := contacts(t, org, 150)
	var events []string
	for i, id := range ids {
		nps := any(i % 11)
		if i == 77 {
			nps = `"not a number"` // without a schema nothing stops it before the call
		}
		events = append(events, surveyed(fmt.Sprint("r", i), id, nps))
	}
	b.run(events...)
	failed := 0
	for _, r := range b.runs() {
		if r.Outcome == store.Failed {
			failed++
			if r.Event != "ev/r77" || r.Cause != "invalid_value" || r.Writes[0].Code != "JSON_PARSER_ERROR" || r.Advice == "" {
				t.Errorf("run %+v", r)
			}
		} else if r.Outcome != store.Synced {
			t.Errorf("run %+v", r)
		}
	}
	if failed != 1 || len(org.Records("Survey_Response__c")) != 149 {
		t.Errorf("%d failed, %d responses", failed, len(org.Records("Survey_Response__c")))
	}
	if n := org.Stats().APIUsed; n > 30 {
		t.Errorf("%d API calls", n)
	}
}

func TestFaultsOfTheWireHeal(t *testing.T) {
	for _, kind := range []orgsim.FaultKind{orgsim.FaultResetAfter, orgsim.FaultResetBefore, orgsim.FaultTruncated, orgsim.FaultHTML,
		orgsim.FaultUnavailable, orgsim.FaultUnknown, orgsim.FaultConcurrentLimit, orgsim.FaultRowLock, orgsim.FaultTriggerLock} {
		t.Run(string(kind), func(t *testing.T) {
			b, org := simulate(t, survey, orgsim.Options{})
			ids := contacts(t, org, 20)
			if _, err := org.Break(orgsim.Fault{Kind: kind, Times: 3}); err != nil {
				t.Fatal(err)
			}
			var events []string
			for i := range 40 {
				events = append(events, surveyed(fmt.Sprint("r", i), ids[i%20], i%11))
			}
			b.run(events...)
			for _, r := range b.runs() {
				if r.Outcome != store.Synced {
					t.Errorf("run %+v", r)
				}
			}
			for i, id := range ids {
				if got, _ := org.Record("Contact", id); fmt.Sprint(got["NPS_Score__c"]) != fmt.Sprint((i+20)%11) {
					t.Errorf("contact %d has %v, want %d", i, got["NPS_Score__c"], (i+20)%11)
				}
			}
			if n := len(org.Records("Survey_Response__c")); n != 40 {
				t.Errorf("%d responses", n)
			}
		})
	}
}

func TestFieldThatNobodyWritesIsToldFromOneThatWeMayNot(t *testing.T) {
	b, org := simulate(t, "rule R\non survey response\ncreate Case\n set CaseNumber = response.id\n", orgsim.Options{})
	contacts(t, org, 1)
	b.run(surveyed("r", "", 1))
	if r := b.of("r"); r.Outcome != store.Failed || r.Cause != "unsupported_field" {
		t.Errorf("run %+v", r)
	}
}

func TestUpdateByExternalID(t *testing.T) {
	b, org := simulate(t, "rule R\non survey response\nupdate Account where Crm_Key__c = vars.key\n set Name: Renamed\n", orgsim.Options{})
	if _, err := org.Seed("Account", map[string]any{"Name": "Old", "Crm_Key__c": "K-1"}); err != nil {
		t.Fatal(err)
	}
	b.run(`{"id":"there","type":"survey.response","vars":{"key":"K-1"}}`, `{"id":"nowhere","type":"survey.response","vars":{"key":"K-2"}}`)
	if r := b.of("there"); r.Outcome != store.Synced || r.Writes[0].RecordID == "" {
		t.Errorf("run %+v", r)
	}
	if r := b.of("nowhere"); r.Outcome != store.Failed || r.Cause != "record_not_found" {
		t.Errorf("run %+v", r)
	}
	if got := org.Records("Account")[0]["Name"]; got != "Renamed" || len(org.Records("Account")) != 1 {
		t.Errorf("account is %v", got)
	}
}

func BenchmarkSimulatedOrg(b *testing.B) {
	e, org := simulate(b, "rule R\non survey response\nupsert Survey_Response__c where Response_Id__c = response.id\n set Score__c = answers.nps\n", orgsim.Options{Latency: 50e6, DailyLimit: -1})
	before := org.Stats().APIUsed
	feedAndDrain(b, e, "")
	b.ReportMetric(float64(org.Stats().APIUsed-before)/float64(b.N), "calls/write")
	if n := len(org.Records("Survey_Response__c")); n != b.N {
		b.Fatalf("%d records for %d events", n, b.N)
	}
}
