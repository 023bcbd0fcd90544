package orgsim

import (
	"net/url"
	"strings"
	"testing"
)

func TestToken(t *testing.T) {
	b := newBench(t, Options{
		Users: []User{{Username: "run@x.example"}, {Username: "off@x.example", Inactive: true}, {Username: "pat@x.example", Password: "pw1"}},
		Apps:  []App{{ClientID: "app", ClientSecret: "s3cret", RunAs: "run@x.example"}, {ClientID: "nobody", ClientSecret: "s3cret"}, {ClientID: "off", ClientSecret: "s3cret", RunAs: "off@x.example"}},
	})
	b.token = ""
	for _, c := range []struct{ form, code, description string }{
		{"grant_type=client_credentials&client_id=app&client_secret=wrong", "invalid_client", "invalid client credentials"},
		{"grant_type=client_credentials&client_id=none&client_secret=s3cret", "invalid_client_id", "client identifier invalid"},
		{"grant_type=client_credentials&client_id=nobody&client_secret=s3cret", "invalid_grant", "no client credentials user enabled"},
		{"grant_type=client_credentials&client_id=off&client_secret=s3cret", "inactive_user", "user is inactive"},
		{"grant_type=implicit", "unsupported_grant_type", "grant type not supported"},
		{"", "invalid_request", "missing required parameter: grant_type"},
		{"grant_type=password&client_id=app&client_secret=s3cret&username=pat@x.example&password=pw1", "invalid_grant", "authentication failure"},
	} {
		b.header["Content-Type"] = "application/x-www-form-urlencoded"
		w := b.want("POST", "/services/oauth2/token", c.form, 400, `{"error":"`+c.code+`","error_description":"`+c.description+`"}`)
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", c.form)
		}
	}
	token := decodeBody[map[string]string](t, b.do("POST", "/services/oauth2/token", "grant_type=client_credentials&client_id=app&client_secret=s3cret"))
	for _, key := range []string{"signature", "issued_at", "scope"} {
		if token[key] == "" {
			t.Errorf("the token answer has no %s: %v", key, token)
		}
	}
	if !strings.HasPrefix(token["access_token"], b.ID()[:15]+"!") || token["instance_url"] != "http://example.com" || token["token_type"] != "Bearer" || token["expires_in"] != "" {
		t.Errorf("the token answer is %v", token)
	}
	b.header = map[string]string{}
	b.token = token["access_token"]
	if info := decodeBody[M](t, b.do("GET", "/services/oauth2/userinfo", "")); info["organization_id"] != b.ID() || info["preferred_username"] != "run@x.example" {
		t.Errorf("userinfo is %v", info)
	}
	identity, _ := url.Parse(token["id"])
	if id := decodeBody[M](t, b.do("GET", identity.Path, "")); id["username"] != "run@x.example" || id["organization_id"] != b.ID() {
		t.Errorf("identity is %v", id)
	}
	b.want("GET", "/id/"+b.ID()+"/005000000000009AAA", "", 403, "Bad_Id")
	b.header["Content-Type"] = "application/x-www-form-urlencoded"
	b.want("POST", "/services/oauth2/revoke", "token="+url.QueryEscape(b.token), 200, "")
	b.want("GET", "limits", "", 401, `[{"message":"Session expired or invalid"…`)
	for _, call := range b.Calls() {
		if strings.Contains(call.Path+call.Body, "s3cret") || strings.Contains(call.Path+call.Body, token["access_token"]) {
			t.Errorf("the log has a secret: %+v", call)
		}
	}

	b = newBench(t, Options{AllowPassword: true, Users: []User{{Username: "pat@x.example", Password: "pw1"}}})
	b.header["Content-Type"] = "application/x-www-form-urlencoded"
	form := "grant_type=password&client_id=" + DefaultClientID + "&client_secret=" + DefaultClientSecret + "&username=pat@x.example&password="
	b.want("POST", "/services/oauth2/token", form+"pw2", 400, `{"error":"invalid_grant","error_description":"authentication failure"}`)
	b.want("POST", "/services/oauth2/token", form+"pw1", 200, `{"access_token":"00D…`)
	b.mustBreak(Fault{Kind: FaultError, Path: "/oauth2/", Code: "invalid_grant", Message: "ip restricted"})
	b.want("POST", "/services/oauth2/token", form+"pw1", 400, `{"error":"invalid_grant","error_description":"ip restricted"}`)
}

func TestEncryptedFieldIsMasked(t *testing.T) {
	b := newBench(t, Options{Users: []User{{Username: "a@x.example"}, {Username: "b@x.example", ViewEncryptedData: true}}})
	path := "sobjects/Contact/" + b.seed("Contact", M{"LastName": "Ada", "National_Id__c": "12345"}) + "?fields=National_Id__c"
	if w := b.do("GET", path, ""); !strings.Contains(w.Body.String(), `"National_Id__c":"*****"`) {
		t.Errorf("%s", w.Body)
	}
	b.token = b.Login("b@x.example")
	if w := b.do("GET", path, ""); !strings.Contains(w.Body.String(), `"National_Id__c":"12345"`) {
		t.Errorf("%s", w.Body)
	}
}
