package orgsim

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestOrganization(t *testing.T) {
	const soql = "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName, TrialExpirationDate, NamespacePrefix FROM Organization"
	for env, want := range map[Environment]string{
		"":         `"IsSandbox":false,"OrganizationType":"Enterprise Edition","InstanceName":"SIM1","TrialExpirationDate":null,"NamespacePrefix":null`,
		Production: `"IsSandbox":false,"OrganizationType":"Enterprise Edition","InstanceName":"SIM1","TrialExpirationDate":null,"NamespacePrefix":null`,
		Developer:  `"IsSandbox":false,"OrganizationType":"Developer Edition","InstanceName":"SIM1","TrialExpirationDate":null,"NamespacePrefix":null`,
		Sandbox:    `"IsSandbox":true,"OrganizationType":"Enterprise Edition","InstanceName":"SIM1S","TrialExpirationDate":null,"NamespacePrefix":null`,
		Scratch:    `"IsSandbox":true,"OrganizationType":"Developer Edition","InstanceName":"SIM1S","TrialExpirationDate":"2026-12-20T14:03:05.000+0000","NamespacePrefix":null`,
	} {
		b := newBench(t, Options{Environment: env})
		w := b.do("GET", "query?q="+url.QueryEscape(soql), "")
		if body := w.Body.String(); !strings.Contains(body, want) || !strings.Contains(body, `"Id":"`+b.ID()+`"`) || !strings.Contains(body, `"totalSize":1`) {
			t.Errorf("%q is %s", env, body)
		}
		b.want("PATCH", "sobjects/Organization/"+b.ID(), `{"Name":"x"}`, 400, `[{"message":"entity type cannot be updated: Organization"…`)
		b.want("GET", "sobjects/Organization/describe", "", 200, `{…`)
		if w := b.do("GET", "sobjects", ""); strings.Contains(w.Body.String(), "Organization") {
			t.Error("an object that the schema leaves out is listed")
		}
	}
	if _, err := New(Options{Environment: "staging"}); err == nil || !strings.Contains(err.Error(), `"staging" is none of`) {
		t.Errorf("environment staging: %v", err)
	}
	b := newBench(t, Options{})
	b.seed("Organization", M{"Id": b.ID(), "Name": "Acme"})
	if list := b.Records("Organization"); len(list) != 1 || list[0]["Name"] != "Acme" || list[0]["InstanceName"] != "SIM1" {
		t.Errorf("records are %v", list)
	}
}

func TestClock(t *testing.T) {
	b := newBench(t, Options{SessionTTL: 15 * time.Minute})
	begun := b.Now()
	b.AdvanceClock(14 * time.Minute)
	b.want("GET", "limits", "", 200, `{…`)
	if err := b.SetClockSpeed(60); err != nil {
		t.Fatal(err)
	}
	b.clock.move(2 * time.Second)
	b.want("GET", "limits", "", 401, `[{"message":"Session expired or invalid"…`)
	if err := b.SetClockSpeed(1); err != nil {
		t.Fatal(err)
	}
	b.clock.move(time.Second)
	if got := b.Now().Sub(begun); got != 16*time.Minute+time.Second {
		t.Errorf("the clock has gone on by %v", got)
	}
	for _, speed := range []float64{0, -1, 1e6} {
		if b.SetClockSpeed(speed) == nil {
			t.Errorf("speed %v is taken", speed)
		}
	}
}

func TestOAuthAdmin(t *testing.T) {
	b := newBench(t, Options{})
	b.token = ""
	user, app := "/sim/users/"+DefaultUsername, "/sim/apps/"+DefaultClientID
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/sim/users", "", 200, `"username": "` + DefaultUsername + `"`},
		{"PATCH", user, `{"inactive":true,"name":"Ada"}`, 200, `"changed": true`},
		{"GET", "/sim/records/User", "", 200, `"IsActive": false`},
		{"GET", "/sim/records/User", "", 200, `"Name": "Ada"`},
		{"PATCH", user, `{"inactive":false}`, 200, `true`},
		{"PATCH", user, `{"inactiv":true}`, 400, `unknown field`},
		{"PATCH", "/sim/users/nobody", `{}`, 404, `there is no user`},
		{"GET", "/sim/apps", "", 200, `"clientID": "` + DefaultClientID + `"`},
		{"PATCH", app, `{"rotate":true,"sessionTTL":"15m"}`, 200, `true`},
		{"GET", "/sim/apps", "", 200, `"sessionTTL": "15m0s"`},
		{"PATCH", app, `{"redirectURIs":["http://x.example/"]}`, 400, `plain http and not on this machine`},
		{"PATCH", app, `{"scopes":["everything"]}`, 400, `has the scope`},
		{"PATCH", app, `{"runAs":"nobody"}`, 400, `is no user`},
		{"PATCH", "/sim/apps/none", `{}`, 404, `there is no app`},
		{"GET", "/sim/grants", "", 200, `[]`},
		{"POST", "/sim/grants/revoke", "", 200, `"revoked": 0`},
		{"POST", "/sim/revoke", `{"user":"nobody"}`, 404, `there is no user`},
		{"POST", "/sim/revoke", `{"user":"` + DefaultUsername + `"}`, 200, `true`},
		{"GET", "/sim/clock", "", 200, `"speed": 1`},
		{"PATCH", "/sim/clock", `{"advance":"2h","speed":96}`, 200, `T16:03:05Z`},
		{"PATCH", "/sim/clock", `{"speed":-1}`, 400, `speed of the clock`},
	} {
		w := b.do(c.method, c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.method, c.path, c.body, w.Code, w.Body, c.status, c.want)
		}
		if strings.Contains(w.Body.String(), DefaultClientSecret) || strings.Contains(w.Body.String(), DefaultPassword) {
			t.Errorf("%s shows a secret", c.path)
		}
	}
}
