package salesforce

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAnswerError(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		op         Op
		want       Error
	}{
		{"single row", `[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]`, 404, Update,
			Error{Cause: RecordNotFound, Code: "ENTITY_IS_DELETED", Message: "entity is deleted"}},
		{"without fields", `[{"message":"No such column 'x' on sobject of type A","errorCode":"INVALID_FIELD"}]`, 400, Update,
			Error{Cause: FieldNotWritable, Code: "INVALID_FIELD", Message: "No such column 'x' on sobject of type A"}},
		{"null fields", `[{"message":"m","errorCode":"STRING_TOO_LONG","fields":null}]`, 400, Update,
			Error{Cause: InvalidValue, Code: "STRING_TOO_LONG", Message: "m"}},
		{"several", `[{"message":"a","errorCode":"STRING_TOO_LONG","fields":["A"]},{"message":"b","errorCode":"INVALID_FIELD","fields":["B"]}]`, 400, Update,
			Error{Cause: InvalidValue, Code: "STRING_TOO_LONG", Message: "a; b", Fields: []string{"A", "B"}}},
		{"result object", `{"id":"001","success":false,"errors":[{"statusCode":"MALFORMED_ID","message":"malformed id","fields":[]}]}`, 400, Update,
			Error{Cause: WrongObject, Code: "MALFORMED_ID", Message: "malformed id"}},
		{"single object", `{"message":"x","errorCode":"NOT_FOUND"}`, 404, Update,
			Error{Cause: RecordNotFound, Code: "NOT_FOUND", Message: "x"}},
		{"oauth", `{"error":"invalid_grant","error_description":"user is locked"}`, 400, "",
			Error{Cause: Auth, Code: "invalid_grant", Message: "user is locked"}},
		{"gateway page", `<html><body>Service Unavailable</body></html>`, 503, Create,
			Error{Cause: Unavailable, Message: "Salesforce answered 503 Service Unavailable without saying why", InDoubt: true}},
		{"gateway JSON", `{"message":"upstream timed out"}`, 504, Create,
			Error{Cause: Unavailable, Message: "upstream timed out", InDoubt: true}},
		{"Salesforce 500", `[{"message":"An unexpected error occurred.","errorCode":"UNKNOWN_EXCEPTION"}]`, 500, Create,
			Error{Cause: Unavailable, Code: "UNKNOWN_EXCEPTION", Message: "An unexpected error occurred."}},
		{"empty", ``, 412, Update, Error{Cause: Unknown, Message: "Salesforce answered 412 Precondition Failed without saying why"}},
		{"no such status", ``, 420, Update, Error{Cause: Unavailable, Message: "Salesforce answered 420 without saying why"}},
		{"broken JSON", `[{"message":`, 400, Update, Error{Cause: Unknown, Message: "Salesforce answered 400 Bad Request without saying why"}},
		{"other JSON", `"no"`, 400, Update, Error{Cause: Unknown, Message: "Salesforce answered 400 Bad Request without saying why"}},
		{"numbers for texts", `[{"message":5,"errorCode":7}]`, 400, Update, Error{Cause: Unknown, Message: "Salesforce answered 400 Bad Request without saying why"}},
		{"ambiguous", `["/services/data/v67.0/sobjects/A/001","/services/data/v67.0/sobjects/A/002"]`, 300, Upsert,
			Error{Cause: Duplicate, Message: "the external id matches 2 records"}},
		{"ambiguous without list", ``, 300, Upsert, Error{Cause: Duplicate, Message: "the external id matches more than one record"}},
		{"redirect", ``, 302, Update, Error{Cause: Network, Message: "the answer is 302 Found, a redirect, which is not followed"}},
		{"a page of something else", `<html>Please sign in</html>`, 200, Update,
			Error{Cause: Network, Message: "the answer is a page and not one of Salesforce's REST API", InDoubt: true}},
		{"an empty page", "", 200, Create,
			Error{Cause: Network, Message: "the answer is a page and not one of Salesforce's REST API", InDoubt: true}},
		{"JSON of something else", `{"status":"ok"}`, 200, Update,
			Error{Cause: Unknown, Message: "Salesforce answered 200 OK with a body that is no result", InDoubt: true}},
		{"userinfo", `Bad_OAuth_Token`, 403, Retrieve, Error{Cause: Auth, Message: "Salesforce does not accept the access token"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := answerError(&answer{status: c.status, body: []byte(c.body)}, c.op)
			if got.Cause != c.want.Cause || got.Code != c.want.Code || got.Message != c.want.Message ||
				got.InDoubt != c.want.InDoubt || !slices.Equal(got.Fields, c.want.Fields) || !got.Whole || got.HTTPStatus != c.status {
				t.Errorf("got  %+v\nwant %+v", *got, c.want)
			}
		})
	}
}

// Without a code there is nothing to search for in Salesforce's help.
func TestAdviceWithoutCode(t *testing.T) {
	for _, status := range []int{200, 400, 403, 404, 405, 407, 412} {
		if e := answerError(&answer{status: status, body: []byte(`{"status":"no"}`)}, Update); e.Cause != Unknown || !strings.Contains(e.Advice, "proxy") {
			t.Errorf("%d: %s, %q", status, e.Cause, e.Advice)
		}
	}
}

func TestAdviceForBadToken(t *testing.T) {
	if e := answerError(&answer{status: 403, body: []byte("Bad_OAuth_Token")}, Retrieve); e.Cause != Auth || e.Advice != "" {
		t.Errorf("%+v", e)
	}
}

// A redirect tells the host that it leads to, and nothing else of the address.
func TestRedirectTarget(t *testing.T) {
	for location, want := range map[string]string{
		"https://wifi.example/login?token=secret": "a redirect to wifi.example, which",
		"/elsewhere": "a redirect, which",
		"":           "a redirect, which",
		"://":        "a redirect, which",
	} {
		e := answerError(&answer{status: 302, header: http.Header{"Location": {location}}, body: []byte(`{"message":"moved"}`)}, Update)
		if e.Cause != Network || !strings.Contains(e.Message, want) || strings.Contains(e.Message, "secret") || !strings.Contains(e.Advice, "sign-in page") {
			t.Errorf("%q: %+v", location, e)
		}
	}
}

func TestRetiredVersion(t *testing.T) {
	for _, body := range []string{`[{"message":"m","errorCode":"GONE"}]`, `[{"message":"m","errorCode":"UNSUPPORTED_API_VERSION"}]`} {
		if e := answerError(&answer{status: 410, body: []byte(body)}, Update); !strings.Contains(e.Advice, "later version of the API, such as "+DefaultVersion) {
			t.Errorf("%s: %q", body, e.Advice)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]Error{
		"unknown: CODE: text": {Cause: Unknown, Code: "CODE", Message: "text"},
		"unknown: CODE":       {Cause: Unknown, Code: "CODE"},
		"network: text":       {Cause: Network, Message: "text"},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"":                              0,
		"30":                            30 * time.Second,
		"-1":                            0,
		"99999999":                      day,
		"soon":                          0,
		"Mon, 02 Jan 2006 15:04:05 GMT": 0,
		"Mon, 02 Jan 2106 15:04:05 GMT": day,
	} {
		if got := retryAfter(http.Header{"Retry-After": {in}}); got != want {
			t.Errorf("Retry-After %q: %v, want %v", in, got, want)
		}
	}
}

// The error bodies that public clients have recorded.
func TestRealErrors(t *testing.T) {
	root := os.Getenv("SFSYNC_REAL_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	root = filepath.Join(root, "rest")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no real Salesforce data here; SFSYNC_REAL_DATA names its folder")
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(root, "amplabs_"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, want := range map[string]struct {
		cause Cause
		code  string
	}{
		"batch_create_contacts_err-bad-request": {RequiredMissing, "REQUIRED_FIELD_MISSING"},
		"crm_delete_not-found":                  {RecordNotFound, "ENTITY_IS_DELETED"},
		"invalid-field-upsert":                  {UnsupportedField, "INVALID_FIELD_FOR_INSERT_UPDATE"},
		"success-with-errors":                   {WrongObject, "MALFORMED_ID"},
		"unknown-field":                         {FieldNotWritable, "INVALID_FIELD"},
		"unknown-object":                        {WrongObject, "INVALID_TYPE"},
	} {
		if e := answerError(&answer{status: 400, body: read(name)}, Update); e.Cause != want.cause || e.Code != want.code || e.Message == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	row := Row{Object: "Contact"}
	for name, want := range map[string][]string{
		"batch_create_contacts_success":               {"003ak00000luKU1AAM", "003ak00000luKU2AAM"},
		"batch_create_contacts_partial-but-allOrNone": {"required_missing", "unknown"},
		"batch_update_contacts_err-each-no-ids":       {"required_missing", "required_missing"},
		"batch_update_contacts_partial-but-allOrNone": {"unknown", "field_not_writable"},
	} {
		list := readResults(read(name), 2)
		if list == nil {
			t.Errorf("%s holds no results", name)
			continue
		}
		for i := range list {
			r := row.result(&list[i], Update)
			got := r.ID
			if r.Err != nil {
				got = string(r.Err.Cause)
			}
			if got != want[i] {
				t.Errorf("%s: row %d: %s, want %s", name, i, got, want[i])
			}
		}
	}
}

// Whatever a server sends, the error has a cause that is explained and a text
// that is short and printable, and a page without code after a 5xx is in doubt.
func FuzzAnswerError(f *testing.F) {
	f.Add(400, []byte(`[{"message":"m","errorCode":"C","fields":["F"]}]`))
	f.Add(503, []byte("<html>"))
	f.Add(200, []byte(`{"success":false,"errors":[{"statusCode":"X","message":"\ud800"}]}`))
	f.Add(300, []byte(`["a",1]`))
	f.Add(400, []byte(`{"error":{"a":1}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := answerError(&answer{status: status, body: body}, Create)
		if _, ok := ExplainCause(e.Cause); !ok {
			t.Fatalf("cause %q", e.Cause)
		}
		if e.Code == "" && e.Message == "" {
			t.Fatal("an error that says nothing")
		}
		if len(e.Message) > maxMessage+8 || !utf8.ValidString(e.Message) {
			t.Fatalf("message of %d bytes: %q", len(e.Message), e.Message)
		}
		if e.Code == "" && status >= 500 && !e.InDoubt {
			t.Fatal("an answer without code is taken for a refusal")
		}
		if list := readResults(body, 1); list != nil {
			row := Row{Object: "Contact"}
			if r := row.result(&list[0], Create); r.Err != nil && !strings.Contains(r.Err.Error(), string(r.Err.Cause)) {
				t.Fatalf("%v", r.Err)
			}
		}
	})
}
