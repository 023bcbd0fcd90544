package orgsim

import (
	"fmt"
	"strings"
	"testing"
)

func rows(list ...string) string {
	return `{"allOrNone":false,"records":[` + strings.Join(list, ",") + `]}`
}

func of(kind, fields string) string {
	return `{"attributes":{"type":"` + kind + `"}` + strings.TrimSuffix(","+fields, ",") + `}`
}

func TestCollectionsKeepOrderAndFailByRow(t *testing.T) {
	b := newBench(t, Options{})
	b.want("POST", "composite/sobjects", rows(of("Contact", `"FirstName":"Siena"`), of("Contact", `"LastName":"Blevins"`), of("Case", `"Subject":"x"`)), 200,
		`[{"success":false,"errors":[{"message":"Required fields are missing: [LastName]","statusCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]}]},`+
			`{"id":"003Sm0000000001IAA","success":true,"errors":[]},{"id":"500Sm0000000001IAA","success":true,"errors":[]}]`)
	b.want("PATCH", "composite/sobjects", rows(
		of("Contact", `"id":"003Sm0000000001IAA","Title":"a"`), of("Contact", `"Title":"b"`), of("Contact", `"id":"003Sm0000000009","Title":"c"`),
		of("Contact", `"Id":"500Sm0000000001IAA","Title":"d"`), of("Contact", `"Id":"zz","Title":"d"`)), 200,
		`[{"id":"003Sm0000000001IAA","success":true,"errors":[]},`+
			`{"success":false,"errors":[{"message":"Id not specified in an update call","statusCode":"MISSING_ARGUMENT","fields":[]}]},`+
			`{"success":false,"errors":[{"message":"invalid cross reference id","statusCode":"INVALID_CROSS_REFERENCE_KEY","fields":[]}]},`+
			`{"success":false,"errors":[{"message":"Contact ID: id value of incorrect type: 500Sm0000000001IAA","statusCode":"MALFORMED_ID","fields":["Id"]}]},`+
			`{"success":false,"errors":[{"message":"malformed id zz","statusCode":"MALFORMED_ID","fields":[]}]}]`)
	b.want("DELETE", "composite/sobjects?ids=003Sm0000000001,500Sm0000000001IAA,003Sm0000000001IAA,zzz", "", 200,
		`[{"id":"003Sm0000000001IAA","success":true,"errors":[]},{"id":"500Sm0000000001IAA","success":true,"errors":[]},`+
			`{"success":false,"errors":[{"message":"entity is deleted","statusCode":"ENTITY_IS_DELETED","fields":[]}]},`+
			`{"success":false,"errors":[{"message":"malformed id zzz","statusCode":"MALFORMED_ID","fields":[]}]}]`)
	if s := b.Stats(); s.Rows != 12 || s.FailedRows != 7 || s.ByCode["MALFORMED_ID"] != 3 || s.Calls != 3 || s.APIUsed != 3 || s.Records["Contact"] != 0 {
		t.Errorf("stats are %+v", s)
	}
}

func TestCollectionsAllOrNone(t *testing.T) {
	b := newBench(t, Options{})
	body := strings.Replace(rows(of("Contact", `"FirstName":"x"`), of("Contact", `"LastName":"y","Loyalty_Id__c":"1"`)), "false", "true", 1)
	b.want("POST", "composite/sobjects", body, 200,
		`[{"success":false,"errors":[{"message":"Required fields are missing: [LastName]","statusCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]}]},`+
			`{"success":false,"errors":[{"message":"Record rolled back because not all records were valid and the request was using AllOrNone header","statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","fields":[]}]}]`)
	if n := len(b.Records("Contact")); n != 0 {
		t.Errorf("%d contacts are left of a call that was rolled back", n)
	}
	// The index forgot the rolled-back row too.
	b.want("PATCH", "sobjects/Contact/Loyalty_Id__c/1", `{"LastName":"z"}`, 201, `{"id":"003…`)
}

func TestCollectionsUpsert(t *testing.T) {
	b := newBench(t, Options{})
	path := "composite/sobjects/Survey_Response__c/Response_Id__c"
	b.want("PATCH", path, rows(of("Survey_Response__c", `"Response_Id__c":"a","Score__c":1`), of("Survey_Response__c", `"Response_Id__c":"b","Score__c":2`)), 200,
		`[{"id":"a00Sm0000000001IAA","success":true,"errors":[],"created":true},{"id":"a00Sm0000000002IAA","success":true,"errors":[],"created":true}]`)
	b.want("PATCH", path, rows(of("Survey_Response__c", `"Response_Id__c":"B","Score__c":3`), of("Survey_Response__c", `"Score__c":2`),
		of("Survey_Response__c", `"Response_Id__c":"c","id":"a00Sm0000000001IAA"`)), 200,
		`[{"id":"a00Sm0000000002IAA","success":true,"errors":[],"created":false},`+
			`{"success":false,"errors":[{"message":"Response_Id__c not specified","statusCode":"MISSING_ARGUMENT","fields":[]}]},`+
			`{"success":false,"errors":[{"message":"The Id field should not be specified in the sobject data.","statusCode":"INVALID_FIELD","fields":["Id"]}]}]`)
	twice := `{"success":false,"errors":[{"message":"Duplicate external id specified: x","statusCode":"DUPLICATE_VALUE","fields":[]}]}`
	b.want("PATCH", path, rows(of("Survey_Response__c", `"Response_Id__c":"x"`), of("Survey_Response__c", `"Response_Id__c":"y"`), of("Survey_Response__c", `"Response_Id__c":"X"`)), 200,
		`[`+strings.Replace(twice, ": x", ": X", 1)+`,{"id":"a00Sm0000000003IAA","success":true,"errors":[],"created":true},`+strings.Replace(twice, ": x", ": X", 1)+`]`)
	for range 2 {
		b.seed("Case", M{"Ticket_Key__c": "T"})
	}
	b.want("PATCH", "composite/sobjects/Case/Ticket_Key__c", rows(of("Case", `"Ticket_Key__c":"T"`)), 200,
		`[{"success":false,"errors":[{"message":"More than one record found for external id field: [500Sm0000000001IAA, 500Sm0000000002IAA]","statusCode":"DUPLICATE_EXTERNAL_ID","fields":["Ticket_Key__c"]}]}]`)
	b.want("PATCH", "composite/sobjects/Case/Nope__c", rows(of("Case", ``)), 404, `[{"message":"Provided external ID field does not exist or is not accessible: Nope__c","errorCode":"NOT_FOUND"}]`)
	b.want("PATCH", "composite/sobjects/Case/Ticket_Key__c", rows(of("Contact", ``)), 400, `[{"message":"all records of an upsert must be of the type Case"…`)
}

func TestCollectionsRefusedAsAWhole(t *testing.T) {
	b := newBench(t, Options{})
	var many, mixed []string
	for i := range 201 {
		many = append(many, of("Contact", `"LastName":"x"`))
		if i < 11 {
			mixed = append(mixed, of([]string{"Contact", "Case"}[i%2], ``))
		}
	}
	for _, c := range []struct{ name, method, path, body, code string }{
		{"empty", "POST", "composite/sobjects", `{"records":[]}`, "REQUIRED_FIELD_MISSING"},
		{"no records", "POST", "composite/sobjects", `{}`, "REQUIRED_FIELD_MISSING"},
		{"empty delete", "DELETE", "composite/sobjects", ``, "REQUIRED_FIELD_MISSING"},
		{"201 rows", "POST", "composite/sobjects", rows(many...), "LIMIT_EXCEEDED"},
		{"11 chunks", "POST", "composite/sobjects", rows(mixed...), "LIMIT_EXCEEDED"},
		{"unknown type", "POST", "composite/sobjects", rows(of("Accout", ``)), "INVALID_TYPE"},
		{"no type", "POST", "composite/sobjects", rows(`{"LastName":"x"}`), "INVALID_FIELD"},
		{"wrong JSON type", "POST", "composite/sobjects", rows(of("Contact", `"LastName":"x"`), of("Contact", `"LastName":"x","NPS_Score__c":"ten"`)), "JSON_PARSER_ERROR"},
		{"row that is no object", "POST", "composite/sobjects", rows(`7`), "JSON_PARSER_ERROR"},
		{"bad JSON", "POST", "composite/sobjects", `{"records":[`, "JSON_PARSER_ERROR"},
	} {
		w := b.do(c.method, c.path, c.body)
		if !strings.Contains(w.Body.String(), `"errorCode":"`+c.code+`"`) || w.Code != 400 {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
	if n := len(b.Records("Contact")); n != 0 {
		t.Errorf("calls that failed as a whole left %d records", n)
	}
	b.want("POST", "composite/sobjects", rows(many[:200]...), 200, `[{"id":"003…`)
}

func TestComposite(t *testing.T) {
	b := newBench(t, Options{})
	sub := func(method, url, ref, body string) string {
		return fmt.Sprintf(`{"method":%q,"url":"/services/data/v67.0/%s","referenceId":%q,"body":%s}`, method, url, ref, body)
	}
	composite := func(all bool, subs ...string) string {
		return fmt.Sprintf(`{"allOrNone":%v,"compositeRequest":[%s]}`, all, strings.Join(subs, ","))
	}
	w := b.do("POST", "composite", composite(true,
		sub("POST", "sobjects/Account", "acc", `{"Name":"Acme \"A\""}`),
		sub("POST", "composite/sobjects", "rows", rows(of("Contact", `"LastName":"of @{acc.id}","AccountId":"@{acc.id}"`))),
		sub("PATCH", "sobjects/Contact/@{rows[0].id}", "upd", `{"Title":"t"}`),
		sub("GET", "sobjects/Account/@{acc.id}?fields=Name", "get", `null`)))
	account := b.Records("Account")[0]["Id"].(string)
	contact := b.Records("Contact")[0]
	if want := `{"compositeResponse":[{"body":{"id":"` + account + `","success":true,"errors":[]},"httpHeaders":{"Location":"/services/data/v67.0/sobjects/Account/` + account + `"},"httpStatusCode":201,"referenceId":"acc"},` +
		`{"body":[{"id":"` + contact["Id"].(string) + `","success":true,"errors":[]}],"httpHeaders":{},"httpStatusCode":200,"referenceId":"rows"},` +
		`{"body":null,"httpHeaders":{},"httpStatusCode":204,"referenceId":"upd"},` +
		`{"body":{"attributes":{"type":"Account","url":"/services/data/v67.0/sobjects/Account/` + account + `"},"Name":"Acme \"A\"","Id":"` + account + `"},"httpHeaders":{},"httpStatusCode":200,"referenceId":"get"}]}`; w.Body.String() != want {
		t.Errorf("got %s\nwant %s", w.Body, want)
	}
	if contact["AccountId"] != account || contact["Title"] != "t" || contact["LastName"] != "of "+account {
		t.Errorf("contact is %v", contact)
	}

	failing := sub("PATCH", "sobjects/Contact/"+contact["Id"].(string), "bad", `{"Email":"x"}`)
	halt := `{"body":[{"message":"The transaction was rolled back since another operation in the same transaction failed.","errorCode":"PROCESSING_HALTED"}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"%s"}`
	b.want("POST", "composite", composite(true, sub("POST", "sobjects/Account", "a", `{"Name":"B"}`), failing, sub("POST", "sobjects/Account", "c", `{"Name":"C"}`)), 200,
		`{"compositeResponse":[`+fmt.Sprintf(halt, "a")+`,{"body":[{"message":"Email: invalid email address: x","errorCode":"INVALID_EMAIL_ADDRESS","fields":["Email"]}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"bad"},`+fmt.Sprintf(halt, "c")+`]}`)
	if n := len(b.Records("Account")); n != 1 {
		t.Errorf("%d accounts after a composite call that was rolled back", n)
	}
	b.want("POST", "composite", composite(false, failing, sub("PATCH", "sobjects/Contact/@{bad.id}", "next", `{}`)), 200,
		`{"compositeResponse":[{"body":[{"message":"Email: …`)
	w = b.do("POST", "composite", composite(false, failing, sub("PATCH", "sobjects/Contact/@{bad.id}", "next", `{}`), sub("POST", "sobjects/Account", "c", `{"Name":"C"}`)))
	if s := w.Body.String(); !strings.Contains(s, `Invalid reference specified. No value for bad.id found`) || len(b.Records("Account")) != 2 {
		t.Errorf("independent sub-requests: %s", s)
	}
	var many, bulk []string
	for i := range 26 {
		many = append(many, sub("GET", "limits", fmt.Sprint("r", i), "null"))
		if i < 6 {
			bulk = append(bulk, sub("GET", "query?q=x", fmt.Sprint("r", i), "null"))
		}
	}
	b.want("POST", "composite", composite(false, many...), 400, `[{"message":"The maximum number of subrequests is 25."…`)
	b.want("POST", "composite", composite(false, bulk...), 400, `[{"message":"The maximum number of query and collections subrequests is 5."…`)
	b.want("POST", "composite", composite(false, many[0], many[0]), 400, `[{"message":"Provided references are missing or not unique: 'r0'."…`)
	b.want("POST", "composite/batch", `{"haltOnError":true,"batchRequests":[{"method":"GET","url":"v67.0/sobjects/Account/`+account+`?fields=Id"},{"method":"GET","url":"v67.0/sobjects/Nope"},{"method":"GET","url":"v67.0/limits"}]}`, 200,
		`{"hasErrors":true,"results":[{"statusCode":200,"result":{"attributes":{"type":"Account","url":"/services/data/v67.0/sobjects/Account/`+account+`"},"Id":"`+account+`"}},`+
			`{"statusCode":404,"result":[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]},{"statusCode":412,…`)
	if used := b.Stats().APIUsed; used != b.Stats().Calls {
		t.Errorf("%d calls counted as %d", b.Stats().Calls, used)
	}
}

// The place of a record that an upsert made is that of the record, not of its external id.
func TestCompositeLocation(t *testing.T) {
	b := newBench(t, Options{})
	w := b.do("POST", "composite", `{"compositeRequest":[{"method":"PATCH","url":"/services/data/v67.0/sobjects/Contact/Loyalty_Id__c/L-1?updateOnly=false","referenceId":"a","body":{"LastName":"x"}}]}`)
	if want := `"httpHeaders":{"Location":"/services/data/v67.0/sobjects/Contact/003Sm0000000001IAA"}`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s has no %s", w.Body, want)
	}
}
