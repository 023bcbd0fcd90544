package orgsim

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// bench is an org with a client of it.
type bench struct {
	*Org
	t      testing.TB
	token  string
	header map[string]string
	clock  *testClock
}

// clock moves only when a test moves it.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newBench(t testing.TB, opts Options) *bench {
	t.Helper()
	clk := &testClock{at: time.Date(2026, 11, 20, 14, 3, 5, 0, time.UTC)}
	if opts.Now == nil {
		opts.Now = clk.now
	}
	opts.Seed = 7
	org, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Org: org, t: t, token: org.Login(""), header: map[string]string{}, clock: clk}
}

// do sends a call; paths that do not begin with a slash are below version 67.0.
func (b *bench) do(method, path, body string) *httptest.ResponseRecorder {
	b.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/services/data/v67.0/" + path
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range b.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// want sends a call and compares status and body; the body may end in … to be cut short.
func (b *bench) want(method, path, body string, status int, answer string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.do(method, path, body)
	got := w.Body.String()
	same := got == answer
	if begin, cut := strings.CutSuffix(answer, "…"); cut {
		same = strings.HasPrefix(got, begin)
	}
	if w.Code != status || !same {
		b.t.Errorf("%s %s %s\n got %d %s\nwant %d %s", method, path, body, w.Code, got, status, answer)
	}
	return w
}

func (b *bench) seed(object string, fields map[string]any) string {
	b.t.Helper()
	ids, err := b.Seed(object, fields)
	if err != nil {
		b.t.Fatal(err)
	}
	return ids[0]
}

func decodeBody[T any](t testing.TB, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

type M = map[string]any

func TestSingleRowLifeCycle(t *testing.T) {
	b := newBench(t, Options{})
	w := b.do("POST", "sobjects/Contact", `{"LastName":"  Lovelace ","FirstName":"Ada","NPS_Score__c":9,"Title":"","MailingCity":"London","Birthdate":"1815-12-10"}`)
	created := decodeBody[struct {
		ID      string `json:"id"`
		Success bool   `json:"success"`
		Errors  []any  `json:"errors"`
	}](t, w)
	if w.Code != 201 || !created.Success || len(created.Errors) != 0 || len(created.ID) != 18 || created.ID[:3] != "003" {
		t.Fatalf("create: %d %s", w.Code, w.Body)
	}
	path := "sobjects/Contact/" + created.ID
	got := decodeBody[M](t, b.do("GET", path, ""))
	for field, want := range (M{"LastName": "Lovelace", "Name": "Ada Lovelace", "NPS_Score__c": 9.0, "Title": nil, "DoNotCall": false, "Birthdate": "1815-12-10",
		"CreatedDate": "2026-11-20T14:03:05.000+0000", "SystemModstamp": "2026-11-20T14:03:05.000+0000", "IsDeleted": false, "NPS_Group__c": nil}) {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if address, _ := got["MailingAddress"].(M); address["city"] != "London" || address["street"] != nil {
		t.Errorf("MailingAddress is %v", got["MailingAddress"])
	}
	b.clock.move(time.Hour)
	b.want("PATCH", path, `{"NPS_Score__c":4.7,"MailingCity":null}`, 204, "")
	b.want("GET", path+"?fields=NPS_Score__c,LastModifiedDate,CreatedDate", "", 200,
		`{"attributes":{"type":"Contact","url":"/services/data/v67.0/sobjects/Contact/`+created.ID+`"},"NPS_Score__c":4.0,`+
			`"LastModifiedDate":"2026-11-20T15:03:05.000+0000","CreatedDate":"2026-11-20T14:03:05.000+0000","Id":"`+created.ID+`"}`)
	b.want("DELETE", path[:len(path)-3], "", 204, "") // the 15-character id works too
	b.want("GET", path, "", 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`)
	b.want("DELETE", path, "", 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`)
	b.want("PATCH", path, `{"Title":"x"}`, 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`)

	history := b.History(created.ID)
	if len(history) != 3 || history[0].Op != "create" || history[1].Op != "update" || history[2].Op != "delete" {
		t.Fatalf("history is %+v", history)
	}
	if change := history[1].Fields["NPS_Score__c"]; change.Before != "9.0" || change.After != "4.0" || len(history[1].Fields) != 2 {
		t.Errorf("the update changed %+v", history[1].Fields)
	}
}

// TestRowErrors is the table of causes: what a row is refused with, as a single-row call.
func TestRowErrors(t *testing.T) {
	b := newBench(t, Options{Overlay: Overlay{
		Access: []Access{{Object: "Lead", ReadOnly: []string{"Status"}, Hidden: []string{"Rating"}}},
		ValidationRules: []ValidationRule{{Name: "status needs a web lead", Object: "Case", On: "update", Field: "Status", Message: "Status can only change on web cases.",
			When: []Condition{{Field: "Status", Op: "changed"}, {Field: "Origin", Op: "!=", Value: []byte(`"Web"`)}}}},
	}})
	contact := b.seed("Contact", M{"LastName": "Ada", "Loyalty_Id__c": "L-1"})
	gone := b.seed("Contact", M{"LastName": "Gone", "IsDeleted": true})
	account := b.seed("Account", M{"Name": "Acme", "Crm_Key__c": "a-1"})
	lead := b.seed("Lead", M{"LastName": "Bo", "Company": "Co"})
	converted := b.seed("Lead", M{"LastName": "Bo", "Company": "Co", "IsConverted": true})
	kase := b.seed("Case", M{"Origin": "Phone", "Product__c": "App"})
	long := strings.Repeat("é", 81)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		answer                   string
	}{
		{"unknown field", "PATCH", "Contact/" + contact, `{"Foo__c":1}`, 400, `[{"message":"No such column 'Foo__c' on sobject of type Contact","errorCode":"INVALID_FIELD"}]`},
		{"hidden field", "PATCH", "Lead/" + lead, `{"Rating":"Hot"}`, 400, `[{"message":"No such column 'Rating' on sobject of type Lead","errorCode":"INVALID_FIELD"}]`},
		{"read-only field", "PATCH", "Lead/" + lead, `{"Status":"Qualified","Title":"x","IsConverted":true}`, 400,
			`[{"message":"Unable to create/update fields: Status, IsConverted. Please check the security settings of this field and verify that it is read/write for your profile or permission set.","errorCode":"INVALID_FIELD_FOR_INSERT_UPDATE","fields":["Status","IsConverted"]}]`},
		{"formula", "PATCH", "Contact/" + contact, `{"NPS_Group__c":"Promoter"}`, 400, `[{"message":"Unable to create/update fields: NPS_Group__c. …`},
		{"auto-number", "POST", "Case", `{"CaseNumber":"7"}`, 400, `[{"message":"Unable to create/update fields: CaseNumber. …`},
		{"compound", "PATCH", "Contact/" + contact, `{"Name":"x"}`, 400, `[{"message":"Unable to create/update fields: Name. …`},
		{"existence before permission", "PATCH", "Lead/" + lead, `{"Status":"Qualified","Nope":1}`, 400, `[{"message":"No such column 'Nope' …`},
		{"permission before value", "PATCH", "Lead/" + lead, `{"Status":"Qualified","Email":"x"}`, 400, `[{"message":"Unable to create/update fields: Status. …`},
		{"required missing", "POST", "Contact", `{"FirstName":"Ada"}`, 400, `[{"message":"Required fields are missing: [LastName]","errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]}]`},
		{"required missing twice", "POST", "Lead", `{"LastName":""}`, 400, `[{"message":"Required fields are missing: [LastName, Company]","errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName","Company"]}]`},
		{"required emptied", "PATCH", "Lead/" + lead, `{"Company":" "}`, 400, `[{"message":"Required fields are missing: [Company]","errorCode":"REQUIRED_FIELD_MISSING","fields":["Company"]}]`},
		{"required left alone", "PATCH", "Lead/" + lead, `{"Title":"CTO"}`, 204, ""},
		{"value before required", "POST", "Contact", `{"Email":"abc"}`, 400, `[{"message":"Email: invalid email address: abc","errorCode":"INVALID_EMAIL_ADDRESS","fields":["Email"]}]`},
		{"too long", "POST", "Contact", `{"LastName":"` + long + `"}`, 400, `[{"message":"Last Name: data value too large: ` + long + ` (max length=80)","errorCode":"STRING_TOO_LONG","fields":["LastName"]}]`},
		{"just long enough", "POST", "Contact", `{"LastName":"` + long[2:] + `"}`, 201, `{"id":"003…`},
		{"restricted picklist", "POST", "Survey_Response__c", `{"Channel__c":"Fax"}`, 400,
			`[{"message":"Channel: bad value for restricted picklist field: Fax","errorCode":"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST","fields":["Channel__c"]}]`},
		{"inactive value of a restricted picklist", "PATCH", "Account/" + account, `{"Support_Tier__c":"Legacy"}`, 400, `[{"message":"Support Tier: bad value …`},
		{"restricted multi-picklist", "PATCH", "Contact/" + contact, `{"Interests__c":"Events;Golf"}`, 400, `[{"message":"Interests: bad value for restricted picklist field: Golf"…`},
		{"unrestricted picklist", "PATCH", "Contact/" + contact, `{"LeadSource":"Inprogres"}`, 204, ""},
		{"dependent picklist", "PATCH", "Case/" + kase, `{"Product_Area__c":"Damaged Goods"}`, 400, `[{"message":"Product Area: bad value for restricted picklist field: Damaged Goods"…`},
		{"dependent picklist with its controller", "PATCH", "Case/" + kase, `{"Product_Area__c":"Payment","Product__c":"Store"}`, 204, ""},
		{"number too large", "PATCH", "Contact/" + contact, `{"NPS_Score__c":1234}`, 400, `[{"message":"NPS Score: value outside of valid range on numeric field: 1234","errorCode":"NUMBER_OUTSIDE_VALID_RANGE","fields":["NPS_Score__c"]}]`},
		{"int too large", "PATCH", "Account/" + account, `{"NumberOfEmployees":1431655766}`, 400, `[{"message":"Employees: value outside of valid range on numeric field: 1431655766"…`},
		{"date", "PATCH", "Case/" + kase, "{\"Subject\":\"x\",\n \"Follow_Up_Date__c\":\"Tomorrow\"}", 400,
			`[{"message":"Cannot deserialize instance of date from VALUE_STRING value Tomorrow or request may be missing a required field at [line:2, column:22]","errorCode":"JSON_PARSER_ERROR"}]`},
		{"date/time", "PATCH", "Case/" + kase, `{"Survey_Sent_At__c":"2026-11-20"}`, 400, `[{"message":"Cannot deserialize instance of datetime from VALUE_STRING value 2026-11-20 or …`},
		{"checkbox", "PATCH", "Contact/" + contact, `{"DoNotCall":"yes"}`, 400, `[{"message":"Cannot deserialize instance of boolean from VALUE_STRING value yes or …`},
		{"text in a number", "PATCH", "Contact/" + contact, `{"NPS_Score__c":"nine"}`, 400, `[{"message":"Cannot deserialize instance of double from VALUE_STRING value nine or …`},
		{"number in a text", "PATCH", "Contact/" + contact, `{"Title":5}`, 400, `[{"message":"Cannot deserialize instance of string from VALUE_NUMBER_INT value 5 or …`},
		{"object in a text", "PATCH", "Contact/" + contact, `{"Title":{"a":1}}`, 400, `[{"message":"Cannot deserialize instance of string from START_OBJECT value { or …`},
		{"fraction in an int", "PATCH", "Account/" + account, `{"NumberOfEmployees":1.5}`, 400, `[{"message":"Cannot deserialize instance of int from VALUE_NUMBER_FLOAT value 1.5 or …`},
		{"bad JSON", "PATCH", "Contact/" + contact, `{"Title" j}`, 400, `[{"message":"Unexpected character ('j' (code 106)) at [line:1, column:10]","errorCode":"JSON_PARSER_ERROR"}]`},
		{"no body", "PATCH", "Contact/" + contact, ``, 400, `[{"message":"The HTTP entity body is required, but this request has no entity body.","errorCode":"JSON_PARSER_ERROR"}]`},
		{"id in the body", "PATCH", "Contact/" + contact, `{"Id":"` + contact + `"}`, 400, `[{"message":"The Id field should not be specified in the sobject data.","errorCode":"INVALID_FIELD","fields":["Id"]}]`},
		{"missing record", "PATCH", "Contact/003Sm0000000zzz", `{"Title":"x"}`, 404, `[{"message":"invalid cross reference id","errorCode":"INVALID_CROSS_REFERENCE_KEY","fields":[]}]`},
		{"deleted record", "PATCH", "Contact/" + gone, `{"Title":"x"}`, 404, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`},
		{"malformed id", "PATCH", "Contact/0035g00", `{"Title":"x"}`, 400, `[{"message":"malformed id 0035g00","errorCode":"MALFORMED_ID","fields":[]}]`},
		{"wrong checksum", "PATCH", "Contact/" + contact[:15] + "AAA", `{"Title":"x"}`, 400, `[{"message":"malformed id …`},
		{"id of another object", "PATCH", "Contact/" + account, `{"Title":"x"}`, 400, `[{"message":"Contact ID: id value of incorrect type: ` + account + `","errorCode":"MALFORMED_ID","fields":["Id"]}]`},
		{"lookup to another object", "PATCH", "Contact/" + contact, `{"AccountId":"` + contact + `"}`, 400, `[{"message":"Account ID: id value of incorrect type: ` + contact + `","errorCode":"FIELD_INTEGRITY_EXCEPTION","fields":["AccountId"]}]`},
		{"lookup to nothing", "PATCH", "Contact/" + contact, `{"AccountId":"001Sm0000000zzz"}`, 400, `[{"message":"invalid cross reference id","errorCode":"INVALID_CROSS_REFERENCE_KEY","fields":[]}]`},
		{"lookup to a deleted record", "PATCH", "Case/" + kase, `{"ContactId":"` + gone + `"}`, 400, `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`},
		{"owner that is a queue", "PATCH", "Case/" + kase, `{"OwnerId":"00G000000000001"}`, 204, ""},
		{"parent by external id", "PATCH", "Contact/" + contact, `{"Account":{"Crm_Key__c":"A-1"}}`, 204, ""},
		{"parent's external id unknown", "PATCH", "Contact/" + contact, `{"Account":{"Crm_Key__c":"zz"}}`, 400,
			`[{"message":"Foreign key external ID: zz not found for field Crm_Key__c in entity Account","errorCode":"INVALID_FIELD","fields":[]}]`},
		{"validation rule", "PATCH", "Case/" + kase, `{"Status":"Closed"}`, 400, `[{"message":"Status can only change on web cases.","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":["Status"]}]`},
		{"validation rule that holds", "PATCH", "Case/" + kase, `{"Status":"Closed","Origin":"Web"}`, 204, ""},
		{"unique field", "POST", "Contact", `{"LastName":"B","Loyalty_Id__c":"L-1"}`, 400,
			`[{"message":"duplicate value found: Loyalty_Id__c duplicates value on record with id: ` + contact[:15] + `","errorCode":"DUPLICATE_VALUE","fields":[]}]`},
		{"unique field that minds case", "POST", "Contact", `{"LastName":"B","Loyalty_Id__c":"l-1"}`, 201, `{"id":"003…`},
		{"unique field that does not mind case", "POST", "Account", `{"Name":"B","Crm_Key__c":"A-1"}`, 400, `[{"message":"duplicate value found: Crm_Key__c …`},
		{"converted lead", "PATCH", "Lead/" + converted, `{"Title":"x"}`, 400, `[{"message":"cannot reference converted lead","errorCode":"CANNOT_UPDATE_CONVERTED_LEAD","fields":[]}]`},
		{"unknown object", "POST", "Accout", `{}`, 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`},
		{"object that nobody may create", "POST", "User", `{"Username":"x"}`, 400, `[{"message":"entity type cannot be inserted: User","errorCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY","fields":[]}]`},
		{"unknown column on read", "GET", "Contact/" + contact + "?fields=Foo", "", 400, `[{"message":"No such column 'Foo' on entity 'Contact'","errorCode":"INVALID_FIELD"}]`},
		{"missing on read", "GET", "Contact/003Sm0000000zzz", "", 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`},
		{"method", "PUT", "Contact/" + contact, `{}`, 405, `[{"message":"HTTP Method 'PUT' not allowed. Allowed are GET,PATCH,DELETE","errorCode":"METHOD_NOT_ALLOWED"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			b.want(c.method, "sobjects/"+c.path, c.body, c.status, c.answer)
		})
	}
}

func TestUpsert(t *testing.T) {
	b := newBench(t, Options{})
	b.want("PATCH", "sobjects/Survey_Response__c/Response_Id__c/resp%2F1", `{"Score__c":7}`, 201, `{"id":"a00Sm0000000001IAA","success":true,"errors":[],"created":true}`)
	b.want("PATCH", "sobjects/Survey_Response__c/Response_Id__c/RESP%2F1", `{"Score__c":8}`, 200, `{"id":"a00Sm0000000001IAA","success":true,"errors":[],"created":false}`)
	b.want("PATCH", "/services/data/v45.0/sobjects/Survey_Response__c/Response_Id__c/resp%2F1", `{"Score__c":9}`, 204, "")
	b.want("PATCH", "/services/data/v45.0/sobjects/Survey_Response__c/Response_Id__c/resp-2", `{"Score__c":9}`, 201, `{"id":"a00Sm0000000002IAA","success":true,"errors":[]}`)
	if r, _ := b.Record("Survey_Response__c", "a00Sm0000000001IAA"); r["Response_Id__c"] != "resp/1" || r["Score__c"] != 9.0 || r["Name"] != "SR-00001" {
		t.Errorf("record is %v", r)
	}
	b.want("PATCH", "sobjects/Survey_Response__c/Response_Id__c/resp-3?updateOnly=true", `{"Score__c":9}`, 404, `[{"message":"The requested resource does not exist"…`)
	b.want("PATCH", "sobjects/Survey_Response__c/Response_Id__c/resp-2", `{"Response_Id__c":"resp-2"}`, 400, `[{"message":"The Response_Id__c field should not be specified in the sobject data."…`)
	b.want("PATCH", "sobjects/Survey_Response__c/Score__c/1", `{}`, 404, `[{"message":"Provided external ID field does not exist or is not accessible: Score__c","errorCode":"NOT_FOUND"}]`)
	first, second := b.seed("Case", M{"Ticket_Key__c": "T-1"}), b.seed("Case", M{"Ticket_Key__c": "t-1"})
	b.want("PATCH", "sobjects/Case/Ticket_Key__c/T-1", `{"Subject":"x"}`, 300,
		`["/services/data/v67.0/sobjects/Case/`+first+`","/services/data/v67.0/sobjects/Case/`+second+`"]`)
	b.want("GET", "sobjects/Survey_Response__c/Response_Id__c/resp-2?fields=Name", "", 200, `{"attributes":{"type":"Survey_Response__c",…`)
	b.want("DELETE", "sobjects/Survey_Response__c/Response_Id__c/resp-2", "", 204, "")
	b.want("PATCH", "sobjects/Survey_Response__c/Response_Id__c/resp-2", `{}`, 201, `{"id":"a00Sm0000000003IAA","success":true,"errors":[],"created":true}`)
}

func TestAssumptions(t *testing.T) {
	open := func(a Assumptions) (*bench, string) {
		b := newBench(t, Options{Assumptions: a})
		return b, b.seed("Contact", M{"LastName": "Ada", "DoNotCall": true})
	}
	update := func(id, fields string) string {
		return `{"records":[{"attributes":{"type":"Contact"},"id":"` + id + `",` + fields + `}]}`
	}
	b, id := open(Assumptions{})
	b.want("PATCH", "composite/sobjects", update(id, `"Foo":1`), 200, `[{"success":false,"errors":[{"message":"No such column 'Foo' on sobject of type Contact","statusCode":"INVALID_FIELD","fields":[]}]}]`)
	b.want("PATCH", "composite/sobjects", update(id, `"NPS_Score__c":"x"`), 400, `[{"message":"Cannot deserialize instance of double …`)
	b.want("PATCH", "composite/sobjects", update(id, `"DoNotCall":null`), 400, `[{"message":"Cannot deserialize instance of boolean from VALUE_NULL value null …`)
	b, id = open(Assumptions{UnknownFieldFailsCall: true, WrongTypeFailsRow: true, NullBooleanIsFalse: true, NumberTextAccepted: true, KeepBlanks: true, MultiPicklistSpaced: true,
		IDInBodyIgnored: true, SameRecordTwice: true, CollectionErrorStatus: 400})
	b.want("PATCH", "composite/sobjects", update(id, `"Foo":1`), 400, `[{"message":"No such column 'Foo' on sobject of type Contact","errorCode":"INVALID_FIELD"}]`)
	b.want("PATCH", "composite/sobjects", update(id, `"NPS_Score__c":"x"`), 400, `[{"success":false,"errors":[{"message":"Cannot deserialize instance of double …`)
	b.want("PATCH", "composite/sobjects", update(id, `"DoNotCall":null,"NPS_Score__c":"7","Title":" x ","Interests__c":"Events;Training"`), 200, `[{"id":"`+id+`","success":true,"errors":[]}]`)
	b.want("PATCH", "sobjects/Contact/"+id, `{"Id":"`+id+`","FirstName":"A"}`, 204, "")
	b.want("PATCH", "composite/sobjects", rows(of("Contact", `"id":"`+id+`","FirstName":"a"`), of("Contact", `"id":"`+id+`","FirstName":"b"`)), 200,
		`[{"id":"`+id+`","success":true,"errors":[]},{"id":"`+id+`","success":true,"errors":[]}]`)
	r, _ := b.Record("Contact", id)
	if r["FirstName"] != "b" || r["DoNotCall"] != false || r["NPS_Score__c"] != 7.0 || r["Title"] != " x " || r["Interests__c"] != "Events; Training" {
		t.Errorf("record is %v", r)
	}
}

func TestAssumptionsAboutLookupsAndPicklists(t *testing.T) {
	for _, a := range []Assumptions{{}, {DependentPicklistsLoose: true, PolymorphicNeedsType: true, WrongLookupCode: "MALFORMED_ID", AccessStatus: 403}} {
		b := newBench(t, Options{Assumptions: a, Overlay: Overlay{Sharing: []Sharing{{Object: "Case", When: []Condition{{Field: "Subject", Op: "=", Value: []byte(`"shut"`)}}, Level: "read"}}}})
		path := "sobjects/Case/" + b.seed("Case", M{"Product__c": "App"})
		shut := "sobjects/Case/" + b.seed("Case", M{"Subject": "shut"})
		loose := a.DependentPicklistsLoose
		for body, fails := range map[string]bool{
			`{"Product_Area__c":"Staff"}`:                                                   !loose,
			`{"Owner":{"Username":"` + DefaultUsername + `"}}`:                              loose,
			`{"Owner":{"attributes":{"type":"User"},"Username":"` + DefaultUsername + `"}}`: false,
			`{"Owner":{"attributes":{"type":"User"}}}`:                                      true,
			`{"Contact":{"LastName":"x"}}`:                                                  true,
			`{"Contact":null}`:                                                              false,
		} {
			if w := b.do("PATCH", path, body); (w.Code == 400) != fails {
				t.Errorf("%+v: %s: %d %s", a, body, w.Code, w.Body)
			}
		}
		code, status := "FIELD_INTEGRITY_EXCEPTION", 400
		if loose {
			code, status = "MALFORMED_ID", 403
		}
		if w := b.do("PATCH", path, `{"ContactId":"001000000000001"}`); !strings.Contains(w.Body.String(), code) {
			t.Errorf("lookup to another object: %s", w.Body)
		}
		if w := b.do("PATCH", shut, `{"Type":"Question"}`); w.Code != status {
			t.Errorf("read-only record: %d", w.Code)
		}
	}
}

func TestResources(t *testing.T) {
	b := newBench(t, Options{})
	if m := decodeBody[map[string]string](t, b.do("GET", "/services/data/v67.0/", "")); m["sobjects"] != "/services/data/v67.0/sobjects" || !strings.HasSuffix(m["identity"], b.config.Load().users[0].ID) {
		t.Errorf("resources are %v", m)
	}
	if m := decodeBody[struct{ ObjectDescribe M }](t, b.do("GET", "/services/data/v60.0/sobjects/Case", "")).ObjectDescribe; m["name"] != "Case" || m["urls"].(M)["sobject"] != "/services/data/v60.0/sobjects/Case" {
		t.Errorf("object is %v", m)
	}
	b.want("POST", "sobjects/Contact/Id?_HttpMethod=POST", `{"LastName":"x"}`, 201, `{"id":"003…`)
	id := b.Records("Contact")[0]["Id"].(string)
	b.want("POST", "sobjects/Contact/"+id+"?_HttpMethod=PATCH", `{"Title":"x"}`, 204, "")
	b.want("GET", "/nowhere", "", 404, "<html>…")
}

func TestVersionsAndErrorsBeforeTheResource(t *testing.T) {
	b := newBench(t, Options{})
	token := b.token
	b.token = ""
	list := decodeBody[[]struct{ Label, URL, Version string }](t, b.do("GET", "/services/data/", ""))
	if last := list[len(list)-1]; list[0].Version != "31.0" || last.Version != "68.0" || last.Label != "Winter '27" || list[len(list)-2].Label != "Summer '26" {
		t.Errorf("versions are %v", list)
	}
	expired := `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`
	b.want("GET", "sobjects", "", 401, expired)
	b.header["Authorization"] = "Basic"
	b.want("GET", "sobjects", "", 401, `[{"message":"INVALID_HEADER_TYPE","errorCode":"INVALID_AUTH_HEADER"}]`)
	delete(b.header, "Authorization")
	b.token = token
	b.want("GET", "/services/data/v30.0/sobjects", "", 410, `[{"message":"The requested API version is retired. …`)
	b.want("GET", "/services/data/v69.0/sobjects", "", 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`)
	b.want("GET", "nonsense", "", 404, `[{"message":"The requested resource does not exist"…`)
	b.clock.move(3 * time.Hour)
	b.want("GET", "sobjects", "", 401, expired)
	b.token = b.Login("")
	if w := b.do("GET", "sobjects", ""); w.Code != 200 || w.Header().Get("Sforce-Limit-Info") != "api-usage=2/100000" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	b.RevokeSessions()
	b.want("GET", "sobjects", "", 401, expired)
	b.header["Content-Encoding"] = "br"
	b.want("POST", "sobjects/Contact", "x", 415, `[{"message":"Content-Encoding br is not supported"…`)
}

func TestDeprecatedVersions(t *testing.T) {
	b := newBench(t, Options{})
	for version, warned := range map[string]bool{"31.0": true, "40.0": true, "41.0": false} {
		if got := b.do("GET", "/services/data/v"+version+"/limits", "").Header().Get("Warning"); strings.HasPrefix(got, `299 - "This API is deprecated and will be removed`) != warned {
			t.Errorf("version %s is warned of with %q", version, got)
		}
	}
}

func TestBodyBounds(t *testing.T) {
	b := newBench(t, Options{})
	deep := strings.Repeat(`[`, 1_000_000)
	b.want("POST", "sobjects/Contact", deep, 400, `[{"message":"…`)
	b.want("POST", "sobjects/Contact", "{\"LastName\":\"\xff\"}", 400, `[{"message":"Invalid UTF-8…`)
	b.want("POST", "sobjects/Contact", `[]`, 400, `[{"message":"Unexpected start of the entity body…`)
	r := httptest.NewRequest("POST", "/services/data/v67.0/sobjects/Contact", io.LimitReader(zeros{}, maxBody+10))
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if w.Code != 413 || !bytes.Contains(w.Body.Bytes(), []byte("EXCEEDED_MAX_SIZE_REQUEST")) {
		t.Errorf("a body over 50 MB gets %d %s", w.Code, w.Body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

var _ http.Handler = (*Org)(nil)

// A connection that was opened and never used holds nothing up, and a call under way is answered.
func TestClose(t *testing.T) {
	org, err := New(Options{Latency: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(org.URL(), "http://")
	for range 3 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	req, _ := http.NewRequest("GET", org.URL()+"/services/data/v67.0/limits", nil)
	req.Header.Set("Authorization", "Bearer "+org.Login(""))
	answered := make(chan error, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
		}
		answered <- err
	}()
	for org.Stats().APIUsed == 0 && len(answered) == 0 {
		time.Sleep(time.Millisecond)
	}
	begun := time.Now()
	if err := org.Close(); err != nil {
		t.Error(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	if took := time.Since(begun); took > 1500*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}
