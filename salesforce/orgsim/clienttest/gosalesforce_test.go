package clienttest

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/k-capehart/go-salesforce/v3"
	"github.com/sfsync/sfsync/salesforce/orgsim"
)

func start(t *testing.T, opts orgsim.Options) *orgsim.Org {
	t.Helper()
	org, err := orgsim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { org.Close() })
	return org
}

func logIn(t *testing.T, org *orgsim.Org, options ...salesforce.Option) *salesforce.Salesforce {
	t.Helper()
	sf, err := salesforce.Init(salesforce.Creds{Domain: org.URL(), ConsumerKey: orgsim.DefaultClientID, ConsumerSecret: orgsim.DefaultClientSecret}, options...)
	if err != nil {
		t.Fatal(err)
	}
	return sf
}

type contact struct {
	ID           string  `json:"Id" mapstructure:"Id,omitempty" soql:"selectColumn,fieldName=Id"`
	LastName     string  `json:"LastName" mapstructure:"LastName,omitempty"`
	NPSScore     float64 `json:"NPS_Score__c" mapstructure:"NPS_Score__c,omitempty"`
	SurveyStatus string  `json:"Survey_Status__c" mapstructure:"Survey_Status__c,omitempty"`
}

func TestGoSalesforce(t *testing.T) {
	org := start(t, orgsim.Options{})
	for _, compressed := range []bool{false, true} {
		sf := logIn(t, org, salesforce.WithCompressionHeaders(compressed), salesforce.WithAPIVersion("v67.0"))
		made, err := sf.InsertOne("Contact", contact{LastName: "Ada", NPSScore: 9})
		if err != nil || !made.Success || !strings.HasPrefix(made.Id, "003") {
			t.Fatalf("insert: %+v %v", made, err)
		}
		if err := sf.UpdateOne("Contact", contact{ID: made.Id, SurveyStatus: "Response Received"}); err != nil {
			t.Fatalf("update: %v", err)
		}
		var found []contact
		if err := sf.Query("SELECT Id, LastName, NPS_Score__c, Survey_Status__c FROM Contact WHERE LastName = 'Ada' AND NPS_Score__c > 8", &found); err != nil {
			t.Fatal(err)
		}
		if want := (contact{made.Id, "Ada", 9, "Response Received"}); len(found) != 1 || found[0] != want {
			t.Errorf("query: %+v, want %+v", found, want)
		}
		if err := sf.DeleteOne("Contact", contact{ID: made.Id}); err != nil {
			t.Fatalf("delete: %v", err)
		}
		if err := sf.DeleteOne("Contact", contact{ID: made.Id}); err == nil || !strings.Contains(err.Error(), "ENTITY_IS_DELETED") {
			t.Errorf("second delete: %v", err)
		}
		resp, err := sf.DoRequest("GET", "/sobjects/Contact/describe", nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(resp.Body)
		if err != nil || !json.Valid(data) || !strings.Contains(string(data), `"name":"NPS_Score__c"`) {
			t.Errorf("describe: %v %.200s", err, data)
		}
	}
}

func TestGoSalesforceUpsertAndCollections(t *testing.T) {
	org := start(t, orgsim.Options{})
	sf := logIn(t, org)
	for i, score := range []float64{3, 4} {
		result, err := sf.UpsertOne("Survey_Response__c", "Response_Id__c", map[string]any{"Response_Id__c": "resp-1", "Score__c": score})
		if err != nil || !result.Success {
			t.Fatalf("upsert %d: %+v %v", i, result, err)
		}
	}
	var list []map[string]any
	for i := range 450 {
		list = append(list, map[string]any{"LastName": "C", "NPS_Score__c": i % 11})
	}
	list[7]["Survey_Status__c"] = strings.Repeat("x", 300)
	results, err := sf.InsertCollection("Contact", list, 200)
	if err != nil || len(results.Results) != 450 || !results.HasSalesforceErrors {
		t.Fatalf("insert of 450: %v, %d results", err, len(results.Results))
	}
	for i, r := range results.Results {
		if r.Success == (i == 7) || i == 7 && (r.Errors[0].StatusCode != "STRING_TOO_LONG" || r.Errors[0].Fields[0] != "Survey_Status__c") {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	results, err = sf.UpdateCollection("Contact", []map[string]any{{"Id": results.Results[0].Id, "NPS_Score__c": 1}, {"Id": results.Results[1].Id, "LastName": nil}}, 200)
	if err != nil || !results.Results[0].Success || results.Results[1].Errors[0].StatusCode != "REQUIRED_FIELD_MISSING" {
		t.Errorf("update: %+v %v", results, err)
	}
	results, err = sf.UpsertCollection("Survey_Response__c", "Response_Id__c", []map[string]any{{"Response_Id__c": "resp-1", "Score__c": 5}, {"Response_Id__c": "resp-2", "Score__c": 6}}, 200)
	if err != nil || results.HasSalesforceErrors || len(org.Records("Survey_Response__c")) != 2 {
		t.Errorf("upsert: %+v %v", results, err)
	}
	results, err = sf.InsertComposite("Account", []map[string]any{{"Name": "A"}, {"Name": "B"}}, 200, true)
	if err != nil || results.HasSalesforceErrors || len(org.Records("Account")) != 2 {
		t.Errorf("composite: %+v %v", results, err)
	}
	if used := org.Stats().APIUsed; used != 2+3+1+1+1 {
		t.Errorf("%d calls were counted", used)
	}
}

func TestGoSalesforceErrorsAndRefresh(t *testing.T) {
	org := start(t, orgsim.Options{Overlay: orgsim.Overlay{Access: []orgsim.Access{{Object: "Lead", ReadOnly: []string{"Status"}}}}})
	sf := logIn(t, org)
	for _, c := range []struct{ code, object, field string }{
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Lead", "Status"},
		{"INVALID_FIELD", "Lead", "Nope__c"},
		{"JSON_PARSER_ERROR", "Lead", "Callback_At__c"},
		{"INVALID_EMAIL_ADDRESS", "Lead", "Email"},
		{"NOT_FOUND", "Leed", "Email"},
	} {
		_, err := sf.InsertOne(c.object, map[string]any{"LastName": "x", "Company": "y", c.field: "Tomorrow"})
		if err == nil || !strings.Contains(err.Error(), `"errorCode":"`+c.code+`"`) {
			t.Errorf("%s.%s: %v", c.object, c.field, err)
		}
	}
	org.RevokeSessions()
	if made, err := sf.InsertOne("Contact", map[string]any{"LastName": "x"}); err != nil || !made.Success {
		t.Errorf("after the session ended: %+v %v", made, err)
	}
	_, err := salesforce.Init(salesforce.Creds{Domain: org.URL(), ConsumerKey: orgsim.DefaultClientID, ConsumerSecret: "wrong"})
	if err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("log-in with a wrong secret: %v", err)
	}
}
