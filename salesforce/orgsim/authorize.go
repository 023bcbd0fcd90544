package orgsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// request is one that a browser brings to the authorize page, from its begin to the code.
type request struct {
	app       *App
	redirect  string
	state     string
	scopes    []string
	challenge string
	hint      string
	consent   bool   // ask for it even if it was given before
	browser   string // the cookie of the browser that it began in
	username  string // who has logged in
	begun     time.Time
}

// code is an authorization code on its way back to the app.
type code struct {
	app, username, redirect, challenge string
	scopes                             []string
	given                              time.Time
	spent                              bool
}

const (
	requestLife = 10 * time.Minute
	codeLife    = 15 * time.Minute
	maxRequests = 1000
	maxCodes    = 1000
	maxParam    = 4096 // bytes of each parameter of a request
)

// requests are those whose user has not decided yet, and who is logged in in which browser.
type requests struct {
	mu      sync.Mutex
	open    map[string]*request
	browser map[string]browser // by cookie
}

type browser struct {
	username string
	until    time.Time
}

type codes struct {
	mu   sync.Mutex
	byID map[string]*code
}

const browserCookie = "sim_browser"

// authorizePage answers /services/oauth2/authorize: GET begins the web-server flow, POST is
// what the forms of its pages send.
func (g *Org) authorizePage(c *call) answer {
	switch c.method {
	case "GET", "HEAD":
		return g.beginAuthorize(c)
	case "POST":
		if c.form().Get("request") != "" {
			return g.goOnAuthorizing(c)
		}
		c.query = c.form() // the parameters may come by POST as well
		return g.beginAuthorize(c)
	}
	return errorPage(405, "invalid_request", "must use HTTP GET or POST")
}

// beginAuthorize checks a request. Until the app and its address are known to be right, errors are shown
// and not sent anywhere.
func (g *Org) beginAuthorize(c *call) answer {
	q := c.query
	for _, values := range q {
		if len(values) > 1 || len(values[0]) > maxParam {
			return errorPage(400, "invalid_request", "a parameter is given twice or is too long")
		}
	}
	app := c.cfg.appByID(q.Get("client_id"))
	switch {
	case q.Get("client_id") == "":
		return errorPage(400, "invalid_request", "missing required parameter: client_id")
	case app == nil:
		return errorPage(400, "invalid_client_id", "client identifier invalid")
	case q.Get("redirect_uri") == "":
		return errorPage(400, "invalid_request", "missing required parameter: redirect_uri")
	case !app.redirects(q.Get("redirect_uri")):
		return errorPage(400, "redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	r := &request{app: app, redirect: q.Get("redirect_uri"), state: q.Get("state"), challenge: q.Get("code_challenge"), hint: q.Get("login_hint"), begun: g.now()}
	scopes, allowed := app.grantable(q.Get("scope"))
	r.scopes = scopes
	method := q.Get("code_challenge_method")
	prompt := strings.Fields(q.Get("prompt"))
	switch {
	case q.Get("response_type") == "":
		return r.fails("invalid_request", "missing required parameter: response_type")
	case q.Get("response_type") != "code":
		return r.fails("unsupported_response_type", "response type not supported")
	case !allowed:
		return r.fails("invalid_scope", "the requested scope is invalid, unknown, or malformed")
	case r.challenge == "" && (app.RequirePKCE || app.Public):
		return r.fails("invalid_request", "missing required code challenge")
	case r.challenge == "" && method != "":
		return r.fails("invalid_request", "missing required code challenge")
	case r.challenge != "" && method != "" && method != "S256":
		return r.fails("invalid_request", "invalid code challenge method")
	case r.challenge != "" && !isChallenge(r.challenge):
		return r.fails("invalid_request", "invalid code challenge")
	}
	r.consent = slices.Contains(prompt, "consent")
	r.browser = c.cookie(browserCookie)
	if user := g.requests.loggedIn(r.browser, g.now()); user != "" && !slices.Contains(prompt, "login") && !slices.Contains(prompt, "select_account") {
		r.username = user
	}
	if r.browser == "" {
		r.browser = g.opaque(tokenPart)
	}
	id := g.opaque(tokenPart)
	g.requests.add(id, r)
	return g.showRequest(c, id, r, "")
}

// isChallenge reports whether s can be the base64url of a SHA-256.
func isChallenge(s string) bool {
	return len(s) == 43 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}

// showRequest answers with what a request needs next: the log-in page, the consent page, or nothing more.
func (g *Org) showRequest(c *call, id string, r *request, problem string) answer {
	var a answer
	u := c.cfg.user(r.username)
	switch {
	case r.username == "" || u == nil:
		a = loginPage(id, r, problem)
	case !r.consent && (r.app.preAuthorized(u) || g.granted(r.app, u)):
		return g.allow(id, r)
	default:
		a = consentPage(id, r, u)
	}
	// Lax lets the browser bring the cookie along when the app's page leads here.
	cookie := http.Cookie{Name: browserCookie, Value: r.browser, Path: "/services/oauth2/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(c.base, "https:")}
	a.header.Add("Set-Cookie", cookie.String())
	return a
}

// goOnAuthorizing takes what a form sends. The form names the request, and only the browser in which
// the request began may send it; other sites can do neither.
func (g *Org) goOnAuthorizing(c *call) answer {
	form := c.form()
	id := form.Get("request")
	r := g.requests.get(id, g.now())
	if r == nil || !sameSecret(c.cookie(browserCookie), r.browser) {
		return errorPage(403, "invalid_request", "this page is out of date; begin again in the program that sent you here")
	}
	if origin := c.header.Get("Origin"); origin != "" && origin != c.base || c.header.Get("Sec-Fetch-Site") == "cross-site" {
		return errorPage(403, "invalid_request", "the form came from another site")
	}
	switch form.Get("do") {
	case "login":
		u := c.cfg.passes(form.Get("username"), form.Get("password"))
		if u == nil {
			return g.showRequest(c, id, r, wrongLogin)
		}
		if _, ok := u.shut(); !ok {
			return g.showRequest(c, id, r, wrongLogin) // the page does not tell strangers why
		}
		// A new cookie, so that one which somebody planted is worth nothing.
		changed := *r
		changed.browser, changed.username = g.opaque(tokenPart), u.Username
		g.requests.logIn(id, &changed, g.now().Add(2*time.Hour))
		return g.showRequest(c, id, &changed, "")
	case "allow":
		if r.username != "" {
			return g.allow(id, r)
		}
	case "deny":
		if g.requests.close(id) {
			return r.fails("access_denied", "end-user denied authorization")
		}
	case "logout":
		changed := *r
		changed.username = ""
		g.requests.logOut(id, &changed)
		return g.showRequest(c, id, &changed, "")
	}
	return errorPage(400, "invalid_request", "the form is not complete")
}

// allow sends a code to the app, once for each request.
func (g *Org) allow(id string, r *request) answer {
	if !g.requests.close(id) {
		return errorPage(403, "invalid_request", "this page is out of date; begin again in the program that sent you here")
	}
	value := "aPrx" + g.opaque(48)
	g.codes.add(value, &code{app: r.app.ClientID, username: r.username, redirect: r.redirect, challenge: r.challenge, scopes: r.scopes, given: g.now()})
	return r.goBack(url.Values{"code": {value}})
}

func (r *request) fails(code, description string) answer {
	return r.goBack(url.Values{"error": {code}, "error_description": {description}})
}

// goBack leads the browser to the app.
func (r *request) goBack(params url.Values) answer {
	u, _ := url.Parse(r.redirect) // it is one of the app's
	q := u.Query()
	for name, values := range params {
		q[name] = values
	}
	if r.state != "" {
		q.Set("state", r.state)
	}
	u.RawQuery = q.Encode()
	a := answer{status: http.StatusFound, header: pageHeader()}
	a.header.Set("Location", u.String())
	return a
}

func (s *requests) add(id string, r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open, s.browser = make(map[string]*request), make(map[string]browser)
	}
	for old, o := range s.open {
		if len(s.open) < maxRequests && r.begun.Sub(o.begun) < requestLife {
			break
		}
		delete(s.open, old)
	}
	s.open[id] = r
}

func (s *requests) get(id string, now time.Time) *request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.open[id]; r != nil && now.Sub(r.begun) < requestLife {
		return r
	}
	return nil
}

// close ends a request; only the first to do so gets true.
func (s *requests) close(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.open[id]
	delete(s.open, id)
	return ok
}

func (s *requests) loggedIn(cookie string, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.browser[cookie]; ok && now.Before(b.until) {
		return b.username
	}
	return ""
}

func (s *requests) logIn(id string, r *request, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for old := range s.browser {
		if len(s.browser) < maxRequests {
			break
		}
		delete(s.browser, old)
	}
	s.open[id] = r
	s.browser[r.browser] = browser{r.username, until}
}

func (s *requests) logOut(id string, r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = r
	delete(s.browser, r.browser)
}

func (s *codes) add(id string, given *code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[string]*code)
	}
	for old, o := range s.byID {
		if len(s.byID) < maxCodes && given.given.Sub(o.given) < 2*codeLife {
			break
		}
		delete(s.byID, old)
	}
	s.byID[id] = given
}

// take uses a code up; nil if there is none such, spent if it was used before or is too old.
func (s *codes) take(id string, now time.Time) (given *code, spent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if given = s.byID[id]; given == nil {
		return nil, false
	}
	spent = given.spent || now.Sub(given.given) >= codeLife
	given.spent = true
	return given, spent
}

func (c *call) cookie(name string) string {
	r := http.Request{Header: c.header}
	if found, err := r.Cookie(name); err == nil {
		return found.Value
	}
	return ""
}
