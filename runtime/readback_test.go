package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// meddler is an org in which somebody else has a hand in what is written.
type meddler struct {
	runtime.Client
	change func(string) string
	err    error
}

func (m *meddler) Select(ctx context.Context, s salesforce.Selection) ([]json.RawMessage, int, error) {
	if m.err != nil {
		return nil, 1, m.err
	}
	records, calls, err := m.Client.(runtime.Reader).Select(ctx, s)
	if m.change != nil {
		for i := range records {
			records[i] = json.RawMessage(m.change(string(records[i])))
		}
	}
	return records, calls, err
}

func meddle(t *testing.T, rules string) (*bench, *orgsim.Org, *meddler) {
	t.Helper()
	m := &meddler{}
	b, org := simulate(t, rules, orgsim.Options{})
	inner := b.config.Org
	b.config.Verify = true
	b.config.Org = func(ctx context.Context, connection string) (runtime.Org, error) {
		o, err := inner(ctx, connection)
		m.Client = o.Client
		return runtime.Org{Client: m}, err
	}
	b.reopen()
	return b, org, m
}

func TestVerifyFindsWhatWasSent(t *testing.T) {
	b, org, _ := meddle(t, `
rule All kinds
on survey response
update Contact where Id = profile.contact
  set NPS_Score__c = answers.nps
      Customer_Comment__c = vars.comment
      Last_Survey_At__c = vars.at
      MailingCity = null
upsert Survey_Response__c where Response_Id__c = response.id
  set Score__c = answers.nps
      Comment__c = vars.comment
      Contact__c = profile.contact
      Topics__c = vars.topics
      Responded_At__c = vars.at
      Account__r.Crm_Key__c = vars.key
create Case
  set Subject: It's {vars.comment}
      ContactId = profile.contact
`)
	if _, err := org.Seed("Account", map[string]any{"Name": "A", "Crm_Key__c": "K'1"}); err != nil {
		t.Fatal(err)
	}
	ids := contacts(t, org, 30)
	var events []string
	for i, id := range ids {
		events = append(events, fmt.Sprintf(`{"id":"r%d","type":"survey.response","response":{"id":"o'%d"},"answers":{"nps":%d.0},"profile":{"contact":%q},
			"vars":{"comment":"two\r\nlines \\ and ' ","at":"2026-11-20T15:03:00+01:00","topics":"Service;Price","key":"K'1"}}`, i, i, i%11, id[:15]))
	}
	before := org.Stats().APIUsed
	b.run(events...)
	calls := 0
	for _, r := range b.runs() {
		if r.Outcome != store.Synced || r.Reason != "" {
			t.Fatalf("run %+v", r)
		}
		calls += r.APICalls
		for _, w := range r.Writes {
			if w.ReadBack != store.Same {
				t.Fatalf("%s %s: %s %+v", w.Op, w.Object, w.ReadBack, w.Fields)
			}
		}
	}
	if used := org.Stats().APIUsed - before; calls != used || used > 20 {
		t.Errorf("%d calls are used, and the run log counts %d", used, calls)
	}
}

func TestVerifyRecordsDifferences(t *testing.T) {
	b, org, m := meddle(t, survey)
	ids := contacts(t, org, 2)
	m.change = func(record string) string {
		if strings.Contains(record, ids[1]) {
			return strings.Replace(record, `"NPS_Score__c":7`, `"NPS_Score__c":6`, 1)
		}
		return record
	}
	b.run(surveyed("good", ids[0], 7), surveyed("bad", ids[1], 7))
	if r := b.of("good"); r.Outcome != store.Synced || r.Reason != "" || r.Writes[0].ReadBack != store.Same {
		t.Errorf("run %+v", r)
	}
	r := b.of("bad")
	if r.Outcome != store.Synced || !strings.HasSuffix(r.Reason, "than were sent: Contact.NPS_Score__c") || r.Writes[0].ReadBack != store.Differs || r.Writes[1].ReadBack != store.Same {
		t.Errorf("run %+v", r)
	}
	if f := r.Writes[0].Fields[0]; f.Name != "NPS_Score__c" || string(f.Value) != "7" || string(f.Found) != "6.0" {
		t.Errorf("field %+v", f)
	}

	// What cannot be read is written all the same, and is not taken for read.
	m.err = &salesforce.Error{Cause: salesforce.NoPermission, Code: "INVALID_FIELD", Message: "may not be seen"}
	b.run(surveyed("unread", ids[0], 8))
	if r := b.of("unread"); r.Outcome != store.Synced || !strings.Contains(r.Writes[0].ReadBack, "may not be seen") {
		t.Errorf("run %+v", r)
	}
	if got, _ := org.Record("Contact", ids[0]); fmt.Sprint(got["NPS_Score__c"]) != "8" {
		t.Errorf("contact %v", got)
	}
}
