package plan

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestDescribe holds the description of the design's rules to what they compile to.
func TestDescribe(t *testing.T) {
	text, err := os.ReadFile("testdata/design.sfsync")
	if err != nil {
		t.Fatal(err)
	}
	d := mustCompile(t, string(text)).Describe(true)
	if len(d.Rules) != 2 {
		t.Fatalf("got %d rules", len(d.Rules))
	}
	status, answers := d.Rules[0], d.Rules[1]
	if status.Trigger != "outbound message Case" || answers.Trigger != "survey response post-purchase-nps" {
		t.Errorf("got triggers %q and %q", status.Trigger, answers.Trigger)
	}
	if status.Guard == nil || status.Guard.Source != `record.Origin != "Web"` || !strings.Contains(status.Guard.Program, "record.Origin") {
		t.Errorf("got guard %+v", status.Guard)
	}
	var arms []string
	for _, a := range status.Arms {
		arms = append(arms, a.Name)
	}
	if got := strings.Join(arms, " | "); got != "Sent, Delivered | Failed, Quarantined, Hard Bounce | Not Sent due to Opt-Out | otherwise" {
		t.Errorf("got arms %s", got)
	}
	// An arm at most runs: the first of the answers' has three kinds of write, of 200 a call.
	if status.CallsPer1000 != 5 || answers.CallsPer1000 != 15 {
		t.Errorf("got %d and %d calls", status.CallsPer1000, answers.CallsPer1000)
	}
	var how []string
	for _, action := range answers.Arms[0].Actions {
		for _, f := range action.Fields {
			how = append(how, action.Verb+" "+f.Field+" "+f.How+" "+f.JSON)
		}
	}
	want := `update NPS_Score__c copied 
update Customer_Comment__c computed 
update Survey_Status__c static "Response Received"
upsert Score__c copied 
upsert Contact__c copied 
create Subject composed 
create Priority computed 
create ContactId copied `
	if got := strings.Join(how, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	slots := map[string]string{}
	for _, s := range status.Slots {
		slots[s.Path] = s.Kind
	}
	if slots["record.Origin"] != "text" || slots["distribution.time"] != "a date-time" || slots["answers.nps"] != "" {
		t.Errorf("got slots %v", slots)
	}
	if _, err := json.Marshal(d); err != nil {
		t.Error(err)
	}
	if d := mustCompile(t, string(text)).Describe(false); d.Rules[0].Guard.Program != "" {
		t.Error("programs are listed without being asked for")
	}
}
