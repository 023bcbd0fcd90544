package receiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

func response(id string) string {
	return `{"id":"` + id + `","type":"survey.response","answers":{"nps":9}}`
}

// decided writes down an answer, a line each: "a accepted", "2: a rejected: reason".
func decided(t testing.TB, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var body results
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	counts := map[runtime.Status]int{}
	var got []string
	for _, r := range body.Results {
		counts[r.Status]++
		line := strings.TrimSpace(r.ID + " " + string(r.Status))
		if r.Status == runtime.Rejected {
			line = fmt.Sprintf("%d: %s: %s", r.Line, line, r.Reason)
		}
		got = append(got, line)
	}
	if counts[runtime.Accepted] != body.Accepted || counts[runtime.Duplicate] != body.Duplicate || counts[runtime.Rejected] != body.Rejected {
		t.Errorf("the counts are wrong: %s", w.Body)
	}
	return got
}

func TestEvents(t *testing.T) {
	a, b := response("a"), response("b")
	tests := []struct {
		name    string
		body    string
		headers []string
		want    []string
		status  int
	}{
		{"one", a, nil, []string{"a accepted"}, 202},
		{"laid out", "{\n  \"id\": \"a\",\n  \"type\": \"survey.response\"\n}\n", nil, []string{"a accepted"}, 202},
		{"list", "[" + a + "," + b + "]", nil, []string{"a accepted", "b accepted"}, 202},
		{"lines", a + "\n" + b + "\n", []string{"Content-Type", "application/x-ndjson"}, []string{"a accepted", "b accepted"}, 202},
		{"no type", a, []string{"Content-Type", ""}, []string{"a accepted"}, 202},
		{"charset", a, []string{"Content-Type", "application/json; charset=utf-8"}, []string{"a accepted"}, 202},
		{"identity", a, []string{"Content-Encoding", "identity"}, []string{"a accepted"}, 202},
		{"the same twice", a + a, nil, []string{"a accepted", "a duplicate"}, 202},
		{"CloudEvent", `{"specversion":"1.0","source":"s","id":"a","type":"survey.response","data":{"answers":{}}}`, []string{"Content-Type", "application/cloudevents+json"}, []string{"a accepted"}, 202},
		{"CloudEvents in a batch", `[{"specversion":"1.0","source":"s","id":"a","type":"x","data":` + b + `},{"specversion":"1.0","source":"s","id":"c","type":"survey.response","data":{}}]`,
			[]string{"Content-Type", "application/cloudevents-batch+json; charset=utf-8"}, []string{"b accepted", "c accepted"}, 202},
		{"CloudEvent in headers", `{"answers":{"nps":9}}`, []string{"Ce-Specversion", "1.0", "Ce-Id", "caf%C3%A9", "Ce-Type", "survey.response", "Ce-Source", "s"}, []string{"café accepted"}, 202},
		{"CloudEvent in headers, its own id", "{\n\"id\":\"b\",\n\"x\":\n{}}", []string{"Ce-Specversion", "1.0", "Ce-Id", "a", "Ce-Type", "survey.response"}, []string{"b accepted"}, 202},
		{"a huge number", `{"id":12345678901234567890123456789,"type":"survey.response","answers":{"nps":1e999}}`, nil, []string{"12345678901234567890123456789 accepted"}, 202},

		{"some bad", a + "\n" + `{"type":"survey.response"}` + "\nhello\n" + b, nil, []string{"a accepted",
			"2: rejected: this event has no `id`", "3: rejected: this is not JSON", "b accepted"}, 207},
		{"no id", `{"type":"survey.response"}`, nil, []string{"1: rejected: this event has no `id`"}, 400},
		{"no type of event", `{"id":"a"}`, nil, []string{"1: a rejected: this event has no `type`"}, 400},
		{"unknown type", `{"id":"a","type":"survey.answer"}`, nil, []string{`1: a rejected: there is no event type "survey.answer"`}, 400},
		{"unknown status", `{"id":"a","type":"survey.response","distribution":{"status":"Respondet"}}`, nil, []string{`1: a rejected: the rules know no status "Respondet"`}, 400},
		{"unknown status of a survey that takes them", `{"id":"a","type":"survey.response","survey":{"id":"anything-goes"},"distribution":{"status":"Respondet"}}`, nil, []string{"a accepted"}, 202},
		{"status in other spelling", `{"id":"a","type":"survey.response","distribution":{"status":"SOFT_BOUNCE"}}`, nil, []string{"a accepted"}, 202},
		{"not JSON", "hello", nil, []string{"1: rejected: this is not JSON"}, 400},
		{"cut short", a[:20], nil, []string{"1: rejected: this is not JSON"}, 400},
		{"too deep", `{"id":"a","type":"survey.response","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}", nil, []string{"1: rejected: this is not JSON"}, 400},
		{"an event too long", `{"id":"a","type":"survey.response","x":"` + strings.Repeat("x", 1<<20) + `"}` + "\n" + b, nil, []string{"1: rejected: this event is longer than 1048576 bytes", "b accepted"}, 207},
		{"a number", "17", nil, []string{"1: rejected: an event is a JSON object, and this is a number"}, 400},
		{"CloudEvent of another version", a, []string{"Ce-Specversion", "0.3"}, []string{"1: rejected: this is a CloudEvent of version \"0.3\", and 1.0 is understood"}, 400},
		{"CloudEvent in headers, two events", a + b, []string{"Ce-Specversion", "1.0"}, []string{"1: rejected: the `data` of this CloudEvent is no event"}, 400},
		{"CloudEvent in headers, more than its data", `{},"id":"x"`, []string{"Ce-Specversion", "1.0", "Ce-Type", "survey.response"}, []string{"1: rejected: the `data` of this CloudEvent is no event"}, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			w := d.do(post("/v1/events", test.body, test.headers...))
			if w.Code != test.status || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			got := decided(t, w)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			accepted := 0
			for _, line := range got {
				if strings.HasSuffix(line, " accepted") {
					accepted++
				}
			}
			if n := len(d.keptEvents()); n != accepted {
				t.Errorf("%d events are kept, and %d were accepted", n, accepted)
			}
			rejected := test.status != 202
			if log := d.log.String(); rejected != strings.Contains(log, "events rejected") {
				t.Errorf("the log says %q", log)
			}
			if a := d.lastAnswer(t); a.Status != w.Code || a.Accepted != accepted || rejected != (a.Reason == ReasonEvent) || a.Accepted+a.Duplicate+a.Rejected != len(got) {
				t.Errorf("the observer was told %+v", a)
			}
			// Whatever was wrong with it, the next request is served.
			if got := decided(t, d.do(post("/v1/events", response("next")))); len(got) != 1 || got[0] != "next accepted" {
				t.Errorf("the next request: %q", got)
			}
		})
	}
}

func TestSuggestion(t *testing.T) {
	d := newDesk(t)
	w := d.do(post("/v1/distributions", `{"of":"04l5g0000000001AAA","status":"Delivred"}`))
	if !strings.Contains(w.Body.String(), "did you mean Delivered?") {
		t.Error(w.Body)
	}
}

func TestEventsRefused(t *testing.T) {
	a := response("a")
	with := func(change func(*http.Request)) *http.Request {
		req := post("/v1/events", a)
		change(req)
		return req
	}
	tests := []struct {
		name   string
		req    *http.Request
		status int
		reason Reason
		error  string
	}{
		{"GET", with(func(r *http.Request) { r.Method = "GET" }), 405, ReasonMethod, "events come by POST"},
		{"empty", post("/v1/events", ""), 400, ReasonEvent, "there is no event in the body"},
		{"empty list", post("/v1/events", "[]"), 400, ReasonEvent, "there is no event in the body"},
		{"50 MB", post("/v1/events", strings.Repeat(" ", 50<<20)), 413, ReasonTooLarge, "the body is longer than 8388608 bytes"},
		{"50 MB, unannounced", with(func(r *http.Request) {
			r.Body, r.ContentLength = httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat(" ", 50<<20))).Body, -1
		}), 413, ReasonTooLarge, "the body is longer than 8388608 bytes"},
		{"too many", post("/v1/events", strings.Repeat("{}\n", 10_001)), 413, ReasonTooLarge, "there are more than 10000 events in the body"},
		{"compressed", post("/v1/events", a, "Content-Encoding", "gzip"), 415, ReasonEncoding, "a compressed body is not taken"},
		{"a form", post("/v1/events", a, "Content-Type", "application/x-www-form-urlencoded"), 415, ReasonContentType, `a body of the type "application/x-www-form-urlencoded" is not taken`},
		{"no media type", post("/v1/events", a, "Content-Type", ";;"), 415, ReasonContentType, `a body of the type ";;" is not taken`},
		{"body breaks off", with(func(r *http.Request) {
			r.Body = httptest.NewRequest("POST", "/", &brokenBody{strings.NewReader(a)}).Body
		}), 400, ReasonBroken, "the body broke off or was badly framed"},
	}
	d := newDesk(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d.log.clear()
			w := d.do(test.req)
			var body struct{ Error, Help string }
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != test.status || body.Error != test.error || body.Help == "" {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, test.status, test.error)
			}
			if log := d.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "reason="+string(test.reason)) {
				t.Errorf("the log says %q", log)
			}
			if a := d.lastAnswer(t); a.Status != test.status || a.Reason != test.reason {
				t.Errorf("the observer was told %+v", a)
			}
			if len(d.keptEvents()) != 0 {
				t.Error("something is kept")
			}
		})
	}
	if got := decided(t, d.do(post("/v1/events", a))); len(got) != 1 || got[0] != "a accepted" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestEventsNotKept(t *testing.T) {
	d := newDeskOn(t, func(context.Context, string, []string) ([]runtime.Submission, error) {
		return nil, fmt.Errorf("cannot accept events: %w: 9 of 9 bytes are in use", store.ErrFull)
	})
	w := d.do(post("/v1/events", response("a")+"\nhello\n"))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "no room on disk") || strings.Contains(w.Body.String(), "results") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if a := d.lastAnswer(t); a.Accepted != 0 || a.Rejected != 0 || a.Reason != ReasonStore {
		t.Errorf("the observer was told %+v", a)
	}
}

// A sender that hangs up while its events are being kept is no fault of the store.
func TestSenderGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newDeskOn(t, func(ctx context.Context, _ string, _ []string) ([]runtime.Submission, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	})
	d.do(post("/v1/events", response("a")).WithContext(ctx))
	if a := d.lastAnswer(t); a.Reason != ReasonBroken {
		t.Errorf("the observer was told %+v", a)
	}
}

func TestDistributions(t *testing.T) {
	const of = "04l5g0000000001AAA"
	tests := []struct {
		name, body string
		want       string // as JSON; with an id of "" for a derived one
	}{
		{"short", `{"of":"` + of + `","status":"Delivered","time":"2026-11-20T14:05:00Z","channel":"email"}`,
			`{"id":"","type":"survey.distribution","of":"` + of + `","time":"2026-11-20T14:05:00Z","distribution":{"status":"Delivered","time":"2026-11-20T14:05:00Z","channel":"email"}}`},
		{"with an id", `{"id":"s-1","of":"` + of + `","status":"Sent"}`, `{"id":"s-1","type":"survey.distribution","of":"` + of + `","distribution":{"status":"Sent"}}`},
		{"numbers as ids", `{"id":7,"of":12,"status":"Sent"}`, `{"id":7,"type":"survey.distribution","of":12,"distribution":{"status":"Sent"}}`},
		{"more", `{"of":"` + of + `","status":"Sent","survey":{"id":"nps"},"vars":{"a":4.50},"distribution":{"id":"d-1","channel":"sms"},"channel":"email"}`,
			`{"id":"","type":"survey.distribution","of":"` + of + `","distribution":{"status":"Sent","id":"d-1","channel":"sms"},"survey":{"id":"nps"},"vars":{"a":4.50}}`},
		{"long form", `{"id":"s-1","type":"survey.distribution","of":"` + of + `","time":"2026-11-20T14:05:00Z","distribution":{"status":"Sent"}}`,
			`{"id":"s-1","type":"survey.distribution","of":"` + of + `","time":"2026-11-20T14:05:00Z","distribution":{"status":"Sent","time":"2026-11-20T14:05:00Z"}}`},
		{"time inside", `{"of":"` + of + `","distribution":{"status":"Sent","time":"2026-11-20T14:05:00Z"}}`,
			`{"id":"","type":"survey.distribution","of":"` + of + `","time":"2026-11-20T14:05:00Z","distribution":{"status":"Sent","time":"2026-11-20T14:05:00Z"}}`},
		{"nulls", `{"id":null,"type":null,"of":"` + of + `","status":"Sent","time":null,"distribution":{"status":null}}`, `{"id":"","type":"survey.distribution","of":"` + of + `","distribution":{"status":"Sent"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			w := d.do(post("/v1/distributions", test.body))
			kept := d.keptEvents()
			if w.Code != 202 || len(kept) != 1 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			var got, want map[string]any
			if err := json.Unmarshal([]byte(strings.TrimPrefix(kept[0], runtime.SourceEvents+" ")), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if want["id"] == "" {
				if id, _ := got["id"].(string); !strings.HasPrefix(id, "status-") {
					t.Errorf("the id is %v", got["id"])
				}
				delete(got, "id")
				delete(want, "id")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if got := decided(t, d.do(post("/v1/distributions", test.body))); len(got) != 1 || !strings.HasSuffix(got[0], " duplicate") {
				t.Errorf("a second delivery: %q", got)
			}
		})
	}
}

func TestDistributionsRejected(t *testing.T) {
	d := newDesk(t)
	w := d.do(post("/v1/distributions", `[{"status":"Sent"}, {"of":"a"}, {"of":"a","status":"Snet"}, {"of":"a","status":"Sent","time":"yesterday"},
 {"of":"a","distribution":"d-1","status":"Sent"}, `+response("r")+`, {"of":"a","status":"Sent"}]`))
	var got []string
	for _, line := range decided(t, w) {
		_, reason, _ := strings.Cut(line, "rejected: ")
		got = append(got, reason)
	}
	want := []string{"this status does not say which message it is of", "this event has no `distribution.status`", `the rules know no status "Snet"`,
		"`time` is no date-time: \"yesterday\"", "`distribution` is no object", "this is no status of a distribution, but of the type `survey.response`", ""}
	if diff := cmp.Diff(want, got); diff != "" || w.Code != 207 {
		t.Error(w.Code, diff)
	}
}

// Two tellings of one status have one id, and two statuses have two.
func TestDerivedID(t *testing.T) {
	same := [][2]string{
		{derivedID("04l5g0000000001AAA", "Soft Bounce", "t", "", ""), derivedID("04l5g0000000001", "soft_bounce", "t", "", "")},
	}
	different := [][2]string{
		{derivedID("a", "Sent", "", "", ""), derivedID("b", "Sent", "", "", "")},
		{derivedID("a", "Sent", "", "", ""), derivedID("a", "Delivered", "", "", "")},
		{derivedID("a", "Sent", "t1", "", ""), derivedID("a", "Sent", "t2", "", "")},
		{derivedID("a", "Sent", "", "email", ""), derivedID("a", "Sent", "", "", "email")},
		{derivedID("a", "Sent", "", "", "email"), derivedID("a", "Sent", "", "", "sms")},
	}
	for _, ids := range same {
		if ids[0] != ids[1] {
			t.Errorf("%s is not %s", ids[0], ids[1])
		}
	}
	for _, ids := range different {
		if ids[0] == ids[1] {
			t.Errorf("both are %s", ids[0])
		}
	}
}

// Attributes are text, whatever they hold, and data in headers' company may be as long as
// any other event.
func TestBinaryCloudEvent(t *testing.T) {
	for event, err := range read(http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {`a","b":"%zz`}, "Ce-Type": {"t"}}, []byte("{}")) {
		if want := `{"id":"a\",\"b\":\"%zz","type":"t"}`; err != nil || event.Text != want {
			t.Errorf("got %s %v, want %s", event.Text, err, want)
		}
	}
	d := newDesk(t)
	for _, test := range []struct {
		length, status int
	}{{plan.MaxEvent - 200, 202}, {plan.MaxEvent + 1, 400}} {
		data := fmt.Sprintf(`{"id":"a-%d","type":"survey.response","vars":{"text":""}}`, test.length)
		data = strings.Replace(data, `""`, `"`+strings.Repeat("x", test.length-len(data))+`"`, 1)
		if w := d.do(post("/v1/events", data, "Ce-Specversion", "1.0", "Ce-Id", "a")); w.Code != test.status {
			t.Errorf("%d bytes: %d %s", test.length, w.Code, w.Body)
		}
	}
}

func TestHealth(t *testing.T) {
	var trouble error
	d := newDesk(t, func(c *Config) { c.Ready = func() error { return trouble } })
	for _, test := range []struct {
		path    string
		trouble error
		status  int
		body    string
	}{
		{"/healthz", nil, 200, `{"status":"ok"}`},
		{"/readyz", nil, 200, `{"status":"ready"}`},
		{"/readyz", fmt.Errorf("the org cannot be reached"), 503, `{"error":"the org cannot be reached","status":"not ready"}`},
		{"/healthz", fmt.Errorf("the org cannot be reached"), 200, `{"status":"ok"}`},
	} {
		trouble = test.trouble
		w := d.do(httptest.NewRequest("GET", test.path, nil))
		if w.Code != test.status || strings.TrimSpace(w.Body.String()) != test.body {
			t.Errorf("%s: %d %s", test.path, w.Code, w.Body)
		}
	}
}

// Who sends to an address that is nearly right learns the right one, and so does whoever
// reads the log: Salesforce does not follow a redirect, and shows no reason.
func TestNothingHere(t *testing.T) {
	for path, soap := range map[string]bool{
		"/": false, "/v1": false, "/v1/event": false, "/v1/events/": false, "/events": false, "//v1/events": false, "/x/../v1/events": false,
		"/soap": true, "/soap/": true, "/soap/production/": true, "/soap/production/more": true, "//soap/production": true, "/soap//production": true,
	} {
		d := newDesk(t)
		req := post(path, response("a"))
		req.Body = readCloser{unreadBody{t}}
		w := d.do(req)
		want := `{"error":"nothing is taken at this address","help":"` + addresses + `"}`
		if soap {
			want = "<faultstring>nothing is taken at this address; " + addresses + "</faultstring>"
		}
		if w.Code != 404 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if log := d.log.String(); !strings.Contains(log, "reason=address") || !strings.Contains(log, path) {
			t.Errorf("%s: the log says %q", path, log)
		}
		if a := d.lastAnswer(t); a.Status != 404 || a.Reason != ReasonAddress {
			t.Errorf("%s: %+v", path, a)
		}
		// Who only looks costs no line.
		d.log.clear()
		if w := d.do(httptest.NewRequest("GET", path, nil)); w.Code != 404 || !strings.Contains(w.Body.String(), addresses) || d.log.String() != "" {
			t.Errorf("GET %s: %d %s %s", path, w.Code, w.Body, &d.log)
		}
	}
}
