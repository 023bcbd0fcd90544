package orgsim

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The app that an org has which is made without apps.
const (
	DefaultClientID     = "sfsync-simulated-app"
	DefaultClientSecret = "sfsync-simulated-secret"
)

// App is an external client app, which programs log in with.
type App struct {
	ClientID     string `json:"clientID"`
	ClientSecret string `json:"clientSecret,omitempty"`
	Name         string `json:"name,omitempty"` // on the page that asks for consent; the client id if empty
	// Public says that the app runs where no secret can be kept. It must send none.
	Public bool `json:"public,omitempty"`
	// RunAs is whom the client-credentials flow logs in; empty answers "no client credentials user enabled".
	RunAs string `json:"runAs,omitempty"`
	// RedirectURIs are where the web-server flow may send a code, compared to the letter. Plain http is for
	// loopback alone. Nil takes every address on this machine, which a real org does not.
	RedirectURIs []string `json:"redirectURIs,omitempty"`
	// RequirePKCE refuses the web-server flow without a code challenge. One that is given counts in any case.
	RequirePKCE bool `json:"requirePKCE,omitempty"`
	// Scopes are what may be granted, and what is if a client asks for nothing; nil is api, id, openid and refresh_token.
	Scopes []string `json:"scopes,omitempty"`
	// Rotate gives a new refresh token at each refresh. The old one is worth nothing from then on; whoever still
	// uses it ends the whole grant.
	Rotate bool `json:"rotate,omitempty"`
	// RefreshTTL is how long a grant can be refreshed, RefreshIdle how long after its last refresh; 0 is for ever.
	RefreshTTL  Duration `json:"refreshTTL,omitempty"`
	RefreshIdle Duration `json:"refreshIdle,omitempty"`
	// SessionTTL is how long the app's access tokens live; 0 is as long as the org's.
	SessionTTL Duration `json:"sessionTTL,omitempty"`
	// Certificate is the X.509 certificate, or the RSA public key, in PEM, with which the JWT bearer
	// flow's assertions are checked. Without one none is right.
	Certificate string `json:"certificate,omitempty"`
	// PreAuthorized are the usernames and profiles for whom an admin has approved the app: they may use the
	// JWT bearer flow, and are not asked for consent. Others may once they have consented and hold a refresh token.
	PreAuthorized []string `json:"preAuthorized,omitempty"`
}

func (a *App) title() string {
	if a.Name != "" {
		return a.Name
	}
	return a.ClientID
}

func (a *App) preAuthorized(u *User) bool {
	return slices.ContainsFunc(a.PreAuthorized, func(s string) bool {
		return strings.EqualFold(s, u.Username) || s != "" && s == u.Profile
	})
}

func (a *App) sessionTTL(g *Org) time.Duration {
	switch {
	case a != nil && a.SessionTTL > 0:
		return time.Duration(a.SessionTTL)
	case g.opts.SessionTTL > 0:
		return g.opts.SessionTTL
	}
	return 2 * time.Hour
}

// redirects reports whether a code may be sent to an address.
func (a *App) redirects(uri string) bool {
	if a.RedirectURIs != nil {
		return slices.Contains(a.RedirectURIs, uri)
	}
	u, err := url.Parse(uri)
	return err == nil && u.Scheme == "http" && isLoopback(u.Hostname()) && checkRedirect(uri) == nil
}

// checkRedirect refuses addresses that a real app could not be given either.
func checkRedirect(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("redirect URI %q is no URL without user and fragment", uri)
	case slices.Contains([]string{"javascript", "data", "file", "vbscript"}, u.Scheme):
		return fmt.Errorf("redirect URI %q is of a kind that browsers would run or open", uri)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("redirect URI %q is plain http and not on this machine", uri)
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		return fmt.Errorf("redirect URI %q names no host", uri)
	}
	return nil
}

// knownScopes are those that an app can have. Refresh tokens come with either of the last two.
var knownScopes = []string{"api", "id", "openid", "profile", "email", "address", "phone", "web", "full", "custom_permissions", "chatter_api",
	"visualforce", "content", "offline_access", "refresh_token"}

var defaultScopes = []string{"api", "id", "openid", "refresh_token"}

// grantable returns what of the scopes asked for an app grants; false if one of them is not the app's.
func (a *App) grantable(asked string) ([]string, bool) {
	own := a.Scopes
	if own == nil {
		own = defaultScopes
	}
	if strings.TrimSpace(asked) == "" {
		return own, true
	}
	var out []string
	for scope := range strings.FieldsSeq(asked) {
		refreshes := scope == "refresh_token" || scope == "offline_access"
		ok := slices.Contains(own, scope) || slices.Contains(own, "full") && !refreshes && slices.Contains(knownScopes, scope) ||
			refreshes && mayRefresh(own) || slices.Contains([]string{"profile", "email", "address", "phone"}, scope) && slices.Contains(own, "openid")
		if !ok {
			return nil, false
		}
		if !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if !slices.Contains(out, "id") {
		out = append(out, "id") // the identity URL is open to every token
	}
	return out, true
}

// withoutRefresh is the scopes of tokens that come without a refresh token.
func withoutRefresh(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == "refresh_token" || s == "offline_access" })
}

func mayRefresh(scopes []string) bool {
	return slices.Contains(scopes, "refresh_token") || slices.Contains(scopes, "offline_access")
}

// mayCall reports whether a session may use the REST API.
func mayCall(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return s == "api" || s == "full" || s == "web" })
}

// appByID finds an app by its client id.
func (s *setup) appByID(id string) *App {
	for _, a := range s.apps {
		if a.ClientID == id {
			return a
		}
	}
	return nil
}

// Apps returns the org's apps as they are now.
func (g *Org) Apps() []App {
	var out []App
	for _, a := range g.config.Load().apps {
		out = append(out, *a)
	}
	return out
}

// UpdateApp changes an app at run time: gives it a new secret or certificate, turns rotation on. Its
// client id stays. It fails if the org has no such app, or if the app cannot be like that.
func (g *Org) UpdateApp(clientID string, change func(*App)) error {
	return g.reconfigure(func(s *setup) error {
		a := s.appByID(clientID)
		if a == nil {
			return fmt.Errorf("there is no app %q in this org", clientID)
		}
		changed := *a
		change(&changed)
		changed.ClientID = a.ClientID
		if err := changed.check(s); err != nil {
			return err
		}
		s.apps = slices.Clone(s.apps)
		s.apps[slices.Index(s.apps, a)] = &changed
		return nil
	})
}

// readApps completes and checks apps.
func (s *setup) readApps(list []App) error {
	if list == nil {
		list = []App{{ClientID: DefaultClientID, ClientSecret: DefaultClientSecret, Name: "sfsync", RunAs: s.users[0].Username}}
	}
	for _, a := range list {
		if err := a.check(s); err != nil {
			return err
		}
		s.apps = append(s.apps, &a)
	}
	return nil
}

func (a *App) check(s *setup) error {
	if a.RunAs != "" && s.user(a.RunAs) == nil {
		return fmt.Errorf("app %q runs as %q, who is no user of this org", a.ClientID, a.RunAs)
	}
	for _, uri := range a.RedirectURIs {
		if err := checkRedirect(uri); err != nil {
			return fmt.Errorf("app %q: %w", a.ClientID, err)
		}
	}
	for _, scope := range a.Scopes {
		if !slices.Contains(knownScopes, scope) {
			return fmt.Errorf("app %q has the scope %q, which is none of %s", a.ClientID, scope, strings.Join(knownScopes, ", "))
		}
	}
	if a.Certificate != "" {
		if _, err := publicKey(a.Certificate); err != nil {
			return fmt.Errorf("app %q: %w", a.ClientID, err)
		}
	}
	return nil
}

// caller finds the app that calls the token endpoint, by the form or by HTTP basic authorization, and
// checks its secret.
func (g *Org) caller(c *call, form url.Values) (*App, answer) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if basic, ok := strings.CutPrefix(c.header.Get("Authorization"), "Basic "); ok {
		if plain, err := base64.StdEncoding.DecodeString(basic); err == nil {
			user, password, _ := strings.Cut(string(plain), ":")
			id, _ = url.QueryUnescape(user)
			secret, _ = url.QueryUnescape(password)
		}
	}
	app := c.cfg.appByID(id)
	switch {
	case id == "":
		return nil, oauthError(400, "invalid_request", "missing required parameter: client_id")
	case app == nil:
		return nil, oauthError(400, "invalid_client_id", "client identifier invalid")
	case app.Public && secret == "":
		return app, answer{}
	case app.Public || !sameSecret(secret, app.ClientSecret):
		return nil, oauthError(400, "invalid_client", "invalid client credentials")
	}
	return app, answer{}
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func oauthError(status int, code, description string) answer {
	a := jsonAnswer(status, map[string]string{"error": code, "error_description": description})
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}
