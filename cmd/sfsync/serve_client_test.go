package main

import (
	"strings"
	"testing"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// The daemon looks at its calls, which takes nothing from what a client can do: it reads
// back what it wrote, and what a record is like that was refused.
func TestServeReads(t *testing.T) {
	org := testOrg(t)
	if err := org.SetOverlay(orgsim.Overlay{FieldRules: []orgsim.FieldRule{
		{Object: "Contact", Fields: []string{"NPS_Score__c"}, WritableWhen: []orgsim.Condition{{Field: "NPS_Score__c", Op: "null"}}},
	}}); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--verify")
	if status, answer := s.event(response("r-1", 9) + "\n" + response("r-2", 3)); status != 202 {
		t.Fatalf("%d %s", status, answer)
	}
	shown := func(id string) (text string) {
		eventually(t, id+" is done", func() bool {
			var code int
			text, code = call(t, "", "runs", "show", id, "--format", "json")
			return code == 0
		})
		return text
	}
	if text := shown("r-1"); !strings.Contains(text, `"read_back": "same"`) {
		t.Error(text)
	}
	if text := shown("r-2"); !strings.Contains(text, "(the record at that time: NPS_Score__c is 9") {
		t.Error(text)
	}
}
