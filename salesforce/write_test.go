package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func cases(n int, body func(i int) string) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{Object: "Case", ID: fmt.Sprintf("500%012d", i), Body: []byte(body(i))}
	}
	return rows
}

func TestWriteBodies(t *testing.T) {
	type request struct{ method, path, query, body string }
	for _, c := range []struct {
		name string
		op   Op
		rows []Row
		want request
	}{
		{"create", Create, []Row{{Object: "Contact", Body: []byte(`{"LastName":"Dyer","Score__c":4.50}`)}, {Object: "Contact", Body: []byte(" {} ")}},
			request{"POST", "/services/data/v67.0/composite/sobjects", "", `{"allOrNone":false,"records":[{"attributes":{"type":"Contact"},"LastName":"Dyer","Score__c":4.50},{"attributes":{"type":"Contact"}}]}`}},
		{"update", Update, []Row{{Object: "Case", ID: "500000000000001", Body: []byte(`{"A":null}`)}, {Object: "Case", ID: "500000000000002", Body: []byte(`{ "B" : 1 }`)}},
			request{"PATCH", "/services/data/v67.0/composite/sobjects", "", `{"allOrNone":false,"records":[{"attributes":{"type":"Case"},"id":"500000000000001","A":null},{"attributes":{"type":"Case"},"id":"500000000000002","B" : 1 }]}`}},
		{"upsert", Upsert, []Row{{Object: "Lead", ExternalField: "Key__c", ExternalValue: `a"é`, Body: []byte(`{"A":1}`)}, {Object: "Lead", ExternalField: "Key__c", ExternalValue: "12", Schema: lead, Body: []byte(`{"A":2}`)}},
			request{"PATCH", "/services/data/v67.0/composite/sobjects/Lead/Key__c", "", `{"allOrNone":false,"records":[{"attributes":{"type":"Lead"},"Key__c":"a\"é","A":1},{"attributes":{"type":"Lead"},"Key__c":12,"A":2}]}`}},
		{"lone create", Create, []Row{{Object: "Contact", Body: []byte(`{"A":1}`)}},
			request{"POST", "/services/data/v67.0/sobjects/Contact", "", `{"A":1}`}},
		{"lone update", Update, []Row{{Object: "Case", ID: "500000000000001", Body: []byte(`{"A":1}`)}},
			request{"PATCH", "/services/data/v67.0/sobjects/Case/500000000000001", "", `{"A":1}`}},
		{"lone upsert", Upsert, []Row{{Object: "Case", ExternalField: "Key__c", ExternalValue: "a/b ?é", Body: []byte(`{"A":1}`)}},
			request{"PATCH", "/services/data/v67.0/sobjects/Case/Key__c/a%2Fb%20%3F%C3%A9", "", `{"A":1}`}},
		{"update by external id", Update, []Row{{Object: "Case", ExternalField: "Key__c", ExternalValue: "..", Body: []byte(`{"A":1}`)}},
			request{"PATCH", "/services/data/v67.0/sobjects/Case/Key__c/%2E%2E", "updateOnly=true", `{"A":1}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			org := newFake(t, collectionOrg(func(string, int) (string, string) { return "", "" }))
			for i, r := range org.client(t).Write(context.Background(), c.op, c.rows) {
				if r.Err != nil {
					t.Errorf("row %d: %v", i, r.Err)
				}
			}
			got := org.requests()
			if len(got) != 1 || (request{got[0].method, got[0].path, got[0].query, got[0].body}) != c.want {
				t.Fatalf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// Rows go 200 at a time, never two objects or keys in one call, and every row
// gets its own result in its own place.
func TestWriteSplitsIntoCalls(t *testing.T) {
	org := newFake(t, collectionOrg(func(string, int) (string, string) { return "", "" }))
	c := org.client(t)
	rows := cases(450, func(int) string { return `{"A":1}` })
	for i, r := range c.Write(context.Background(), Update, rows) {
		if r.Err != nil || r.ID == "" || r.Created {
			t.Fatalf("row %d: %+v", i, r)
		}
	}
	if n := len(org.requests()); n != 3 || c.Calls() != 3 {
		t.Errorf("450 rows took %d requests, %d calls", n, c.Calls())
	}
	mixed := []Row{
		{Object: "A", ExternalField: "K", ExternalValue: "1", Body: []byte(`{}`)},
		{Object: "A", ExternalField: "K", ExternalValue: "2", Body: []byte(`{}`)},
		{Object: "A", ExternalField: "L", ExternalValue: "2", Body: []byte(`{}`)},
		{Object: "B", ExternalField: "L", ExternalValue: "2", Body: []byte(`{}`)},
	}
	c.Write(context.Background(), Upsert, mixed)
	if n := len(org.requests()); n != 6 {
		t.Errorf("three kinds of upsert took %d requests", n-3)
	}
	if got := c.Write(context.Background(), Create, nil); len(got) != 0 {
		t.Errorf("no rows gave %v", got)
	}
}

func TestWriteRowResults(t *testing.T) {
	org := newFake(t, answerWith(200, `[
		{"id":"003ak00000luKU1AAM","success":true,"errors":[],"created":true},
		{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}]},
		{"success":false,"errors":[{"statusCode":"INVALID_FIELD_FOR_INSERT_UPDATE","message":"m","fields":["Full__c"]}]},
		{"success":false,"errors":[]}]`))
	rows := make([]Row, 4)
	for i := range rows {
		rows[i] = Row{Object: "Lead", ExternalField: "Key__c", ExternalValue: "1", Schema: lead, Body: []byte(`{"A":1}`)}
	}
	got := org.client(t).Write(context.Background(), Upsert, rows)
	if got[0].Err != nil || !got[0].Created || got[0].ID != "003ak00000luKU1AAM" {
		t.Errorf("row 0: %+v", got[0])
	}
	for i, want := range []Cause{"", RequiredMissing, UnsupportedField, Unknown} {
		if i > 0 && (got[i].Err == nil || got[i].Err.Cause != want || got[i].Err.Whole) {
			t.Errorf("row %d: %+v, want %s", i, got[i].Err, want)
		}
	}
}

// The list of results counts also when it comes with a status of 400.
func TestWriteResultsWith400(t *testing.T) {
	org := newFake(t, answerWith(400, `[{"id":"500000000000000AAA","success":true,"errors":[]},{"success":false,"errors":[{"statusCode":"MALFORMED_ID","message":"m"}]}]`))
	got := org.client(t).Write(context.Background(), Update, cases(2, func(int) string { return `{}` }))
	if got[0].Err != nil || got[1].Err == nil || got[1].Err.Cause != WrongObject || len(org.requests()) != 1 {
		t.Errorf("%+v %+v", got[0], got[1].Err)
	}
}

// A success that names another record than its row would tell of the wrong row.
func TestWriteResultsInAnotherOrder(t *testing.T) {
	org := newFake(t, answerWith(200, `[{"id":"500000000000002AAA","success":true,"errors":[]},{"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"m"}]}]`))
	rows := []Row{{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}, {Object: "Case", ID: "500000000000002", Body: []byte(`{}`)}}
	for i, r := range org.client(t).Write(t.Context(), Update, rows) {
		if r.Err == nil || r.Err.Cause != Unknown || !r.Err.InDoubt || !strings.Contains(r.Err.Message, "no result") {
			t.Errorf("row %d: %+v", i, r.Err)
		}
	}
	if n := len(org.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestWriteChecksRowsFirst(t *testing.T) {
	org := newFake(t, collectionOrg(func(string, int) (string, string) { return "", "" }))
	good := Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}
	for _, c := range []struct {
		op   Op
		row  Row
		want Cause
	}{
		{Update, Row{Object: "Case", Body: []byte(`{}`)}, RequiredMissing},
		{Update, Row{Object: "Case", ExternalField: "Key__c", Body: []byte(`{}`)}, RequiredMissing},
		{Upsert, Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}, RequiredMissing},
		{Create, Row{Body: []byte(`{}`)}, WrongObject},
		{Create, Row{Object: "Case"}, InvalidValue},
		{Create, Row{Object: "Case", Body: []byte(`[]`)}, InvalidValue},
		{Create, Row{Object: "Case", Body: []byte(`{"A":}`)}, InvalidValue},
		{Create, Row{Object: "Case", Body: []byte(`{"A":1}],"records":[{}`)}, InvalidValue},
	} {
		got := org.client(t).Write(context.Background(), c.op, []Row{c.row})
		if got[0].Err == nil || got[0].Err.Cause != c.want {
			t.Errorf("%s %+v: %v, want %s", c.op, c.row, got[0].Err, c.want)
		}
	}
	if n := len(org.requests()); n != 0 {
		t.Errorf("rows that cannot be sent took %d requests", n)
	}
	if got := org.client(t).Write(context.Background(), Update, []Row{{Object: "Case", Body: []byte(`{}`)}, good}); got[1].Err != nil {
		t.Errorf("the good row beside a bad one: %v", got[1].Err)
	}
}

var recordID = regexp.MustCompile(`500\d{12}`)

// A whole-call refusal that lies in rows costs O(log n) calls a bad row, and
// every good row is written exactly once.
func TestWriteBisects(t *testing.T) {
	bad := func(record string) bool { return strings.Contains(record, `"bad"`) }
	type scenario struct {
		name   string
		refuse func(record string, at int) (string, string)
		cause  Cause
		calls  func(badRows int) int // at most
	}
	scenarios := []scenario{
		{"nothing to go by", func(record string, _ int) (string, string) {
			if bad(record) {
				return "MALFORMED_ID", "malformed id"
			}
			return "", ""
		}, WrongObject, func(n int) int { return 1 + 16*n }},
		{"place in the text", func(record string, at int) (string, string) {
			if i := strings.Index(record, `"bad"`); i >= 0 {
				return "JSON_PARSER_ERROR", fmt.Sprintf("Cannot deserialize instance of date from VALUE_STRING value bad at [line:1, column:%d]", at+i+5)
			}
			return "", ""
		}, InvalidValue, func(n int) int { return 1 + 2*n }},
		{"wrong place in the text", func(record string, _ int) (string, string) {
			if bad(record) {
				return "JSON_PARSER_ERROR", "Cannot deserialize instance of date at [line:1, column:40]"
			}
			return "", ""
		}, InvalidValue, func(n int) int { return 1 + 24*n }},
		{"place beyond the text", func(record string, _ int) (string, string) {
			if bad(record) {
				return "JSON_PARSER_ERROR", "at [line:1, column:99999999]"
			}
			return "", ""
		}, InvalidValue, func(n int) int { return 1 + 16*n }},
		{"column that does not exist, in German", func(record string, _ int) (string, string) {
			if bad(record) {
				return "INVALID_FIELD", "Keine solche Spalte „Bad__c“ in sObject vom Typ Case"
			}
			return "", ""
		}, FieldNotWritable, func(int) int { return 3 }},
		{"column that does not exist", func(record string, _ int) (string, string) {
			if bad(record) {
				return "INVALID_FIELD", "No such column 'Bad__c' on sobject of type Case"
			}
			return "", ""
		}, FieldNotWritable, func(int) int { return 3 }},
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := scenarios[rapid.IntRange(0, len(scenarios)-1).Draw(rt, "scenario")]
		badRows := make(map[int]bool)
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 199), 0, 4, rapid.ID[int]).Draw(rt, "bad rows") {
			badRows[i] = true
		}
		written := make(map[string]int)
		client := inProcess(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
			refused := false
			collectionOrg(func(record string, at int) (string, string) {
				code, message := c.refuse(record, at)
				refused = refused || code != ""
				return code, message
			})(w, r, body)
			if refused {
				return
			}
			for _, id := range recordID.FindAllString(string(body)+r.URL.Path, -1) {
				written[id]++
			}
		})
		rows := cases(200, func(i int) string {
			if badRows[i] {
				return `{"Bad__c":"bad"}`
			}
			return `{"Good__c":"good"}`
		})
		for i, r := range client.Write(context.Background(), Update, rows) {
			switch {
			case badRows[i] && (r.Err == nil || r.Err.Cause != c.cause || r.Err.Whole):
				rt.Fatalf("%s: bad row %d: %+v", c.name, i, r.Err)
			case !badRows[i] && (r.Err != nil || written[rows[i].ID] != 1):
				rt.Fatalf("%s: good row %d: %v, written %d times", c.name, i, r.Err, written[rows[i].ID])
			}
		}
		if most := c.calls(len(badRows)); int(client.Calls()) > most && len(badRows) > 0 {
			rt.Fatalf("%s: %d bad rows of 200 took %d calls, more than %d", c.name, len(badRows), client.Calls(), most)
		}
	})
}

// What concerns the whole call is not tried again row by row.
func TestWriteDoesNotBisect(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   Cause
		doubt  bool
	}{
		{403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`, RateLimited, false},
		{400, `[{"errorCode":"UNABLE_TO_LOCK_ROW","message":"m"}]`, RecordLocked, false},
		{400, `[{"errorCode":"STORAGE_LIMIT_EXCEEDED","message":"m"}]`, StorageFull, false},
		{400, `[{"errorCode":"INVALID_TYPE","message":"sObject type 'Caze' is not supported."}]`, WrongObject, false},
		{404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, WrongObject, false},
		{401, `[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]`, Auth, false},
		{500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"m"}]`, Unavailable, false},
		{503, `<html>busy</html>`, Unavailable, true},
		{200, `[{"success":true}]`, Unknown, true},
		{200, `[{"success":true}`, Unknown, true},
		{200, `<html>`, Network, true},
		{302, ``, Network, false},
	} {
		org := newFake(t, answerWith(c.status, c.body))
		rows := make([]Row, 50)
		for i := range rows {
			rows[i] = Row{Object: "Case", Body: []byte(`{}`)}
		}
		results := org.client(t).Write(context.Background(), Create, rows)
		for i, r := range results {
			if r.Err == nil || r.Err.Cause != c.want || r.Err.InDoubt != c.doubt || !r.Err.Whole {
				t.Fatalf("%d %s: row %d: %+v", c.status, c.body, i, r.Err)
			}
		}
		if results[0].Err == results[1].Err {
			t.Errorf("%d: rows share one error value", c.status)
		}
		if n := len(org.requests()); n != 1 {
			t.Errorf("%d %s: %d requests", c.status, c.body, n)
		}
	}
}

func BenchmarkWrite200(b *testing.B) {
	var reply strings.Builder
	for i := range 200 {
		if i > 0 {
			reply.WriteByte(',')
		}
		fmt.Fprintf(&reply, `{"id":"500%012d","success":true,"errors":[]}`, i)
	}
	body := "[" + reply.String() + "]"
	c := inProcess(b, answerWith(200, body))
	rows := cases(200, func(i int) string {
		return fmt.Sprintf(`{"Survey_Status__c":"Response Received","NPS_Score__c":%d,"Comment__c":"the quick brown fox jumps over the lazy dog"}`, i%11)
	})
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Write(context.Background(), Update, rows); r[0].Err != nil {
			b.Fatal(r[0].Err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/row")
}
