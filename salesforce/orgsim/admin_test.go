package orgsim

import (
	"strings"
	"testing"
)

// TestAdmin goes through the admin interface as the user of a demo would.
func TestAdmin(t *testing.T) {
	b := newBench(t, Options{})
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/sim/", "", 200, "A simulated Salesforce org, " + b.ID()},
		{"POST", "/sim/seed", `{"Contact":[{"LastName":"Ada","Id":"0035g00000AbCdEAAV","AccountId":"001000000000001"}],"Account":[{"Id":"001000000000001","Name":"A"}]}`, 200, `"0035g00000AbCdEAAV"`},
		{"POST", "/sim/seed", `{"Contact":[{"LastNam":"Ada"}]}`, 400, `{"error":"cannot seed Contact 1: there is no field \"LastNam\""}`},
		{"POST", "/sim/seed", `{"Contact":[{"NPS_Score__c":"x"}]}`, 400, `cannot seed Contact 1: field NPS_Score__c: Cannot deserialize`},
		{"POST", "/sim/seed", ``, 400, `the body is empty`},
		{"GET", "/sim/records/Contact/0035g00000AbCdE", "", 200, `"LastName": "Ada"`},
		{"GET", "/sim/records/contact", "", 200, `"LastName": "Ada"`},
		{"GET", "/sim/records/Leed", "", 404, `there is no object`},
		{"GET", "/sim/records/Contact/003000000000001", "", 404, `there is no Contact`},
		{"PATCH", "/services/data/v67.0/sobjects/Contact/0035g00000AbCdEAAV", `{"Title":"Countess"}`, 204, ``},
		{"GET", "/sim/history/0035g00000AbCdEAAV", "", 200, `"after": "Countess"`},
		{"GET", "/sim/calls?limit=1", "", 200, `"body": "{\"Title\":\"Countess\"}"`},
		{"GET", "/sim/calls?limit=x", "", 400, `limit`},
		{"POST", "/sim/break", `{"kind":"row_lock","record":"0035g00000AbCdEAAV","times":1,"delay":"1.5s"}`, 200, `"id": "fault-1"`},
		{"POST", "/sim/break", `{"kind":"row_lok"}`, 400, `there is no fault`},
		{"POST", "/sim/break", `{"kind":"slow","delay":"soon"}`, 400, `not of the form 1.5s`},
		{"GET", "/sim/faults", "", 200, `"delay": "1.5s"`},
		{"PATCH", "/services/data/v67.0/sobjects/Contact/0035g00000AbCdEAAV", `{"Title":"x"}`, 400, `UNABLE_TO_LOCK_ROW`},
		{"POST", "/sim/heal", `{"id":"fault-1"}`, 200, `"healed": 1`},
		{"POST", "/sim/heal", ``, 200, `"healed": 0`},
		{"GET", "/sim/stats", "", 200, `"UNABLE_TO_LOCK_ROW": 1`},
		{"PUT", "/sim/overlay", `{"access":[{"object":"Contact","readOnly":["Title"]}]}`, 200, `"readOnly"`},
		{"PUT", "/sim/overlay", `{"acces":[]}`, 400, `unknown field`},
		{"GET", "/sim/overlay", "", 200, `"Title"`},
		{"PATCH", "/services/data/v67.0/sobjects/Contact/0035g00000AbCdEAAV", `{"Title":"x"}`, 400, `INVALID_FIELD_FOR_INSERT_UPDATE`},
		{"PUT", "/sim/limits", `{"max":10,"used":10}`, 200, `10`},
		{"GET", "/services/data/v67.0/limits", "", 403, `REQUEST_LIMIT_EXCEEDED`},
		{"POST", "/sim/reset", ``, 200, `true`},
		{"GET", "/sim/records/Contact", "", 200, `[]`},
		{"GET", "/sim/calls", "", 200, `[]`},
		{"GET", "/services/data/v67.0/limits", "", 200, `DailyApiRequests`},
		{"POST", "/sim/revoke", ``, 200, `true`},
		{"GET", "/services/data/v67.0/limits", "", 401, `INVALID_SESSION_ID`},
		{"DELETE", "/sim/stats", "", 405, ``},
	} {
		w := b.do(c.method, c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.method, c.path, c.body, w.Code, w.Body, c.status, c.want)
		}
	}
	b.header["Sec-Fetch-Site"] = "cross-site"
	if w := b.do("POST", "/sim/reset", ""); w.Code != 403 {
		t.Errorf("another site's page can reset the org: %d", w.Code)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	b := newBench(t, Options{})
	id := b.seed("Contact", M{"LastName": "Ada"})
	for i := range 5 * historyDepth {
		b.want("PATCH", "sobjects/Contact/"+id, `{"Title":"`+itoa(i)+`"}`, 204, "")
	}
	h := b.History(id)
	if n := len(h); n < historyDepth || n > 2*historyDepth+1 || h[n-1].Fields["Title"].After != itoa(5*historyDepth-1) {
		t.Errorf("%d revisions, last %+v", len(h), h[len(h)-1])
	}
}

func TestLogKeepsTheLastCalls(t *testing.T) {
	b := newBench(t, Options{MaxLog: 3, MaxLogBody: 5})
	for i := range 5 {
		b.do("GET", "sobjects/Contact/"+itoa(i), "")
	}
	b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
	calls := b.Calls()
	if len(calls) != 3 || !strings.HasSuffix(calls[0].Path, "/3") || calls[2].Body != `{"Las` {
		t.Errorf("calls are %+v", calls)
	}
}
