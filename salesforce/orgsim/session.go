package orgsim

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// session is what an access token stands for.
type session struct {
	username string
	app      string // client id; empty for one that Login made
	grant    string // id of the grant that it came by, if it came by one
	scopes   []string
	issued   time.Time
	expires  time.Time
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
	cfg := g.config.Load()
	u := cfg.users[0]
	if username != "" {
		u = cfg.user(username)
	}
	if u == nil {
		panic(fmt.Sprintf("orgsim: no user %q", username))
	}
	return g.newSession(u, nil, "", []string{"api", "id"})
}

func (g *Org) newSession(u *User, app *App, grant string, scopes []string) string {
	token := g.id[:15] + "!AR8A" + g.opaque(48)
	now := g.now()
	s := session{username: u.Username, grant: grant, scopes: scopes, issued: now, expires: now.Add(app.sessionTTL(g))}
	if app != nil {
		s.app = app.ClientID
	}
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
	g.sessions.byTok[token] = s
	return token
}

// opaque returns n random bytes in URL-safe text.
func (g *Org) opaque(n int) string {
	b := make([]byte, n)
	g.randomMu.Lock()
	g.random.Read(b)
	g.randomMu.Unlock()
	return base64.RawURLEncoding.EncodeToString(b)
}

// RevokeSessions ends the sessions of the users, of all users if none is named: the next call of each
// client gets 401 INVALID_SESSION_ID. Refresh tokens stay, see [Org.RevokeGrants].
func (g *Org) RevokeSessions(usernames ...string) {
	g.sessions.drop(func(s session) bool {
		return len(usernames) == 0 || slices.ContainsFunc(usernames, func(name string) bool { return strings.EqualFold(name, s.username) })
	})
}

func (s *sessions) drop(match func(session) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, have := range s.byTok {
		if match(have) {
			delete(s.byTok, token)
		}
	}
}

// lookup returns the session behind a token, if it is alive.
func (s *sessions) lookup(token string, now time.Time) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byTok[token]
	return found, ok && now.Before(found.expires)
}

// end takes one token away. It is false if there is no such token.
func (s *sessions) end(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.byTok[token]
	delete(s.byTok, token)
	return ok
}

// authorize finds the user behind a call, or answers it.
func (g *Org) authorize(c *call) (answer, bool) {
	scheme, token, _ := strings.Cut(c.header.Get("Authorization"), " ")
	if token == "" && scheme != "" || scheme != "" && !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return fail(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"), false
	}
	s, ok := g.sessions.lookup(token, g.now())
	if !ok {
		return invalidSession(), false
	}
	u := c.cfg.user(s.username)
	if u.Inactive || u.Frozen {
		return invalidSession(), false
	}
	c.user, c.session = u, s
	return answer{}, true
}

func invalidSession() answer {
	return fail(401, "INVALID_SESSION_ID", "Session expired or invalid")
}

// sessionBlocked is a 401 that no new token of the same scopes cures.
func sessionBlocked() answer {
	return fail(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
}
