package ruletest_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Of some objects only what messages carry is known. The simulated org has them all the
// same if it knows them itself, and else does without.
func TestPartialSchema(t *testing.T) {
	s, err := schema.ReadDir(fstest.MapFS{
		"Case.json":     {Data: []byte(`{"name": "Case", "label": "Case", "partial": true, "fields": [{"name": "Id", "type": "id"}, {"name": "Survey_Status__c", "type": "string"}]}`)},
		"Thing__c.json": {Data: []byte(`{"name": "Thing__c", "label": "Thing", "partial": true, "fields": [{"name": "Id", "type": "id"}]}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, found := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(`rule C
on outbound message Case if record.Survey_Status__c == null
update Case where Id = record.Id
  set Survey_Status__c: Sent

test Known
given m.json
given org record_locked
expect update Case
`)))
	p, more := plan.Compile([]*dsl.File{f}, plan.Options{Schema: func(string) *schema.Schema { return s }})
	if p == nil {
		t.Fatal(found, more)
	}
	report, err := ruletest.Run(context.Background(), ruletest.Set{Plan: p, Schema: s, Read: func(string) ([]byte, error) { return []byte(message), nil }}, ruletest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := report.Tests[0]; !r.Engine || len(r.Failures) > 0 {
		t.Errorf("%+v", r.Failures)
	}
}
