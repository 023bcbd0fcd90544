package orgsim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	testRedirect = "http://localhost:1717/callback?from=sim"
	testVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

func testChallenge() string {
	sum := sha256.Sum256([]byte(testVerifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// visitor is a browser in front of the authorize page.
type visitor struct {
	*bench
	cookies map[string]string
}

func (v *visitor) send(method, target, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://example.com")
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, value := range v.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return w
}

func (v *visitor) begin(params string) *httptest.ResponseRecorder {
	return v.send("GET", "/services/oauth2/authorize?"+params, "")
}

var hidden = regexp.MustCompile(`name="request" value="([^"]+)"`)

// click sends the form of a page.
func (v *visitor) click(page *httptest.ResponseRecorder, do, rest string) *httptest.ResponseRecorder {
	v.t.Helper()
	m := hidden.FindStringSubmatch(page.Body.String())
	if m == nil {
		v.t.Fatalf("the page has no form: %d %s", page.Code, page.Body)
	}
	return v.send("POST", "/services/oauth2/authorize", "request="+url.QueryEscape(m[1])+"&do="+do+"&"+rest)
}

// landed returns what the app gets by its address.
func landed(t *testing.T, w *httptest.ResponseRecorder) url.Values {
	t.Helper()
	where := w.Header().Get("Location")
	if w.Code != 302 || !strings.HasPrefix(where, strings.Split(testRedirect, "?")[0]+"?") {
		t.Fatalf("the browser does not come back: %d %q %s", w.Code, where, w.Body)
	}
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

const loginForm = "username=pat%40x.example&password=pw1"

func oauthBench(t *testing.T, app App) *visitor {
	app.ClientID = "app"
	b := newBench(t, Options{Users: []User{{Username: "pat@x.example", Password: "pw1", Profile: "Sales"}, {Username: "eve@x.example", Password: "pw2"}},
		Apps: []App{app, {ClientID: "other", ClientSecret: "o"}}})
	b.token = ""
	return &visitor{bench: b, cookies: map[string]string{}}
}

func asking(more string) string {
	return "response_type=code&client_id=app&redirect_uri=" + url.QueryEscape(testRedirect) + "&" + more
}

// code goes the whole way through the pages.
func (v *visitor) code(more string) string {
	v.t.Helper()
	page := v.begin(asking(more))
	if page.Code == 200 && strings.Contains(page.Body.String(), `id="password"`) {
		page = v.click(page, "login", loginForm)
	}
	if page.Code == 200 {
		page = v.click(page, "allow", "")
	}
	got := landed(v.t.(*testing.T), page)
	if got.Get("code") == "" {
		v.t.Fatalf("no code came: %v", got)
	}
	return got.Get("code")
}

func (v *visitor) post(path, form string) *httptest.ResponseRecorder {
	v.t.Helper()
	return (&visitor{v.bench, map[string]string{}}).send("POST", "/services/oauth2/"+path, form)
}

func (v *visitor) tokens(form string) map[string]string {
	v.t.Helper()
	w := v.post("token", form)
	if w.Code != 200 {
		v.t.Fatalf("%s: %d %s", form, w.Code, w.Body)
	}
	return decodeBody[map[string]string](v.t.(*testing.T), w)
}

func (v *visitor) refused(form, code, description string) {
	v.t.Helper()
	w := v.post("token", form)
	if want := `{"error":"` + code + `","error_description":"` + description + `"}`; w.Code != 400 || w.Body.String() != want {
		v.t.Errorf("%s\n got %d %s\nwant 400 %s", form, w.Code, w.Body, want)
	}
}

func exchange(code, more string) string {
	return "grant_type=authorization_code&client_id=app&code=" + url.QueryEscape(code) + "&redirect_uri=" + url.QueryEscape(testRedirect) + "&" + more
}

const secret = "client_secret=s3cret"

func TestWebServerFlow(t *testing.T) {
	v := oauthBench(t, App{ClientSecret: "s3cret", RedirectURIs: []string{testRedirect}})
	challenge := "code_challenge=" + testChallenge() + "&code_challenge_method=S256&"
	page := v.begin(asking(challenge + "state=a%26b&scope=api+refresh_token&login_hint=pat%40x.example%22%3E"))
	if !strings.Contains(page.Body.String(), `value="pat@x.example&#34;&gt;"`) || page.Header().Get("X-Frame-Options") != "DENY" || page.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("log-in page: %v %s", page.Header(), page.Body)
	}
	wrong := v.click(page, "login", "username=pat%40x.example&password=no")
	if wrong.Code != 200 || !strings.Contains(wrong.Body.String(), "check your username and password") {
		t.Errorf("wrong password: %d %s", wrong.Code, wrong.Body)
	}
	planted := v.cookies[browserCookie]
	consent := v.click(wrong, "login", loginForm)
	if body := consent.Body.String(); !strings.Contains(body, "Manage user data via APIs") || !strings.Contains(body, "pat@x.example") {
		t.Errorf("consent page: %d %s", consent.Code, body)
	}
	if v.cookies[browserCookie] == planted {
		t.Error("the cookie from before the log-in is still the browser's")
	}
	back := landed(t, v.click(consent, "allow", ""))
	if back.Get("state") != "a&b" || back.Get("from") != "sim" {
		t.Errorf("the app gets %v", back)
	}
	if again := v.click(consent, "allow", ""); again.Code != 403 {
		t.Errorf("a second click on Allow gives %d %s", again.Code, again.Header())
	}
	form := exchange(back.Get("code"), secret+"&code_verifier="+testVerifier)
	got := v.tokens(form)
	if got["refresh_token"] == "" || got["scope"] != "api refresh_token id" || got["instance_url"] != "http://example.com" || got["signature"] == "" || got["expires_in"] != "" {
		t.Errorf("the app has got %v", got)
	}
	v.refused(form, "invalid_grant", "expired authorization code")
	v.token = got["access_token"]
	v.want("GET", "limits", "", 200, `{…`)

	// Who is logged in, and has allowed the app, is not asked again, unless the app wants it.
	landed(t, v.begin(asking(challenge)))
	if page := v.begin(asking("prompt=consent")); !strings.Contains(page.Body.String(), "oaapprove") {
		t.Errorf("prompt=consent: %s", page.Body)
	}
	if page := v.begin(asking("prompt=login")); !strings.Contains(page.Body.String(), `id="password"`) {
		t.Errorf("prompt=login: %s", page.Body)
	}
	denied := landed(t, v.click(v.begin(asking("prompt=consent&state=s")), "deny", ""))
	if denied.Get("error") != "access_denied" || denied.Get("error_description") != "end-user denied authorization" || denied.Get("state") != "s" {
		t.Errorf("denied: %v", denied)
	}
	other := v.click(v.begin(asking("prompt=consent")), "logout", "")
	if !strings.Contains(other.Body.String(), `id="password"`) || strings.Contains(v.begin(asking("")).Body.String(), "oaapprove") {
		t.Error("somebody else cannot log in")
	}

	for _, c := range v.Calls() {
		if strings.Contains(c.Path+c.Body, "pw1") || strings.Contains(c.Path+c.Body, back.Get("code")) {
			t.Errorf("the log has a secret: %+v", c)
		}
	}
}

func TestAuthorizeErrors(t *testing.T) {
	v := oauthBench(t, App{ClientSecret: "s3cret", RedirectURIs: []string{testRedirect}, RequirePKCE: true, Scopes: []string{"api"}})
	for params, want := range map[string]string{
		"":                          "missing required parameter: client_id",
		"client_id=%3Cscript%3E":    "client identifier invalid",
		"client_id=app":             "missing required parameter: redirect_uri",
		"client_id=app&client_id=b": "given twice",
		"client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A1718%2Fcallback": "redirect_uri must match configuration",
	} {
		if w := v.begin(params); w.Code != 400 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v %s", params, w.Code, w.Header(), w.Body)
		}
	}
	where := "client_id=app&state=s&redirect_uri=" + url.QueryEscape(testRedirect)
	good := "&code_challenge=" + testChallenge()
	for params, want := range map[string]string{
		"":                     "invalid_request: missing required parameter: response_type",
		"&response_type=token": "unsupported_response_type: response type not supported",
		"&response_type=code":  "invalid_request: missing required code challenge",
		"&response_type=code&code_challenge_method=plain" + good: "invalid_request: invalid code challenge method",
		"&response_type=code&code_challenge=short":               "invalid_request: invalid code challenge",
		"&response_type=code&scope=api+visualforce" + good:       "invalid_scope: the requested scope is invalid, unknown, or malformed",
		"&response_type=code&scope=refresh_token" + good:         "invalid_scope: the requested scope is invalid, unknown, or malformed",
	} {
		got := landed(t, v.begin(where+params))
		if got.Get("error")+": "+got.Get("error_description") != want || got.Get("state") != "s" {
			t.Errorf("%s: %v, want %s", params, got, want)
		}
	}

	// The forms belong to the browser and the site that they were made for.
	page := v.begin(asking(good[1:]))
	thief := &visitor{v.bench, map[string]string{}}
	if w := thief.click(page, "login", loginForm); w.Code != 403 {
		t.Errorf("another browser sends the form: %d", w.Code)
	}
	v.header["Origin"] = "http://evil.example"
	if w := v.click(page, "login", loginForm); w.Code != 403 {
		t.Errorf("another site sends the form: %d", w.Code)
	}
	delete(v.header, "Origin")
	if w := v.click(page, "allow", ""); w.Code != 400 {
		t.Errorf("allowed without a log-in: %d %v", w.Code, w.Header())
	}
	v.clock.move(11 * time.Minute)
	if w := v.click(page, "login", loginForm); w.Code != 403 {
		t.Errorf("an old form: %d", w.Code)
	}
	if err := v.UpdateUser("pat@x.example", func(u *User) { u.Frozen = true }); err != nil {
		t.Fatal(err)
	}
	if w := v.click(v.begin(asking(good[1:])), "login", loginForm); !strings.Contains(w.Body.String(), "check your username") {
		t.Errorf("a frozen user logs in: %d %s", w.Code, w.Body)
	}
	if w := v.send("DELETE", "/services/oauth2/authorize", ""); w.Code != 405 {
		t.Errorf("DELETE: %d", w.Code)
	}
}

func TestCodeExchange(t *testing.T) {
	v := oauthBench(t, App{ClientSecret: "s3cret"})
	challenge := "code_challenge=" + testChallenge()
	for _, c := range []struct{ ask, form, code, description string }{
		{challenge, secret, "invalid_grant", "missing required code verifier"},
		{challenge, secret + "&code_verifier=" + strings.Repeat("x", 43), "invalid_request", "invalid code verifier"},
		{challenge, secret + "&code_verifier=short", "invalid_request", "invalid code verifier"},
		{"", secret + "&code_verifier=" + testVerifier, "invalid_grant", "code verifier without code challenge"},
		{"", "client_secret=no", "invalid_client", "invalid client credentials"},
		{"", "", "invalid_client", "invalid client credentials"},
	} {
		v.refused(exchange(v.code(c.ask), c.form), c.code, c.description)
	}
	v.refused(exchange("nonsense", secret), "invalid_grant", "invalid authorization code")
	v.refused(strings.Replace(exchange(v.code(""), "client_secret=o"), "=app", "=other", 1), "invalid_grant", "invalid authorization code")
	v.refused(strings.Replace(exchange(v.code(""), secret), "1717", "1718", 1), "redirect_uri_mismatch", "redirect_uri must match configuration")
	v.refused("grant_type=authorization_code&client_id=app&"+secret, "invalid_request", "missing required parameter: code")
	long := strings.Repeat("x", 171)
	sum := sha256.Sum256([]byte(long))
	ask := "code_challenge=" + base64.RawURLEncoding.EncodeToString(sum[:])
	v.tokens(exchange(v.code(ask), secret+"&code_verifier="+long))
	v.opts.Assumptions.ShortVerifiers = true
	v.refused(exchange(v.code(ask), secret+"&code_verifier="+long), "invalid_request", "invalid code verifier")
	late := v.code("")
	v.clock.move(codeLife)
	v.refused(exchange(late, secret), "invalid_grant", "expired authorization code")

	if got := v.tokens(exchange(v.code("scope=api"), secret)); got["refresh_token"] != "" {
		t.Errorf("a refresh token nobody asked for: %v", got)
	}
	got := v.tokens(exchange(v.code("scope=openid"), secret))
	v.token = got["access_token"]
	v.want("GET", "limits", "", 401, `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`)
	if w := v.do("GET", "/services/oauth2/userinfo", ""); w.Code != 200 {
		t.Errorf("userinfo: %d %s", w.Code, w.Body)
	}

	v = oauthBench(t, App{Public: true})
	if got := landed(t, v.begin(asking(""))); got.Get("error_description") != "missing required code challenge" {
		t.Errorf("a public app without PKCE: %v", got)
	}
	v.refused(exchange(v.code(challenge), secret+"&code_verifier="+testVerifier), "invalid_client", "invalid client credentials")
	if got := v.tokens(exchange(v.code(challenge), "code_verifier="+testVerifier)); got["refresh_token"] == "" {
		t.Errorf("a public app gets %v", got)
	}
	v.refused("grant_type=client_credentials&client_id=app", "invalid_client", "invalid client credentials")
}

func TestRefreshTokens(t *testing.T) {
	v := oauthBench(t, App{ClientSecret: "s3cret", Rotate: true, SessionTTL: Duration(15 * time.Minute)})
	refresh := func(token string) string {
		return "grant_type=refresh_token&client_id=app&" + secret + "&refresh_token=" + url.QueryEscape(token)
	}
	expired := func(token string) {
		t.Helper()
		v.refused(refresh(token), "invalid_grant", "expired access/refresh token")
	}
	first := v.tokens(exchange(v.code(""), secret))
	v.token = first["access_token"]
	v.want("GET", "limits", "", 200, `{…`)
	v.clock.move(15 * time.Minute)
	v.want("GET", "limits", "", 401, `[{"message":"Session expired or invalid"…`)

	second := v.tokens(refresh(first["refresh_token"]))
	third := v.tokens(refresh(second["refresh_token"]))
	if second["refresh_token"] == first["refresh_token"] || third["refresh_token"] == "" || third["scope"] != first["scope"] {
		t.Errorf("rotation: %v", third)
	}
	v.token = third["access_token"]
	v.want("GET", "limits", "", 200, `{…`)
	expired(first["refresh_token"])
	expired(third["refresh_token"])
	v.want("GET", "limits", "", 401, `[{"message":"Session expired or invalid"…`)
	if got := v.Grants()[0]; got.Refresh != 2 || got.Reused != 1 || !strings.Contains(got.Ended, "came again") || got.User != "pat@x.example" || got.App != "app" {
		t.Errorf("grant is %+v", got)
	}
	if s := v.Stats(); s.Tokens["refresh_token"] != 2 || s.Tokens["authorization_code"] != 1 || s.Refused["invalid_grant: expired access/refresh token"] != 2 {
		t.Errorf("counts are %v %v", s.Tokens, s.Refused)
	}

	v.opts.Assumptions.ReuseFailsOnly = true
	first = v.tokens(exchange(v.code(""), secret))
	second = v.tokens(refresh(first["refresh_token"]))
	expired(first["refresh_token"])
	if err := v.UpdateApp("app", func(a *App) {
		a.Rotate = false
		a.RefreshIdle = Duration(time.Hour)
		a.RefreshTTL = Duration(90 * time.Minute)
	}); err != nil {
		t.Fatal(err)
	}
	if got := v.tokens(refresh(second["refresh_token"])); got["refresh_token"] != "" {
		t.Errorf("a new refresh token without rotation: %v", got)
	}
	v.refused(strings.Replace(strings.Replace(refresh(second["refresh_token"]), "=app", "=other", 1), "s3cret", "o", 1), "invalid_grant", "expired access/refresh token")
	for _, wait := range []time.Duration{50 * time.Minute, 30 * time.Minute} {
		v.clock.move(wait)
		v.tokens(refresh(second["refresh_token"]))
	}
	v.clock.move(10 * time.Minute)
	expired(second["refresh_token"])
	idle := v.tokens(exchange(v.code(""), secret))["refresh_token"]
	v.clock.move(time.Hour)
	expired(idle)
	if list := v.Grants(); !strings.Contains(list[1].Ended, "given 1h30m0s ago") || !strings.Contains(list[2].Ended, "not used for 1h0m0s") {
		t.Errorf("grants are %+v", list)
	}
	expired("nonsense")
	expired(refreshPrefix + strings.Repeat("x", 64))

	// The sixth approval of one user ends his first.
	var tokens []string
	for range maxPerUser + 1 {
		tokens = append(tokens, v.tokens(exchange(v.code("prompt=consent"), secret))["refresh_token"])
	}
	expired(tokens[0])
	v.tokens(refresh(tokens[1]))
	if n := v.RevokeGrants(); n != maxPerUser {
		t.Errorf("%d grants were alive", n)
	}
	expired(tokens[1])

	// Of many who use one refresh token at the same time, one wins.
	if err := v.UpdateApp("app", func(a *App) { a.Rotate = true }); err != nil {
		t.Fatal(err)
	}
	token := v.tokens(exchange(v.code(""), secret))["refresh_token"]
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			if w := v.post("token", refresh(token)); w.Code == 200 {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d of 8 got a token", won)
	}
}

func TestShutUsers(t *testing.T) {
	v := oauthBench(t, App{ClientSecret: "s3cret", RunAs: "pat@x.example", Rotate: true})
	got := v.tokens(exchange(v.code(""), secret))
	refresh := "grant_type=refresh_token&client_id=app&" + secret + "&refresh_token=" + got["refresh_token"]
	for _, c := range []struct {
		change            func(*User)
		code, description string
		ends              bool
	}{
		{func(u *User) { u.Inactive = true }, "inactive_user", "user is inactive", true},
		{func(u *User) { u.Frozen = true }, "invalid_grant", "authentication failure", true},
		{func(u *User) { u.Locked = true }, "invalid_grant", "user is locked", false},
		{func(u *User) { u.IPRestricted = true }, "invalid_grant", "ip restricted", false},
	} {
		was := v.Users()[0]
		if err := v.UpdateUser("pat@x.example", c.change); err != nil {
			t.Fatal(err)
		}
		v.refused(refresh, c.code, c.description)
		v.refused("grant_type=client_credentials&client_id=app&"+secret, c.code, c.description)
		v.token = got["access_token"]
		status := map[bool]int{true: 401, false: 200}[c.ends]
		if w := v.do("GET", "limits", ""); w.Code != status {
			t.Errorf("%s: a call answers %d %s", c.description, w.Code, w.Body)
		}
		if err := v.UpdateUser("pat@x.example", func(u *User) { *u = was }); err != nil {
			t.Fatal(err)
		}
	}
	// The refresh token was not used up by what was refused.
	got = v.tokens(refresh)
	v.RevokeSessions("eve@x.example")
	v.token = got["access_token"]
	v.want("GET", "limits", "", 200, `{…`)
	v.RevokeSessions("PAT@x.example")
	v.want("GET", "limits", "", 401, `[{"message":"Session expired or invalid"…`)
	if err := v.UpdateUser("nobody", func(*User) {}); err == nil {
		t.Error("a user who is not there was changed")
	}
}

func TestRevokeAndIntrospect(t *testing.T) {
	v := oauthBench(t, App{ClientSecret: "s3cret"})
	got := v.tokens(exchange(v.code(""), secret))
	ask := func(token, client string) map[string]any {
		t.Helper()
		return decodeBody[map[string]any](t, v.post("introspect", client+"&token="+url.QueryEscape(token)))
	}
	app := "client_id=app&" + secret
	access := ask(got["access_token"], app)
	if access["active"] != true || access["username"] != "pat@x.example" || access["token_type"] != "access_token" || access["client_id"] != "app" ||
		access["exp"].(float64)-access["iat"].(float64) != 7200 {
		t.Errorf("access token: %v", access)
	}
	if r := ask(got["refresh_token"], app); r["active"] != true || r["token_type"] != "refresh_token" || r["exp"] != nil {
		t.Errorf("refresh token: %v", r)
	}
	for _, token := range []string{"", "nonsense", got["access_token"] + "x"} {
		if r := ask(token, app); len(r) != 1 || r["active"] != false {
			t.Errorf("%s: %v", token, r)
		}
	}
	if r := ask(got["access_token"], "client_id=other&client_secret=o"); r["active"] != false {
		t.Errorf("another app learns %v", r)
	}
	if w := v.post("introspect", "client_id=app&client_secret=no&token=x"); w.Code != 401 {
		t.Errorf("a stranger asks: %d %s", w.Code, w.Body)
	}

	if w := v.post("revoke", "token="+url.QueryEscape(got["access_token"])); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("revoke: %d %s", w.Code, w.Body)
	}
	refreshed := v.tokens("grant_type=refresh_token&" + app + "&refresh_token=" + got["refresh_token"])
	if w := v.send("GET", "/services/oauth2/revoke?token="+got["refresh_token"], ""); w.Code != 200 {
		t.Errorf("revoke: %d %s", w.Code, w.Body)
	}
	v.token = refreshed["access_token"]
	v.want("GET", "limits", "", 401, `[{"message":"Session expired or invalid"…`)
	if w := v.post("revoke", "token="+got["refresh_token"]); w.Code != 400 || !strings.Contains(w.Body.String(), "unsupported_token_type") {
		t.Errorf("revoke again: %d %s", w.Code, w.Body)
	}
	v.token = ""
	if m := decodeBody[map[string]any](t, v.do("GET", "/.well-known/openid-configuration", "")); m["token_endpoint"] != "http://example.com/services/oauth2/token" {
		t.Errorf("discovery: %v", m)
	}
}

func TestJWTBearer(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	v := oauthBench(t, App{ClientSecret: "s3cret", PreAuthorized: []string{"Sales"}, Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))})
	in := func(d time.Duration) int64 { return v.clock.now().Add(d).Unix() }
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "app", "sub": "pat@x.example", "aud": "https://login.salesforce.com", "exp": in(3 * time.Minute)}
		change(c)
		return c
	}
	form := func(c jwt.MapClaims, method jwt.SigningMethod, key any) string {
		signed, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return "grant_type=" + url.QueryEscape(grantJWT) + "&assertion=" + signed
	}
	for name, change := range map[string]func(jwt.MapClaims){
		"as documented": func(jwt.MapClaims) {},
		"exp as text":   func(c jwt.MapClaims) { c["exp"] = strconv.FormatInt(in(5*time.Minute), 10) },
		"prn":           func(c jwt.MapClaims) { c["prn"] = c["sub"]; delete(c, "sub") },
		"My Domain":     func(c jwt.MapClaims) { c["aud"] = []string{"http://example.com"} },
	} {
		got := v.tokens(form(claims(change), jwt.SigningMethodRS256, key))
		if len(got) != 5 || got["refresh_token"] != "" || got["scope"] != "api id" {
			t.Errorf("%s: %v", name, got)
		}
		v.token = got["access_token"]
		v.want("GET", "limits", "", 200, `{…`)
	}
	for _, c := range []struct {
		change      func(jwt.MapClaims)
		description string
	}{
		{func(c jwt.MapClaims) { c["exp"] = in(-time.Minute) }, "expired authorization code"},
		{func(c jwt.MapClaims) { c["exp"] = in(time.Hour) }, "invalid assertion"},
		{func(c jwt.MapClaims) { c["exp"] = "soon" }, "invalid assertion"},
		{func(c jwt.MapClaims) { delete(c, "exp") }, "invalid assertion"},
		{func(c jwt.MapClaims) { c["aud"] = "https://test.salesforce.com" }, "audience is invalid"},
		{func(c jwt.MapClaims) { c["sub"] = "eve@x.example" }, "user hasn't approved this consumer"},
		{func(c jwt.MapClaims) { c["sub"] = "nobody@x.example" }, "user hasn't approved this consumer"},
		{func(c jwt.MapClaims) { c["iss"] = "other" }, "invalid assertion"},
	} {
		v.refused(form(claims(c.change), jwt.SigningMethodRS256, key), "invalid_grant", c.description)
	}
	same := func(jwt.MapClaims) {}
	v.refused(form(claims(same), jwt.SigningMethodRS512, key), "invalid_grant", "invalid assertion")
	v.refused(form(claims(same), jwt.SigningMethodHS256, public), "invalid_grant", "invalid assertion")
	v.refused(form(claims(same), jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), "invalid_grant", "invalid assertion")
	v.refused(form(claims(same), jwt.SigningMethodRS256, key)+"x", "invalid_grant", "invalid assertion")
	v.refused(form(claims(func(c jwt.MapClaims) { c["iss"] = "none" }), jwt.SigningMethodRS256, key), "invalid_client_id", "client identifier invalid")
	v.refused("grant_type="+url.QueryEscape(grantJWT), "invalid_request", "missing required parameter: assertion")

	v.opts.Assumptions.ShortAssertions = true
	v.refused(form(claims(func(c jwt.MapClaims) { c["exp"] = in(5 * time.Minute) }), jwt.SigningMethodRS256, key), "invalid_grant", "invalid assertion")
	if err := v.UpdateApp("app", func(a *App) { a.PreAuthorized = nil }); err != nil {
		t.Fatal(err)
	}
	v.refused(form(claims(same), jwt.SigningMethodRS256, key), "invalid_grant", "user hasn't approved this consumer")
	v.tokens(exchange(v.code(""), secret)) // now he has
	v.tokens(form(claims(same), jwt.SigningMethodRS256, key))
	if err := v.UpdateApp("app", func(a *App) { a.Certificate = "nonsense" }); err == nil || !strings.Contains(err.Error(), "not PEM") {
		t.Errorf("a bad certificate: %v", err)
	}
}
