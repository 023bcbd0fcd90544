package connection

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

// ErrOtherOrg means that a sign-in under the name of a connection led to another org, to
// which the connection's writes must not go.
var ErrOtherOrg = errors.New("belongs to another org")

// Add signs a connection in and stores it. Token is what the browser flow gave; nil lets
// the other flows sign in now. A name that exists is signed in again, if it is the same
// org. An empty API version means what the connection had, or the default.
func (m *Manager) Add(ctx context.Context, name string, given Credentials, token *salesforce.Token, apiVersion string) (store.Connection, error) {
	var c store.Connection
	if err := given.Validate(); err != nil {
		return c, err
	}
	known, err := store.GetConnection(ctx, m.config.KV, name)
	if errors.Is(err, store.ErrNotFound) {
		known = store.Connection{Name: name, CreatedAt: time.Now().UTC()}
	} else if err != nil {
		return c, err
	}
	if token == nil {
		if token, err = given.signIn(ctx, m.config.HTTPClient); err != nil {
			return c, err
		}
	}
	if given.Flow == Web && token.RefreshToken == "" {
		return c, &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: "Salesforce gave no refresh token, so the connection would end with the session",
			Advice: "Add the scope \"Perform requests at any time (refresh_token, offline_access)\" to the External Client App, and sign in again."}
	}
	c = known
	c.APIVersion = cmp.Or(apiVersion, known.APIVersion)
	c.InstanceURL = cmp.Or(token.InstanceURL, given.Login)
	if token.InstanceURL == "" && salesforce.SharedLogin(given.Login) {
		return c, errors.New("the login host did not say which address the org has: sign in at the org's My Domain")
	}
	if err := m.learn(ctx, &c, given, token); err != nil {
		return c, err
	}
	if known.OrgID != "" && known.OrgID != c.OrgID {
		// Nobody will use what that org has given.
		_ = given.App(m.config.HTTPClient).Revoke(ctx, cmp.Or(token.RefreshToken, token.AccessToken))
		return c, fmt.Errorf("connection %q %w: it is %s, and you signed in to %s as %s; remove it first, or choose another name",
			name, ErrOtherOrg, known.OrgID, c.OrgID, c.User)
	}
	now := time.Now()
	g := &grant{Credentials: given, Authorization: rand.Text()}
	g.take(token, life(c), now)
	old, _, _ := m.load(ctx, c)
	c.Grant = cmp.Or(c.Grant, rand.Text())
	c.Flow, c.LoginURL, c.ClientID, c.Scope = given.Flow, given.Login, given.ClientID, strings.Join(token.Scopes, " ")
	c.AuthorizedAt, c.RefreshedAt = now.UTC(), now.UTC()
	c.Stopped, c.LastError = nil, nil
	// The grant first: a connection without one would be worse than a grant that
	// nothing names yet.
	if _, err := m.save(ctx, c.Grant, g, store.AnyRevision); err != nil {
		return c, err
	}
	m.forget(c.Grant)
	if err := store.PutConnection(ctx, m.config.KV, c); err != nil {
		return c, err
	}
	// A user has few refresh tokens for one app: the one that is replaced makes room.
	if old != nil && old.RefreshToken != "" && old.RefreshToken != g.RefreshToken && known.Stopped == nil {
		_ = old.App(m.config.HTTPClient).Revoke(ctx, old.RefreshToken)
	}
	return c, nil
}

// life is how long an access token of the connection is taken to live; 0 for unknown.
func life(c store.Connection) time.Duration { return time.Duration(c.SessionSeconds) * time.Second }

// introspectTimeout bounds the question for the life of a session, which can wait.
const introspectTimeout = 10 * time.Second

// learn asks the org who we are, what it is, and how long a session lives.
func (m *Manager) learn(ctx context.Context, c *store.Connection, given Credentials, token *salesforce.Token) error {
	client, err := salesforce.New(salesforce.Config{
		InstanceURL: c.InstanceURL, Version: c.APIVersion, Token: salesforce.StaticToken(token.AccessToken.Reveal()), HTTPClient: m.config.HTTPClient,
	})
	if err != nil {
		return err
	}
	id, err := client.Identity(ctx)
	if err != nil {
		return fmt.Errorf("signed in, but the org does not say as whom: %w", err)
	}
	if token.OrgID != "" && !sameID(token.OrgID, id.OrganizationID) {
		return &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: "the token and the address that came with it belong to different orgs"}
	}
	c.OrgID, c.UserID, c.User = id.OrganizationID, id.UserID, id.Username
	// Both of these are nice to know; a user may lack the permission for either.
	c.Environment = salesforce.EnvironmentOf(c.InstanceURL)
	switch org, err := client.Organization(ctx); {
	case err == nil:
		c.Environment, c.OrgName = org.Environment(), org.Name
	case salesforce.NoAPI(err):
		return fmt.Errorf("signed in as %s, but the REST API cannot be used: %w", id.Username, err)
	}
	c.SessionSeconds = 0
	ctx, cancel := context.WithTimeout(ctx, introspectTimeout)
	defer cancel()
	if in, err := given.App(m.config.HTTPClient).Introspect(ctx, token.AccessToken); err == nil && in.Active {
		if life := in.Expires.Sub(in.Issued); !in.Issued.IsZero() && life >= time.Minute && life <= 24*time.Hour {
			c.SessionSeconds = int(life / time.Second)
		}
	}
	if u := client.Usage(); u.Max > 0 {
		c.Quota = &store.Quota{Used: u.Used, Max: u.Max, At: u.At.UTC()}
	}
	return nil
}

// sameID compares ids of 15 or 18 characters.
func sameID(a, b string) bool { return len(a) >= 15 && len(b) >= 15 && a[:15] == b[:15] }

// Rename gives a connection another name. Its grant, schemas and history stay.
func (m *Manager) Rename(ctx context.Context, from, to string) error {
	return store.RenameConnection(ctx, m.config.KV, from, to)
}

// NotRevokedError means that a connection is removed here, and its tokens may still work.
type NotRevokedError struct{ Cause error }

// Error says so, and why.
func (e *NotRevokedError) Error() string {
	return "cannot revoke the connection's tokens: " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *NotRevokedError) Unwrap() error { return e.Cause }

// Remove revokes a connection's tokens and forgets it, with its grant and schemas. A
// *[NotRevokedError] means that it is forgotten, but its tokens must be revoked in Setup,
// Connected Apps OAuth Usage. A wrong key of the store does not keep a connection.
func (m *Manager) Remove(ctx context.Context, name string) error {
	c, err := store.GetConnection(ctx, m.config.KV, name)
	if err != nil {
		return err
	}
	// A rename that was cut off leaves a connection under two names.
	all, err := store.Connections(ctx, m.config.KV)
	if err != nil {
		return err
	}
	shared := slices.ContainsFunc(all, func(other store.Connection) bool { return other.Name != name && other.Grant == c.Grant })
	var notRevoked error
	if c.Grant != "" && !shared {
		g, _, err := m.load(ctx, c)
		if err == nil {
			if token := cmp.Or(g.RefreshToken, g.AccessToken); token != "" {
				err = g.App(m.config.HTTPClient).Revoke(ctx, token)
			}
		}
		if err != nil {
			notRevoked = &NotRevokedError{Cause: err}
		}
		// The connection first: what names no grant needs none.
		if err := store.DeleteConnection(ctx, m.config.KV, name); err != nil {
			return err
		}
		if err := vault.Forget(ctx, m.config.KV, grantKind, c.Grant); err != nil {
			return err
		}
		m.forget(c.Grant)
		return notRevoked
	}
	return store.DeleteConnection(ctx, m.config.KV, name)
}
