package main

import (
	"encoding/json"
	"testing"
)

// The demo shows every use case and every cause of failure, as data too.
func TestDemo(t *testing.T) {
	out, code := call(t, "", "demo", "--format", "json")
	if code != 0 {
		t.Fatal(out)
	}
	var demo demoResult
	if err := json.Unmarshal([]byte(out), &demo); err != nil {
		t.Fatal(err)
	}
	after := map[string]string{} // of the fields that are told in the order of the events
	causes := map[string]bool{}
	for _, e := range demo.Events {
		for _, ch := range e.Changes {
			after[e.Event+" "+ch.Field] = ch.Before + " → " + ch.After
		}
		for _, run := range e.Runs {
			for _, w := range run.Writes {
				causes[w.Cause] = true
			}
		}
	}
	for key, want := range map[string]string{
		"st-1 Survey_Status__c":      " → FAILED",
		"st-2 Survey_Status__c":      " → Invitation Sent",
		"st-3 Survey_Status__c":      " → Opted Out",
		"st-3 HasOptedOutOfEmail":    "false → true",
		"resp-1 NPS_Score__c":        " → 9.0",
		"resp-2 NPS_Score__c":        "8.0 → 3.0",
		"resp-3 NPS_Score__c":        "9.0 → 7.0",
		"resp-4 Survey_Status__c":    " → Expired",
		"fb-06 NPS_Score__c":         " → 6.0", // locked at first
		"resp-2 Subject":             " → Low score from Grace: please call",
		"resp-1 Customer_Comment__c": "(none yet) → Quick and friendly.",
	} {
		if after[key] != want {
			t.Errorf("%s: %q, want %q", key, after[key], want)
		}
	}
	if _, wiped := after["resp-3 Customer_Comment__c"]; wiped {
		t.Error("a partial response wiped a comment")
	}
	for _, cause := range []string{"field_not_writable", "no_permission", "rate_limited", "record_not_found", "invalid_value",
		"validation_rule", "required_missing", "record_locked", "wrong_object", "unsupported_field"} {
		if !causes[cause] {
			t.Errorf("nothing failed with %s", cause)
		}
	}
	if demo.Known != 10 || demo.Seconds > 30 {
		t.Errorf("%d events known, %.0f s", demo.Known, demo.Seconds)
	}
}
