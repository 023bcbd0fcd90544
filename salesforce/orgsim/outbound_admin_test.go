package orgsim

import (
	"regexp"
	"strings"
	"testing"
)

// TestAdminOutbound goes through the part of the admin interface that is about outbound messages.
func TestAdminOutbound(t *testing.T) {
	b := newBench(t, Options{})
	defer b.Close()
	id := b.seed("Contact", M{"LastName": "Ada"})
	notification := ""
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/sim/", "", 200, "PUT  /sim/outbound/NAME"},
		{"GET", "/sim/outbound", "", 200, "[]"},
		{"PATCH", "/sim/delivery", `{"hold":true,"firstRetry":"1m30s"}`, 200, `"firstRetry": "1m30s"`},
		{"PATCH", "/sim/delivery", `{"batch":10}`, 200, `"hold": true`},
		{"PATCH", "/sim/delivery", `{"batch":1000}`, 400, `delivery has 1000 as batch; it is 1 to 100`},
		{"PATCH", "/sim/delivery", `{"hodl":true}`, 400, `unknown field`},
		{"PATCH", "/sim/delivery", `{"maxRetry":"-1s"}`, 400, `not of the form 1.5s`},
		{"GET", "/sim/delivery", "", 200, `"lifetime": "24h0m0s"`},
		{"PUT", "/sim/outbound/Changed", `{"object":"Contact","fields":["Title"],"endpoint":"http://127.0.0.1:1/"}`, 400, `a port that Salesforce does not send to`},
		{"PUT", "/sim/outbound/Changed", `{"object":"Contact","fields":["Title"],"endpoint":"http://127.0.0.1:9/","name":"Other"}`, 400, `the body defines`},
		{"PUT", "/sim/outbound/Changed", `{"object":"Contact","field":["Title"]}`, 400, `unknown field`},
		{"PUT", "/sim/outbound/Changed", `{"object":"Contact","fields":["Title"],"endpoint":"http://127.0.0.1:9000/"}`, 200, `"actionId": "04kSm0000000001IAA"`},
		{"GET", "/sim/overlay", "", 200, `"endpoint": "http://127.0.0.1:9000/"`},
		{"PATCH", "/services/data/v67.0/sobjects/Contact/" + id, `{"Title":"x"}`, 204, ``},
		{"GET", "/sim/outbound", "", 200, `"state": "queued"`},
		{"POST", "/sim/outbound/retry", `{"id":"04lSm0000000009IAA"}`, 200, `"retried": 0`},
		{"POST", "/sim/outbound/retry", ``, 200, `"retried": 1`},
		{"POST", "/sim/outbound/delete", `{"id":"NOTIFICATION"}`, 200, `"deleted": 1`},
		{"POST", "/sim/outbound/delete", ``, 200, `"deleted": 0`},
		{"DELETE", "/sim/outbound/changed", "", 200, `"removed": true`},
		{"DELETE", "/sim/outbound/changed", "", 404, `there is no outbound message`},
		{"GET", "/sim/outbound", "", 200, "[]"},
	} {
		w := b.do(c.method, c.path, strings.ReplaceAll(c.body, "NOTIFICATION", notification))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.method, c.path, c.body, w.Code, w.Body, c.status, c.want)
		}
		if id := regexp.MustCompile(`04l\w{15}`).FindString(w.Body.String()); id != "" {
			notification = id
		}
	}
}
