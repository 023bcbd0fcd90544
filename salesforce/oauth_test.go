package salesforce

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// loginHost answers its OAuth endpoints with one body and keeps what it was asked.
func loginHost(t *testing.T, status int, body string) (*fake, *App) {
	t.Helper()
	host := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	return host, &App{Login: host.URL, ClientID: "key", ClientSecret: "consumer-s3cret"}
}

// form is what the nth request to a login host held.
func (f *fake) form(t *testing.T, n int) url.Values {
	t.Helper()
	form, err := url.ParseQuery(f.requests()[n].body)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

const tokenAnswer = `{"access_token":"00D!access","refresh_token":"5Aep-next","instance_url":"https://acme.my.salesforce.com",
	"id":"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA","token_type":"Bearer","scope":"api refresh_token","issued_at":"1278448832702"}`

func TestWebServerFlow(t *testing.T) {
	host, app := loginHost(t, 200, tokenAnswer)
	attempt, err := app.Authorize("http://localhost:1717/callback", WebScopes, "bot@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(attempt.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Path != "/services/oauth2/authorize" || q.Get("response_type") != "code" || q.Get("client_id") != "key" || q.Get("scope") != "api refresh_token id" ||
		q.Get("redirect_uri") != "http://localhost:1717/callback" || q.Get("code_challenge_method") != "S256" || q.Get("login_hint") != "bot@acme.example" || len(q.Get("state")) < 20 {
		t.Errorf("%s", attempt.URL)
	}
	if _, err := attempt.Exchange(t.Context(), url.Values{"state": {"other"}, "code": {"c"}}); !errors.Is(err, ErrForeignAnswer) {
		t.Errorf("somebody else's answer: %v", err)
	}
	_, err = attempt.Exchange(t.Context(), url.Values{"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {"end-user denied authorization"}})
	if e, ok := errors.AsType[*Error](err); !ok || e.Cause != Auth || e.Code != "access_denied" || !strings.Contains(e.Advice, "choose Allow") {
		t.Errorf("declined: %v", err)
	}
	if _, err := attempt.Exchange(t.Context(), url.Values{"state": {q.Get("state")}}); err == nil {
		t.Error("took an answer without a code")
	}
	if len(host.requests()) != 0 {
		t.Fatal("the login host was asked for nothing")
	}
	token, err := attempt.Exchange(t.Context(), url.Values{"state": {q.Get("state")}, "code": {"aPrx1"}})
	if err != nil {
		t.Fatal(err)
	}
	if token.AccessToken != "00D!access" || token.RefreshToken != "5Aep-next" || token.InstanceURL != "https://acme.my.salesforce.com" || token.OrgID != "00D000000000001EAA" ||
		token.UserID != "005000000000001AAA" || !slices.Equal(token.Scopes, []string{"api", "refresh_token"}) || !token.IssuedAt.Equal(time.UnixMilli(1278448832702)) {
		t.Errorf("%+v", token)
	}
	// A browser that asks again, as on a reload, learns what became of its code, which is good for one use.
	if again, err := attempt.Exchange(t.Context(), url.Values{"state": {q.Get("state")}, "code": {"aPrx1"}}); err != nil || again != token || len(host.requests()) != 1 {
		t.Errorf("a second time: %v, %d calls", err, len(host.requests()))
	}
	form := host.form(t, 0)
	challenge := sha256.Sum256([]byte(form.Get("code_verifier")))
	if form.Get("grant_type") != "authorization_code" || form.Get("code") != "aPrx1" || form.Get("client_secret") != "consumer-s3cret" ||
		form.Get("redirect_uri") != "http://localhost:1717/callback" || base64.RawURLEncoding.EncodeToString(challenge[:]) != q.Get("code_challenge") {
		t.Errorf("%v", form)
	}
	// A public client must not send a secret.
	app.ClientSecret = ""
	attempt, _ = app.Authorize("http://127.0.0.1:9/", nil, "")
	u, _ = url.Parse(attempt.URL)
	if _, err := attempt.Exchange(t.Context(), url.Values{"state": {u.Query().Get("state")}, "code": {"c"}}); err != nil {
		t.Fatal(err)
	}
	if form := host.form(t, 1); form.Has("client_secret") {
		t.Errorf("%v", form)
	}
	for _, bad := range []string{"", "http://example.com/", "ftp://localhost/", "https://example.com/#x", "/callback"} {
		if _, err := app.Authorize(bad, nil, ""); err == nil {
			t.Errorf("callback %q", bad)
		}
	}
}

func TestJWTBearer(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	host, app := loginHost(t, 200, `{"access_token":"00D!access","instance_url":"https://acme.my.salesforce.com","id":"https://login.salesforce.com/id/00D000000000001/005000000000001","token_type":"Bearer","scope":"api"}`)
	token, err := app.JWTBearer(t.Context(), key, "bot@acme.example", "https://test.salesforce.com")
	if err != nil || token.AccessToken != "00D!access" || token.OrgID != "00D000000000001EAA" || token.RefreshToken != "" {
		t.Fatalf("%+v %v", token, err)
	}
	form := host.form(t, 0)
	if form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || form.Has("client_secret") {
		t.Errorf("%v", form)
	}
	head, _ := base64.RawURLEncoding.DecodeString(strings.Split(form.Get("assertion"), ".")[0])
	if string(head) != `{"alg":"RS256"}` {
		t.Errorf("header %s", head)
	}
	var claims jwt.MapClaims
	if _, err := jwt.ParseWithClaims(form.Get("assertion"), &claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil }); err != nil {
		t.Fatal(err)
	}
	exp, _ := claims.GetExpirationTime()
	if left := time.Until(exp.Time); claims["iss"] != "key" || claims["sub"] != "bot@acme.example" || claims["aud"] != "https://test.salesforce.com" || left > 3*time.Minute || left < time.Minute {
		t.Errorf("%v", claims)
	}
	if _, err := app.JWTBearer(t.Context(), nil, "x", ""); err == nil {
		t.Error("signed without a key")
	}
}

func TestAudience(t *testing.T) {
	for login, want := range map[string]string{
		"https://login.salesforce.com":                  ProductionLogin,
		"https://test.salesforce.com":                   SandboxLogin,
		"https://acme.my.salesforce.com":                ProductionLogin,
		"https://acme--uat.sandbox.my.salesforce.com":   SandboxLogin,
		"https://acme-dev-ed.develop.my.salesforce.com": ProductionLogin,
		"https://x-y-123.scratch.my.salesforce.com":     SandboxLogin,
		"http://127.0.0.1:8080":                         "http://127.0.0.1:8080",
		"https://crm.acme.example":                      "https://crm.acme.example",
	} {
		u, _ := url.Parse(login)
		if got := audienceOf(u); got != want {
			t.Errorf("%s: %s", login, got)
		}
	}
}

func TestParseLogin(t *testing.T) {
	for in, want := range map[string]string{
		"login":     ProductionLogin,
		"Test":      SandboxLogin,
		"acme":      "https://acme.my.salesforce.com",
		"acme--uat": "https://acme--uat.sandbox.my.salesforce.com",
		"https://acme--uat.sandbox.my.salesforce-setup.com/lightning/setup/ManageExternalClientApplication/home": "https://acme--uat.sandbox.my.salesforce.com",
		"acme.my.salesforce.com":                                             "https://acme.my.salesforce.com",
		" https://Acme.my.salesforce.com/":                                   "https://acme.my.salesforce.com",
		"https://acme.lightning.force.com/lightning/setup/SetupOneHome/home": "https://acme.my.salesforce.com",
		"acme--uat.sandbox.lightning.force.com":                              "https://acme--uat.sandbox.my.salesforce.com",
		"https://acme.my.salesforce.com/secur/frontdoor.jsp?sid=00D!leaked":  "https://acme.my.salesforce.com",
		"127.0.0.1:8080":                     "http://127.0.0.1:8080",
		"localhost:8080":                     "http://localhost:8080",
		"http://127.0.0.1:8080":              "http://127.0.0.1:8080",
		"crm.acme.example":                   "https://crm.acme.example",
		"":                                   "",
		"http://acme.my.salesforce.com":      "",
		"https://u:p@acme.my.salesforce.com": "",
		"ftp://acme":                         "",
		"https://":                           "",
		"https://%zz":                        "",
	} {
		got, err := ParseLogin(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", in, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("the password is in %v", err)
		}
	}
	if !SharedLogin(SandboxLogin) || SharedLogin("https://acme.my.salesforce.com") {
		t.Error("SharedLogin")
	}
}

// FuzzParseLogin holds what comes out to what credentials may be sent to.
func FuzzParseLogin(f *testing.F) {
	for _, s := range []string{"login", "acme", "acme.lightning.force.com/x", "http://[::1]:80", "https://u:p@acme", "127.0.0.1:80", "https://acme.my.salesforce.com?sid=1#x", "http://127.0.0.1.evil.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseLogin(s)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
			t.Errorf("%q: %q %v", s, got, err)
		}
		if again, err := ParseLogin(got); err != nil || again != got {
			t.Errorf("%q: %q, then %q %v", s, got, again, err)
		}
	})
}

// TestElsewhere answers in every way that could send a token to another host.
func TestElsewhere(t *testing.T) {
	var strangers atomic.Int32
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	defer stranger.Close()
	away := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, stranger.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	app := &App{Login: away.URL, ClientID: "key", ClientSecret: "consumer-s3cret"}
	_, err := app.Refresh(t.Context(), "5Aep")
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Message, "redirects to "+strings.TrimPrefix(stranger.URL, "http://")) || !strings.Contains(e.Advice, "No secret follows") {
		t.Errorf("refreshed elsewhere: %v", err)
	}
	if err := app.Revoke(t.Context(), "5Aep"); err == nil {
		t.Error("revoked elsewhere")
	}
	if _, err := app.Introspect(t.Context(), "00D!"); err == nil {
		t.Error("asked elsewhere")
	}
	if n := strangers.Load(); n != 0 {
		t.Errorf("%d calls went to a stranger", n)
	}
	for _, body := range []string{
		`{"access_token":"a","instance_url":"https://evil.example"}`,
		`{"access_token":"a","instance_url":"https://acme.my.salesforce.com.evil.example"}`,
		`{"access_token":"a","instance_url":"http://acme.my.salesforce.com"}`,
		`{"access_token":"a","instance_url":"https://acme.my.salesforce.com@evil.example"}`,
		`{"access_token":"a","instance_url":"https://acme.my.salesforce.com/path"}`,
		`{"access_token":"a","id":"https://evil.example/id/00D000000000001EAA/005000000000001AAA"}`,
		`{"access_token":"a","token_type":"mac"}`,
	} {
		_, app := loginHost(t, 200, body)
		if token, err := app.Refresh(t.Context(), "5Aep"); err == nil {
			t.Errorf("%s: took %+v", body, token)
		}
	}
	// A real login host does not send anybody to this machine.
	login, _ := url.Parse(ProductionLogin)
	for _, at := range []string{"http://127.0.0.1:8080", "https://localhost"} {
		if sameOrg(login, at) {
			t.Errorf("%s belongs to Salesforce", at)
		}
	}
	for _, bad := range []App{{Login: "http://acme.example", ClientID: "k"}, {Login: ProductionLogin}, {ClientID: "k"}} {
		if _, err := bad.Refresh(t.Context(), "5Aep"); err == nil {
			t.Errorf("%+v", bad)
		}
	}
}

func TestRefusals(t *testing.T) {
	seen := map[*loginRefusal]bool{}
	for _, c := range []struct {
		status            int
		code, description string
		cause             Cause
		refused, lasting  bool
	}{
		{400, "invalid_grant", "expired access/refresh token", Auth, true, true},
		{400, "invalid_grant", "token has been revoked", Auth, true, true},
		{400, "invalid_grant", "invalid refresh token", Auth, true, true},
		{400, "invalid_grant", "something new", Auth, true, true},
		{400, "invalid_grant", "authentication failure", Auth, true, false},
		{400, "invalid_grant", "authentication failure - Invalid Password", Auth, true, false},
		{400, "invalid_grant", "user is locked", Auth, true, false},
		{400, "invalid_grant", "user is frozen", Auth, true, false},
		{400, "invalid_grant", "inactive user", Auth, true, false},
		{400, "invalid_grant", "IP restricted", Auth, true, false},
		{400, "invalid_grant", "user hasn't approved this consumer", Auth, true, false},
		{400, "invalid_grant", "no client credentials user enabled", Auth, true, false},
		{400, "invalid_grant", "request not supported on this domain", Auth, true, true},
		{400, "invalid_grant", "audience is invalid", Auth, true, true},
		{400, "invalid_grant", "Audience validation failed", Auth, true, true},
		{400, "invalid_grant", "invalid assertion", Auth, true, false},
		{400, "invalid_grant", "expired authorization code", Auth, true, false},
		{400, "inactive_user", "user is inactive", Auth, true, false},
		{400, "inactive_org", "organization is inactive", Auth, true, false},
		{400, "invalid_client_id", "client identifier invalid", Auth, true, false},
		{400, "invalid_client", "invalid client credentials", Auth, true, true},
		{400, "invalid_client_credentials", "client secret invalid", Auth, true, true},
		{400, "invalid_client", "app must be installed into org", Auth, true, false},
		{400, "unauthorized_client", "x", Auth, true, false},
		{400, "unsupported_grant_type", "grant type not supported", Auth, true, false},
		{400, "unsupported_response_type", "x", Auth, true, false},
		{400, "invalid_scope", "x", Auth, true, true},
		{400, "redirect_uri_mismatch", "x", Auth, true, true},
		{400, "access_denied", "x", Auth, true, true},
		{400, "invalid_request", "invalid code verifier", Auth, true, true},
		{400, "invalid_request", "missing required parameter", Auth, true, false},
		{400, "brand_new", "", Auth, true, false},
		{403, "rate_limit_exceeded", "", RateLimited, false, false},
		{400, "invalid_grant", "login rate exceeded", RateLimited, false, false},
		{503, "", "", Unavailable, false, false},
	} {
		body, _ := json.Marshal(map[string]string{"error": c.code, "error_description": c.description})
		if c.code == "" {
			body = []byte("<html>")
		}
		_, app := loginHost(t, c.status, string(body))
		_, err := app.Refresh(t.Context(), "5Aep-old")
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("%s: %v", c.code, err)
		}
		refused, lasting := Refused(err)
		if e.Cause != c.cause || e.Code != c.code || refused != c.refused || lasting != c.lasting || !e.Whole {
			t.Errorf("%s %q: %+v, refused %v, lasting %v", c.code, c.description, e, refused, lasting)
		}
		if r := findRefusal(c.code, c.description); c.code != "" && r != nil {
			seen[r] = true
			if e.Advice == "" {
				t.Errorf("%s %q has no advice", c.code, c.description)
			}
			if c.cause == RateLimited && e.RetryAfter < 5*time.Minute {
				t.Errorf("%s: again in %v", c.code, e.RetryAfter)
			}
		}
	}
	for i := range loginRefusals {
		if !seen[&loginRefusals[i]] {
			t.Errorf("no answer leads to %+v", loginRefusals[i])
		}
	}
	for _, err := range []error{nil, errors.New("x"), &Error{Cause: Network}, &Error{Cause: Auth, Code: "INVALID_SESSION_ID", HTTPStatus: 401}} {
		if refused, _ := Refused(err); refused {
			t.Errorf("%v is no refusal of a login host", err)
		}
	}
	// A login host that repeats what it was sent.
	_, app := loginHost(t, 400, `{"error":"invalid_grant","error_description":"no such token 5Aep-old for consumer-s3cret"}`)
	if _, err := app.Refresh(t.Context(), "5Aep-old"); err == nil || strings.Contains(err.Error(), "5Aep") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
}

// TestLostAnswer tells a refresh that may have been carried out from one that was not.
func TestLostAnswer(t *testing.T) {
	cut := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	})
	app := &App{Login: cut.URL, ClientID: "key"}
	_, err := app.Refresh(t.Context(), "5Aep")
	if e, ok := errors.AsType[*Error](err); !ok || e.Cause != Network || !e.InDoubt {
		t.Errorf("cut off: %+v", err)
	}
	half := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"access_token":`))
	})
	_, err = (&App{Login: half.URL, ClientID: "key"}).Refresh(t.Context(), "5Aep")
	if e, ok := errors.AsType[*Error](err); !ok || e.Cause != Network || !e.InDoubt {
		t.Errorf("half an answer: %+v", err)
	}
	gone := newFake(t, nil)
	gone.Close()
	_, err = (&App{Login: gone.URL, ClientID: "key"}).Refresh(t.Context(), "5Aep")
	if e, ok := errors.AsType[*Error](err); !ok || e.Cause != Network || e.InDoubt {
		t.Errorf("nobody there: %+v", err)
	}
}

func TestRevokeAndIntrospect(t *testing.T) {
	host, app := loginHost(t, 200, `{"active":true,"scope":"api id","username":"bot@acme.example","iat":1700000000,"exp":1700000900}`)
	if err := app.Revoke(t.Context(), "5Aep"); err != nil {
		t.Fatal(err)
	}
	in, err := app.Introspect(t.Context(), "00D!access")
	if err != nil || !in.Active || in.Username != "bot@acme.example" || in.Expires.Sub(in.Issued) != 15*time.Minute || len(in.Scopes) != 2 {
		t.Errorf("%+v %v", in, err)
	}
	if r := host.requests(); r[0].path != "/services/oauth2/revoke" || host.form(t, 0).Get("token") != "5Aep" || host.form(t, 0).Has("client_secret") ||
		r[1].path != "/services/oauth2/introspect" || host.form(t, 1).Get("client_secret") != "consumer-s3cret" {
		t.Errorf("%+v", r)
	}
	_, app = loginHost(t, 400, `{"error":"unsupported_token_type","error_description":"this token type is not supported"}`)
	if err := app.Revoke(t.Context(), "5Aep"); err != nil {
		t.Errorf("a token that is dead already: %v", err)
	}
	_, app = loginHost(t, 200, `<html>`)
	if _, err := app.Introspect(t.Context(), "x"); err == nil {
		t.Error("read a page")
	}
}

func TestParsePrivateKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	encode := func(kind string, der []byte, headers map[string]string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der, Headers: headers}))
	}
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
	onCurve, _ := x509.MarshalPKCS8PrivateKey(curve)
	pkcs1 := x509.MarshalPKCS1PrivateKey(key)
	for text, want := range map[string]string{
		encode("RSA PRIVATE KEY", pkcs1, nil):                                             "",
		encode("PRIVATE KEY", pkcs8, nil):                                                 "",
		encode("CERTIFICATE", []byte("x"), nil) + encode("PRIVATE KEY", pkcs8, nil):       "",
		encode("PRIVATE KEY", onCurve, nil):                                               "not an RSA key",
		encode("EC PRIVATE KEY", []byte("x"), nil):                                        "not an RSA key",
		encode("ENCRYPTED PRIVATE KEY", []byte("x"), nil):                                 "passphrase",
		encode("RSA PRIVATE KEY", pkcs1, map[string]string{"DEK-Info": "AES-256-CBC,00"}): "passphrase",
		encode("OPENSSH PRIVATE KEY", []byte("x"), nil):                                   "one of SSH",
		encode("CERTIFICATE", []byte("x"), nil):                                           "certificate or public key",
		encode("PUBLIC KEY", []byte("x"), nil):                                            "certificate or public key",
		encode("RSA PRIVATE KEY", []byte("x"), nil):                                       "damaged",
		encode("PRIVATE KEY", []byte("x"), nil):                                           "damaged",
		encode("X509 CRL", []byte("x"), nil):                                              "is no private key",
		"s3cret text":                                                                     "no private key in PEM form",
		strings.Repeat("x", maxKeyFile+1):                                                 "more than any key",
	} {
		got, err := ParsePrivateKey([]byte(text))
		switch {
		case want == "" && (err != nil || !got.Equal(key)):
			t.Errorf("%.40q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret")):
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for row, want := range map[string]string{
		`{"Id":"00D000000000001EAA","IsSandbox":false,"OrganizationType":"Enterprise Edition","TrialExpirationDate":null}`:                         Production,
		`{"Id":"00D000000000001EAA","IsSandbox":true,"OrganizationType":"Enterprise Edition","TrialExpirationDate":null}`:                          Sandbox,
		`{"Id":"00D000000000001EAA","IsSandbox":true,"OrganizationType":"Developer Edition","TrialExpirationDate":"2026-12-01T00:00:00.000+0000"}`: Scratch,
		`{"Id":"00D000000000001EAA","IsSandbox":false,"OrganizationType":"Developer Edition","TrialExpirationDate":null}`:                          Developer,
	} {
		c := inProcess(t, answerWith(200, `{"totalSize":1,"done":true,"records":[`+row+`]}`))
		o, err := c.Organization(t.Context())
		if err != nil || o.Environment() != want || o.ID != "00D000000000001EAA" {
			t.Errorf("%s: %+v %v", row, o, err)
		}
	}
	if _, err := inProcess(t, answerWith(200, `{"records":[]}`)).Organization(t.Context()); err == nil {
		t.Error("an org without a row")
	}
	if _, err := inProcess(t, answerWith(400, `[{"errorCode":"INVALID_TYPE","message":"sObject type 'Organization' is not supported."}]`)).Organization(t.Context()); err == nil {
		t.Error("a row that may not be read")
	}
	for address, want := range map[string]string{
		"https://acme.my.salesforce.com":                Production,
		"https://acme--uat.sandbox.my.salesforce.com":   Sandbox,
		"https://acme-dev-ed.develop.my.salesforce.com": Developer,
		"https://x-1.scratch.my.salesforce.com":         Scratch,
		"https://login.salesforce.com":                  "",
		"http://127.0.0.1:8080":                         "",
		"%":                                             "",
	} {
		if got := EnvironmentOf(address); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestSecret(t *testing.T) {
	v := struct {
		A Secret
		B *Token
	}{"s3cret", &Token{AccessToken: "s3cret"}}
	text, _ := json.Marshal(v)
	got := fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v.A, v.A, v.A, v.A) + string(text) + fmt.Sprint(v.A.LogValue()) + v.A.GoString()
	if strings.Contains(got, "s3cret") || strings.Contains(got, fmt.Sprintf("%x", "s3cret")) || !strings.Contains(got, "«sealed»") {
		t.Error(got)
	}
	if Secret("").String() != "" || v.A.Reveal() != "s3cret" {
		t.Error("Reveal")
	}
}

// TestRenewAhead renews a token that still works, while calls go on with it.
func TestRenewAhead(t *testing.T) {
	org := newFake(t, answerWith(204, ""))
	var renewed atomic.Int32
	proceed := make(chan struct{})
	c := org.client(t, func(c *Config) {
		c.Token = func(_ context.Context, stale string) (string, error) {
			if stale == "" {
				return "old", nil
			}
			if renewed.Add(1) == 1 {
				<-proceed
			}
			return "new", nil
		}
		c.RenewAt = func(token string) time.Time {
			if token == "old" {
				return time.Now().Add(-time.Minute)
			}
			return time.Time{}
		}
	})
	row := Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}
	for range 3 {
		if r := c.Update(t.Context(), row); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	close(proceed)
	for {
		if r := c.Update(t.Context(), row); r.Err != nil {
			t.Fatal(r.Err)
		}
		all := org.requests()
		if all[len(all)-1].header.Get("Authorization") == "Bearer new" {
			break
		}
	}
	if all := org.requests(); all[2].header.Get("Authorization") != "Bearer old" || renewed.Load() != 1 {
		t.Errorf("%q, renewed %d times", all[2].header.Get("Authorization"), renewed.Load())
	}
	if got := fmt.Sprintf("%v %+v", c, c); strings.Contains(got, "new") {
		t.Error(got)
	}
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var got []string
	for _, answer := range []struct {
		status int
		body   string
	}{
		{204, ""},
		{400, `[{"errorCode":"STRING_TOO_LONG","message":"x"}]`},
		{403, `[{"errorCode":"INSUFFICIENT_ACCESS_OR_READONLY","message":"x"}]`},
		{403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`},
		{401, `[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]`},
		{503, `<html>`},
		{200, `<html>`},
		{307, ``},
		{304, ``},
	} {
		org := newFake(t, answerWith(answer.status, answer.body))
		c := org.client(t, func(c *Config) {
			c.Observe = func(e *Error) {
				mu.Lock()
				defer mu.Unlock()
				cause := "fine"
				if e != nil {
					cause = string(e.Cause)
				}
				got = append(got, cause)
			}
		})
		c.Update(t.Context(), Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)})
	}
	if want := []string{"fine", "fine", "fine", "rate_limited", "auth", "unavailable", "network", "network", "fine"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
