package orgsim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Grant is what a user has allowed an app until one of them, or an admin, ends it: a
// refresh token and all that come after it. Tokens are not part of it.
type Grant struct {
	ID      string    `json:"id"` // such as "grant-1"
	App     string    `json:"app"`
	User    string    `json:"user"`
	Scopes  []string  `json:"scopes"`
	At      time.Time `json:"at"`
	Used    time.Time `json:"used"`    // the last refresh, or At
	Refresh int       `json:"refresh"` // how many access tokens were given for its refresh tokens
	// Reused counts refresh tokens that came again after a newer one was given.
	Reused int `json:"reused"`
	// Ended says why it can no longer be refreshed; empty while it can.
	Ended string `json:"ended,omitempty"`
}

// grant is a Grant with its secrets. A refresh token is the family, which stays, and the part that rotates. So
// a token that was replaced is known for one without being kept.
type grant struct {
	Grant
	family, current string
}

type grants struct {
	mu       sync.Mutex
	list     []*grant // oldest first
	byFamily map[string]*grant
	serial   int
}

const (
	refreshPrefix = "5Aep861"
	tokenPart     = 24 // random bytes, 32 characters in text
	// maxPerUser is how many grants one user may have given one app. The oldest makes room.
	maxPerUser = 5
	maxGrants  = 10_000
)

func (f *grant) token() string { return refreshPrefix + f.family + f.current }

// newGrant begins a family of refresh tokens and returns its first, with the id.
func (g *Org) newGrant(app *App, u *User, scopes []string) (id, token string) {
	now := g.now()
	f := &grant{family: g.opaque(tokenPart), current: g.opaque(tokenPart)}
	gs := &g.grants
	gs.mu.Lock()
	gs.serial++
	f.Grant = Grant{ID: fmt.Sprintf("grant-%d", gs.serial), App: app.ClientID, User: u.Username, Scopes: scopes, At: now, Used: now}
	var alive []*grant
	for _, old := range gs.list {
		if old.App == f.App && old.User == f.User && old.Ended == "" {
			alive = append(alive, old)
		}
	}
	var gone string
	if len(alive) >= maxPerUser {
		alive[0].Ended = fmt.Sprintf("the user has approved the app %d times since", maxPerUser)
		gone = alive[0].ID
	}
	if len(gs.list) >= maxGrants {
		i := max(0, slices.IndexFunc(gs.list, func(f *grant) bool { return f.Ended != "" }))
		delete(gs.byFamily, gs.list[i].family)
		gs.list = slices.Delete(gs.list, i, i+1)
	}
	if gs.byFamily == nil {
		gs.byFamily = make(map[string]*grant)
	}
	gs.list = append(gs.list, f)
	gs.byFamily[f.family] = f
	gs.mu.Unlock()
	if gone != "" {
		g.endSessions(gone)
	}
	return f.ID, f.token()
}

// find returns the grant behind a refresh token, and whether the token is its current one. The
// lock is held.
func (gs *grants) find(token string) (f *grant, current bool) {
	rest, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok || len(rest) != 64 {
		return nil, false
	}
	if f = gs.byFamily[rest[:32]]; f == nil {
		return nil, false
	}
	return f, sameSecret(rest[32:], f.current)
}

// refresh uses a refresh token. With rotation, the answer has the next one. Of a token that is worth nothing,
// Salesforce says no more than that.
func (g *Org) refresh(app *App, token string) (used Grant, next string, ok bool) {
	now := g.now()
	gs := &g.grants
	gs.mu.Lock()
	f, current := gs.find(token)
	switch {
	case f == nil || f.App != app.ClientID || f.Ended != "":
		gs.mu.Unlock()
		return Grant{}, "", false
	case !current:
		f.Reused++
		if !g.opts.Assumptions.ReuseFailsOnly {
			f.Ended = "a refresh token came again after it was replaced"
		}
	case app.RefreshTTL > 0 && !now.Before(f.At.Add(time.Duration(app.RefreshTTL))):
		f.Ended = "it was given " + time.Duration(app.RefreshTTL).String() + " ago"
	case app.RefreshIdle > 0 && !now.Before(f.Used.Add(time.Duration(app.RefreshIdle))):
		f.Ended = "it was not used for " + time.Duration(app.RefreshIdle).String()
	}
	if !current || f.Ended != "" {
		id, ended := f.ID, f.Ended != ""
		gs.mu.Unlock()
		if ended {
			g.endSessions(id)
		}
		return Grant{}, "", false
	}
	defer gs.mu.Unlock()
	f.Used = now
	f.Refresh++
	if app.Rotate {
		f.current = g.opaque(tokenPart)
		next = f.token()
	}
	return f.Grant, next, true
}

// endSessions ends the sessions that grants have given.
func (g *Org) endSessions(ids ...string) {
	g.sessions.drop(func(s session) bool { return s.grant != "" && slices.Contains(ids, s.grant) })
}

// Grants returns what users have allowed apps, oldest first, with what has ended.
func (g *Org) Grants() []Grant {
	g.grants.mu.Lock()
	defer g.grants.mu.Unlock()
	out := make([]Grant, len(g.grants.list))
	for i, f := range g.grants.list {
		out[i] = f.Grant
	}
	return out
}

// RevokeGrants ends grants as an admin does in Setup: those with the ids, or all. Their refresh tokens answer
// "expired access/refresh token" and their sessions are over. It returns how many were alive.
func (g *Org) RevokeGrants(ids ...string) int {
	return g.endGrants("an admin has revoked it", func(f *grant) bool { return len(ids) == 0 || slices.Contains(ids, f.ID) })
}

func (g *Org) endGrants(why string, match func(*grant) bool) int {
	var ended []string
	g.grants.mu.Lock()
	for _, f := range g.grants.list {
		if f.Ended == "" && match(f) {
			f.Ended = why
			ended = append(ended, f.ID)
		}
	}
	g.grants.mu.Unlock()
	g.endSessions(ended...)
	return len(ended)
}

// granted reports whether a user has a living grant for an app.
func (g *Org) granted(app *App, u *User) bool {
	g.grants.mu.Lock()
	defer g.grants.mu.Unlock()
	return slices.ContainsFunc(g.grants.list, func(f *grant) bool { return f.App == app.ClientID && f.User == u.Username && f.Ended == "" })
}
