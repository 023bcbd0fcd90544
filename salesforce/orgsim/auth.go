package orgsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What an org has that is made without users and apps.
const (
	DefaultUsername     = "integration@simulated.example"
	DefaultClientID     = "sfsync-simulated-app"
	DefaultClientSecret = "sfsync-simulated-secret"
)

// User is someone who calls the org.
type User struct {
	ID       string // 005…; made up if empty
	Username string
	Name     string
	Email    string
	Profile  string // the overlay may give permissions to all users of a profile
	Inactive bool
	// Password, with the security token behind it, is for the username-password flow.
	Password string
	// ViewEncryptedData shows encrypted fields in clear; other users read asterisks.
	ViewEncryptedData bool
}

// App is an external client app with the client-credentials flow.
type App struct {
	ClientID, ClientSecret string
	RunAs                  string // username; empty answers "no client credentials user enabled"
}

type session struct {
	user    *User
	expires time.Time
}

// sessions are the access tokens that are valid.
type sessions struct {
	mu    sync.Mutex
	byTok map[string]session
}

// maxSessions bounds the memory of clients that log in for every call.
const maxSessions = 10_000

// Login makes an access token for a user, as if he had logged in. It panics if the org has no
// such user, since that is a mistake of the test that calls it; an empty name is the first user.
func (g *Org) Login(username string) string {
	u := g.user(username)
	if u == nil {
		panic(fmt.Sprintf("orgsim: no user %q", username))
	}
	return g.newSession(u)
}

func (g *Org) user(username string) *User {
	if username == "" {
		return g.users[0]
	}
	for _, u := range g.users {
		if strings.EqualFold(u.Username, username) {
			return u
		}
	}
	return nil
}

func (g *Org) newSession(u *User) string {
	var opaque [48]byte
	g.randomMu.Lock()
	g.random.Read(opaque[:])
	g.randomMu.Unlock()
	token := g.id[:15] + "!AR8A" + base64.RawURLEncoding.EncodeToString(opaque[:])
	ttl := g.opts.SessionTTL
	if ttl == 0 {
		ttl = 2 * time.Hour
	}
	now := g.now()
	g.sessions.mu.Lock()
	defer g.sessions.mu.Unlock()
	if g.sessions.byTok == nil {
		g.sessions.byTok = make(map[string]session)
	}
	for old, s := range g.sessions.byTok {
		if len(g.sessions.byTok) < maxSessions && now.Before(s.expires) {
			break
		}
		delete(g.sessions.byTok, old)
	}
	g.sessions.byTok[token] = session{user: u, expires: now.Add(ttl)}
	return token
}

// RevokeSessions ends all sessions: the next call of every client gets 401 INVALID_SESSION_ID.
func (g *Org) RevokeSessions() {
	g.sessions.mu.Lock()
	defer g.sessions.mu.Unlock()
	clear(g.sessions.byTok)
}

func (g *Org) revoke(token string) bool {
	g.sessions.mu.Lock()
	defer g.sessions.mu.Unlock()
	_, ok := g.sessions.byTok[token]
	delete(g.sessions.byTok, token)
	return ok
}

// authorize finds the user behind a call, or answers it.
func (g *Org) authorize(c *call) (answer, bool) {
	scheme, token, _ := strings.Cut(c.header.Get("Authorization"), " ")
	if token == "" && scheme != "" || scheme != "" && !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return fail(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"), false
	}
	g.sessions.mu.Lock()
	s, ok := g.sessions.byTok[token]
	g.sessions.mu.Unlock()
	if !ok || !g.now().Before(s.expires) || s.user.Inactive {
		return invalidSession(), false
	}
	c.user = s.user
	return answer{}, true
}

func invalidSession() answer {
	return fail(401, "INVALID_SESSION_ID", "Session expired or invalid")
}

func oauthError(status int, code, description string) answer {
	body, _ := json.Marshal(map[string]string{"error": code, "error_description": description})
	return answer{status: status, body: body, noStore: true}
}

// token answers /services/oauth2/token.
func (g *Org) token(c *call) answer {
	if c.method != "POST" {
		return oauthError(400, "invalid_request", "must use HTTP POST")
	}
	form := c.form()
	switch form.Get("grant_type") {
	case "client_credentials":
		return g.clientCredentials(c, form)
	case "password":
		if !g.opts.AllowPassword {
			return oauthError(400, "invalid_grant", "authentication failure")
		}
		app, bad := g.app(c, form)
		if app == nil {
			return bad
		}
		u := g.user(form.Get("username"))
		if u == nil || form.Get("username") == "" || u.Password == "" || u.Inactive || !sameSecret(form.Get("password"), u.Password) {
			return oauthError(400, "invalid_grant", "authentication failure")
		}
		return g.grant(c, app, u)
	case "":
		return oauthError(400, "invalid_request", "missing required parameter: grant_type")
	}
	return oauthError(400, "unsupported_grant_type", "grant type not supported")
}

func (g *Org) clientCredentials(c *call, form url.Values) answer {
	app, bad := g.app(c, form)
	if app == nil {
		return bad
	}
	if app.RunAs == "" {
		return oauthError(400, "invalid_grant", "no client credentials user enabled")
	}
	u := g.user(app.RunAs)
	if u.Inactive {
		return oauthError(400, "inactive_user", "user is inactive")
	}
	return g.grant(c, app, u)
}

// app finds the calling app by the form, or by HTTP basic authorization.
func (g *Org) app(c *call, form url.Values) (*App, answer) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if basic, ok := strings.CutPrefix(c.header.Get("Authorization"), "Basic "); ok {
		if plain, err := base64.StdEncoding.DecodeString(basic); err == nil {
			user, password, _ := strings.Cut(string(plain), ":")
			id, _ = url.QueryUnescape(user)
			secret, _ = url.QueryUnescape(password)
		}
	}
	for i := range g.opts.Apps {
		if app := &g.opts.Apps[i]; app.ClientID == id {
			if !sameSecret(secret, app.ClientSecret) {
				return nil, oauthError(400, "invalid_client", "invalid client credentials")
			}
			return app, answer{}
		}
	}
	return nil, oauthError(400, "invalid_client_id", "client identifier invalid")
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (g *Org) grant(c *call, app *App, u *User) answer {
	identity := c.base + "/id/" + g.id + "/" + u.ID
	issued := strconv.FormatInt(g.now().UnixMilli(), 10)
	sum := hmac.New(sha256.New, []byte(app.ClientSecret))
	sum.Write([]byte(identity + issued))
	a := jsonAnswer(200, map[string]string{
		"access_token": g.newSession(u), "instance_url": c.base, "id": identity, "token_type": "Bearer", "scope": "api id",
		"issued_at": issued, "signature": base64.StdEncoding.EncodeToString(sum.Sum(nil)),
	})
	a.noStore = true
	return a
}

// revokeToken answers /services/oauth2/revoke, by POST or GET.
func (g *Org) revokeToken(c *call) answer {
	token := c.form().Get("token")
	if token == "" {
		token = c.query.Get("token")
	}
	if !g.revoke(token) {
		return oauthError(400, "unsupported_token_type", "this token type is not supported")
	}
	return answer{status: 200}
}

// userInfo answers /services/oauth2/userinfo.
func (g *Org) userInfo(c *call) answer {
	u := c.user
	return jsonAnswer(200, map[string]any{
		"sub": c.base + "/id/" + g.id + "/" + u.ID, "user_id": u.ID, "organization_id": g.id, "preferred_username": u.Username,
		"nickname": u.Name, "name": u.Name, "email": u.Email, "email_verified": true, "zoneinfo": "GMT", "active": !u.Inactive,
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "urls": g.urls(c),
	})
}

// identity answers /id/<org>/<user>.
func (g *Org) identity(c *call, org, user string) answer {
	if (org != g.id && org != g.id[:15]) || (user != c.user.ID && user != c.user.ID[:15]) {
		return answer{status: 403, body: []byte("Bad_Id"), contentType: "text/html;charset=UTF-8"}
	}
	u := c.user
	return jsonAnswer(200, map[string]any{
		"id": c.base + "/id/" + g.id + "/" + u.ID, "asserted_user": true, "user_id": u.ID, "organization_id": g.id, "username": u.Username,
		"nick_name": u.Name, "display_name": u.Name, "email": u.Email, "email_verified": true, "timezone": "GMT", "active": !u.Inactive,
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "urls": g.urls(c),
	})
}

func (g *Org) urls(c *call) map[string]string {
	return map[string]string{"rest": c.base + "/services/data/v{version}/", "sobjects": c.base + "/services/data/v{version}/sobjects/",
		"query": c.base + "/services/data/v{version}/query/"}
}
