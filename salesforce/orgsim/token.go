package orgsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// grantJWT is the grant type of the JWT bearer flow.
const grantJWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// token answers /services/oauth2/token.
func (g *Org) token(c *call) answer {
	if c.method != "POST" {
		return oauthError(400, "invalid_request", "must use HTTP POST")
	}
	form := c.form()
	flows := map[string]func(*call, url.Values) answer{
		"authorization_code": g.exchangeCode, "refresh_token": g.refreshToken, "client_credentials": g.clientCredentials,
		grantJWT: g.jwtBearer, "password": g.usernamePassword,
	}
	kind := form.Get("grant_type")
	flow := flows[kind]
	switch {
	case kind == "":
		return oauthError(400, "invalid_request", "missing required parameter: grant_type")
	case flow == nil:
		return oauthError(400, "unsupported_grant_type", "grant type not supported")
	}
	a := flow(c, form)
	g.log.token(kind, a)
	return a
}

// exchangeCode ends the web-server flow.
func (g *Org) exchangeCode(c *call, form url.Values) answer {
	app, bad := g.caller(c, form)
	if app == nil {
		return bad
	}
	for _, name := range []string{"code", "redirect_uri"} {
		if form.Get(name) == "" {
			return oauthError(400, "invalid_request", "missing required parameter: "+name)
		}
	}
	given, spent := g.codes.take(form.Get("code"), g.now())
	verifier := form.Get("code_verifier")
	switch {
	case given == nil || given.app != app.ClientID:
		return oauthError(400, "invalid_grant", "invalid authorization code")
	case spent:
		return oauthError(400, "invalid_grant", "expired authorization code")
	case given.redirect != form.Get("redirect_uri"):
		return oauthError(400, "redirect_uri_mismatch", "redirect_uri must match configuration")
	case given.challenge != "" && verifier == "":
		return oauthError(400, "invalid_grant", "missing required code verifier")
	case given.challenge == "" && verifier != "":
		return oauthError(400, "invalid_grant", "code verifier without code challenge")
	case verifier != "" && !answersChallenge(verifier, given.challenge, g.opts.Assumptions.ShortVerifiers):
		return oauthError(400, "invalid_request", "invalid code verifier")
	}
	u := c.cfg.user(given.username)
	if a, ok := u.shut(); !ok {
		return a
	}
	if !mayRefresh(given.scopes) {
		return g.tokens(c, app, u, given.scopes, "", "")
	}
	id, refresh := g.newGrant(app, u, given.scopes)
	return g.tokens(c, app, u, given.scopes, id, refresh)
}

// answersChallenge is the check of RFC 7636, for S256 alone. There, verifiers have 43 to 128 characters; but
// Salesforce's guide asks for 128 random bytes, and jsforce sends them, which are 171 characters.
func answersChallenge(verifier, challenge string, short bool) bool {
	most := 171
	if short {
		most = 128
	}
	if len(verifier) < 43 || len(verifier) > most || strings.ContainsFunc(verifier, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
	}) {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return sameSecret(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

func (g *Org) refreshToken(c *call, form url.Values) answer {
	app, bad := g.caller(c, form)
	if app == nil {
		return bad
	}
	if form.Get("refresh_token") == "" {
		return oauthError(400, "invalid_request", "missing required parameter: refresh_token")
	}
	// Whether the user may log in is looked at first, so that a token is not used up for nothing.
	g.grants.mu.Lock()
	f, _ := g.grants.find(form.Get("refresh_token"))
	var u *User
	if f != nil && f.App == app.ClientID && f.Ended == "" {
		u = c.cfg.user(f.User)
	}
	g.grants.mu.Unlock()
	if u != nil {
		if a, ok := u.shut(); !ok {
			return a
		}
	}
	used, next, ok := g.refresh(app, form.Get("refresh_token"))
	if !ok {
		return oauthError(400, "invalid_grant", "expired access/refresh token")
	}
	return g.tokens(c, app, c.cfg.user(used.User), used.Scopes, used.ID, next)
}

func (g *Org) clientCredentials(c *call, form url.Values) answer {
	app, bad := g.caller(c, form)
	switch {
	case app == nil:
		return bad
	case app.Public:
		return oauthError(400, "invalid_client", "invalid client credentials")
	case app.RunAs == "":
		return oauthError(400, "invalid_grant", "no client credentials user enabled")
	}
	u := c.cfg.user(app.RunAs)
	if a, ok := u.shut(); !ok {
		return a
	}
	return g.tokens(c, app, u, app.directScopes(), "", "")
}

// directScopes are those of flows in which nobody asks for any, and which give no refresh token.
func (a *App) directScopes() []string {
	own, _ := a.grantable("")
	return slices.DeleteFunc(withoutRefresh(own), func(s string) bool { return s == "openid" })
}

func (g *Org) usernamePassword(c *call, form url.Values) answer {
	if !g.opts.AllowPassword {
		return oauthError(400, "invalid_grant", "authentication failure")
	}
	app, bad := g.caller(c, form)
	if app == nil {
		return bad
	}
	u := c.cfg.passes(form.Get("username"), form.Get("password"))
	if u == nil || u.Inactive || u.Frozen {
		return oauthError(400, "invalid_grant", "authentication failure")
	}
	if a, ok := u.shut(); !ok {
		return a
	}
	return g.tokens(c, app, u, app.directScopes(), "", "")
}

// passes returns the user with the name and password, or nil.
func (s *setup) passes(username, password string) *User {
	u := s.user(username)
	if u == nil || u.Password == "" || !sameSecret(password, u.Password) {
		return nil
	}
	return u
}

// tokens is the answer to a client that is let in. The JWT bearer flow's is shorter.
func (g *Org) tokens(c *call, app *App, u *User, scopes []string, grant, refresh string) answer {
	c.user = u
	identity := c.base + "/id/" + g.id + "/" + u.ID
	issued := strconv.FormatInt(g.now().UnixMilli(), 10)
	sum := hmac.New(sha256.New, []byte(app.ClientSecret))
	sum.Write([]byte(identity + issued))
	body := map[string]string{
		"access_token": g.newSession(u, app, grant, scopes), "instance_url": c.base, "id": identity, "token_type": "Bearer",
		"scope": strings.Join(scopes, " "), "issued_at": issued, "signature": base64.StdEncoding.EncodeToString(sum.Sum(nil)),
	}
	if refresh != "" {
		body["refresh_token"] = refresh
	}
	a := jsonAnswer(200, body)
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}

// revokeToken answers /services/oauth2/revoke, by POST or GET. An access token ends alone; a refresh token ends its
// grant with all access tokens.
func (g *Org) revokeToken(c *call) answer {
	token := c.form().Get("token")
	if token == "" {
		token = c.query.Get("token")
	}
	if g.sessions.end(token) {
		return answer{status: 200}
	}
	g.grants.mu.Lock()
	f, current := g.grants.find(token)
	g.grants.mu.Unlock()
	if f != nil && current && g.endGrants("its client has revoked it", func(other *grant) bool { return other == f }) == 1 {
		return answer{status: 200}
	}
	return oauthError(400, "unsupported_token_type", "this token type is not supported")
}

// introspect answers /services/oauth2/introspect, to the app that a token was given to.
func (g *Org) introspect(c *call) answer {
	form := c.form()
	app, bad := g.caller(c, form)
	if app == nil {
		bad.status = 401
		return bad
	}
	now, token := g.now(), form.Get("token")
	if s, ok := g.sessions.lookup(token, now); ok && s.app == app.ClientID {
		return g.active(c, app, c.cfg.user(s.username), "access_token", s.scopes, s.issued, s.expires)
	}
	g.grants.mu.Lock()
	f, current := g.grants.find(token)
	var found Grant
	if f != nil && current && f.Ended == "" && f.App == app.ClientID {
		found = f.Grant
	}
	g.grants.mu.Unlock()
	if found.ID == "" {
		return jsonAnswer(200, map[string]bool{"active": false})
	}
	var expires time.Time
	if app.RefreshTTL > 0 {
		expires = found.At.Add(time.Duration(app.RefreshTTL))
	}
	return g.active(c, app, c.cfg.user(found.User), "refresh_token", found.Scopes, found.At, expires)
}

func (g *Org) active(c *call, app *App, u *User, kind string, scopes []string, issued, expires time.Time) answer {
	out := map[string]any{"active": !u.Inactive && !u.Frozen, "scope": strings.Join(scopes, " "), "client_id": app.ClientID, "username": u.Username,
		"sub": c.base + "/id/" + g.id + "/" + u.ID, "token_type": kind, "iat": issued.Unix(), "nbf": issued.Unix()}
	if !expires.IsZero() {
		out["exp"] = expires.Unix()
	}
	a := jsonAnswer(200, out)
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}
