package salesforce

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/salesforce/schema"
)

func caseSchema(t *testing.T) *schema.Object {
	t.Helper()
	o, err := schema.ParseDescribe([]byte(`{"name":"Case","fields":[{"name":"Id","type":"id"},{"name":"Status","label":"Status","type":"picklist"},
		{"name":"RecordTypeId","label":"Record Type ID","type":"reference"},{"name":"Origin","label":"Case Origin","type":"picklist"},
		{"name":"Description","label":"Description","type":"textarea"},{"name":"Area__c","label":"Area","type":"picklist","dependentPicklist":true,"controllerName":"Product__c"},
		{"name":"Product__c","label":"Product","type":"picklist"},{"name":"Key__c","label":"Key","type":"string","externalId":true},{"name":"Secret__c","label":"Secret","type":"encryptedstring"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestStatesOf(t *testing.T) {
	o := caseSchema(t)
	var queries []string
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		q := r.URL.Query().Get("q")
		queries = append(queries, q)
		switch {
		case strings.Contains(q, "Key__c IN"):
			answerWith(400, `[{"errorCode":"INVALID_FIELD","message":"No such column"}]`)(w, r, nil)
		default:
			answerWith(200, `{"records":[{"Id":"500000000000001AAA","Status":"Closed","Origin":"Phone","RecordType":{"DeveloperName":"Support"},"Description":"`+strings.Repeat("long ", 40)+`","Area__c":null,"Product__c":"App"}]}`)(w, r, nil)
		}
	})
	c := org.client(t)
	row := func(id, key string) *Row {
		return &Row{Object: "Case", ID: id, ExternalField: "Key__c", ExternalValue: key, Schema: o}
	}
	validation := &Error{Cause: ValidationRule, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "Only while the case origin is Web. Description matters."}
	states, calls, err := c.StatesOf(t.Context(), []Refusal{
		{row("500000000000001", ""), validation},
		{row("500000000000001AAA", ""), &Error{Code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Fields: []string{"Area__c", "Description", "Secret__c", "Nowhere__c"}}},
		{row("500000000000002AAA", ""), validation},
		{row("500000000000001AAA", ""), &Error{Code: "STRING_TOO_LONG"}},
		{row("500000000000001AAA", ""), &Error{Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", InDoubt: true}},
		{&Row{Object: "Case", ID: "500000000000001AAA"}, validation},
		{row("", ""), validation},
	})
	if err != nil || calls != 1 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	if !strings.HasSuffix(queries[0], "WHERE Id IN ('500000000000001','500000000000001AAA','500000000000002AAA')") || strings.Contains(queries[0], "Secret__c") {
		t.Errorf("asked %s", queries[0])
	}
	// What the message names and what such rules look at, and no free text that it does not.
	if diff := cmp.Diff(RecordState{{"Origin", "Phone"}, {"RecordType", "Support"}, {"Status", "Closed"}}, states[0]); diff != "" {
		t.Error(diff)
	}
	if got := states[0].String(); got != "Origin is Phone, RecordType is Support, Status is Closed" {
		t.Error(got)
	}
	text := states[1].String()
	if !strings.HasPrefix(text, "Area__c is empty, Product__c is App, Description is long long") || len([]rune(states[1][2].Value)) != maxStateValue {
		t.Error(text)
	}
	for i, s := range states[2:] {
		if s != nil {
			t.Errorf("%d: %v", i+2, s)
		}
	}
	// One that cannot be read does not hide the others.
	states, _, err = c.StatesOf(t.Context(), []Refusal{{row("", "k-1"), validation}, {row("500000000000001AAA", ""), validation}})
	if causeOf(err) == "" || states[0] != nil || states[1] == nil {
		t.Errorf("%v %v", states, err)
	}
}

func TestSays(t *testing.T) {
	for message, want := range map[string]bool{
		"Status is wrong": true, "the STATUS": true, "Survey_Status__c": false, "Statuses": false, "Statuses and Status.": true, "": false,
	} {
		if says(message, "Status") != want {
			t.Errorf("%q: %v", message, !want)
		}
	}
}
