package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

// access is an access token, and from when on it is better renewed.
type access struct {
	token   string
	renewAt time.Time
}

// renewTimeout bounds one renewal: the wait for another process, the call, the writes.
const renewTimeout = 2 * time.Minute

// token returns an access token in place of stale, once for all who ask. It is the same
// one if Salesforce gives it again, as it may while the session lasts.
func (m *Manager) token(ctx context.Context, name, stale string) (access, error) {
	shared := context.WithoutCancel(ctx)
	done := m.flight.DoChan(name+"\x00"+stale, func() (any, error) {
		ctx, cancel := context.WithTimeout(shared, renewTimeout)
		defer cancel()
		return m.renew(ctx, name, stale, false)
	})
	select {
	case <-ctx.Done():
		return access{}, &salesforce.Error{Cause: salesforce.Unavailable, Whole: true, Message: fmt.Sprintf("connection %q has no access token in time", name)}
	case r := <-done:
		if r.Err != nil {
			return access{}, r.Err
		}
		return r.Val.(access), nil
	}
}

// Refresh gets a new access token now, also for a connection that is stopped.
func (m *Manager) Refresh(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	_, err := m.renew(ctx, name, "", true)
	return err
}

// renew finds a token other than stale, or gets one. With force, it asks for a new one
// whatever there is.
func (m *Manager) renew(ctx context.Context, name, stale string, force bool) (access, error) {
	for wait := leaseFirst; ; wait = min(2*wait, leaseMax) {
		c, g, _, err := m.read(ctx, name)
		if err != nil {
			return access{}, err
		}
		if a, err := usable(c, g, stale, force, time.Now()); err != nil || a.token != "" {
			return a, err
		}
		release, ok, err := m.lease(ctx, c.Grant)
		if err != nil {
			return access{}, err
		}
		if ok {
			a, again, err := m.renewAlone(ctx, name, stale, force)
			release()
			if err != nil || !again {
				return a, err
			}
		}
		if err := pause(ctx, wait); err != nil {
			return access{}, &salesforce.Error{Cause: salesforce.Unavailable, Whole: true,
				Message: fmt.Sprintf("another process renews the token of connection %q and does not finish", name)}
		}
	}
}

func (m *Manager) read(ctx context.Context, name string) (c store.Connection, g *grant, revision uint64, err error) {
	c, err = store.GetConnection(ctx, m.config.KV, name)
	if errors.Is(err, store.ErrNotFound) {
		// It was there when its client was made. Writes wait for it as for a sign-in.
		err = &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: fmt.Sprintf("connection %q was removed or renamed", name),
			Advice: fmt.Sprintf("Add it again: sfsync connect add %s. Writes wait until then.", name)}
	}
	if err != nil {
		return c, nil, 0, err
	}
	if err = m.saveUnsaved(ctx, c.Grant); err != nil {
		return c, nil, 0, err
	}
	g, revision, err = m.load(ctx, c)
	switch {
	case errors.Is(err, vault.ErrWrongKey), errors.Is(err, vault.ErrNoKey):
		// Salesforce has nothing to do with it, and neither has the advice about signing in.
		err = &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: err.Error(), Advice: vault.KeyAdvice}
	case errors.Is(err, vault.ErrDamaged):
		err = &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: err.Error(),
			Advice: withName("Remove the connection and add it again: sfsync connect remove NAME, then sfsync connect add NAME.", name)}
	case errors.Is(err, ErrNoGrant):
		err = &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: err.Error(), Advice: fmt.Sprintf("Sign it in: sfsync connect add %s.", name)}
	}
	return c, g, revision, err
}

// usable returns the token that is there already, or why there is none to be had. It is
// empty if one is to be asked for.
func usable(c store.Connection, g *grant, stale string, force bool, now time.Time) (access, error) {
	if force {
		return access{}, nil
	}
	if token := g.AccessToken.Reveal(); token != "" && token != stale && (g.ExpiresAt.IsZero() || now.Before(g.ExpiresAt)) {
		return access{token, g.RenewAt}, nil
	}
	// A pause that has longer to go than any pause was begun before the clock was set back.
	if s := c.Stopped; s != nil && s.Authorization == g.Authorization && (s.LookAgain.IsZero() || now.Before(s.LookAgain) && s.LookAgain.Sub(now) <= lookAgain) {
		return access{}, stopError(c, s)
	}
	return access{}, nil
}

// renewAlone gets a new token. The caller holds the lease. Again is true if the grant was
// changed meanwhile by somebody who signed in.
func (m *Manager) renewAlone(ctx context.Context, name, stale string, force bool) (a access, again bool, err error) {
	// The lease may have been another process's a moment ago.
	c, g, revision, err := m.read(ctx, name)
	if err != nil {
		return a, false, err
	}
	if a, err := usable(c, g, stale, force, time.Now()); err != nil || a.token != "" {
		return a, false, err
	}
	interrupted := g.Refreshing
	if g.RefreshToken != "" && interrupted.IsZero() {
		// So that it is known, should we die before the answer is on disk.
		g.Refreshing = time.Now().UTC()
		revision, err = m.save(ctx, c.Grant, g, revision)
		if errors.Is(err, store.ErrConflict) {
			return a, true, nil
		}
		if err != nil {
			return a, false, err
		}
	}
	token, err := m.ask(ctx, g)
	if err == nil && token.OrgID != "" && c.OrgID != "" && !sameID(token.OrgID, c.OrgID) {
		err = &salesforce.Error{Cause: salesforce.Auth, Whole: true, Message: "the token that was given belongs to another org, " + token.OrgID}
	}
	if err != nil {
		return a, false, m.failed(ctx, c, g, revision, interrupted, err)
	}
	used := g.RefreshToken
	g.take(token, life(c), time.Now())
	if again, err = m.keep(ctx, c.Grant, g, used, revision); err != nil || again {
		return a, again, err
	}
	// That it works again is worth a write; that it cannot be written is no reason to fail.
	_ = store.UpdateConnection(ctx, m.config.KV, name, func(c *store.Connection) bool {
		c.RefreshedAt, c.Stopped, c.LastError = time.Now().UTC(), nil, nil
		if token.InstanceURL != "" && sameID(token.OrgID, c.OrgID) {
			c.InstanceURL = token.InstanceURL // a My Domain can get another name
		}
		return true
	})
	return access{g.AccessToken.Reveal(), g.RenewAt}, false, nil
}

func (m *Manager) ask(ctx context.Context, g *grant) (*salesforce.Token, error) {
	if g.RefreshToken != "" {
		return g.App(m.config.HTTPClient).Refresh(ctx, g.RefreshToken)
	}
	return g.signIn(ctx, m.config.HTTPClient)
}

// keep writes the grant that a renewal gave. Again is true if somebody signed in anew
// meanwhile, whose grant counts.
func (m *Manager) keep(ctx context.Context, id string, g *grant, used salesforce.Secret, revision uint64) (again bool, err error) {
	for {
		// Not the caller's: the new refresh token is the only one now.
		write, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		_, err := m.save(write, id, g, revision)
		cancel()
		switch {
		case err == nil:
			m.forget(id)
			return false, nil
		case !errors.Is(err, store.ErrConflict):
			m.remember(id, &unsaved{g, used})
			return false, &salesforce.Error{Cause: salesforce.Unavailable, Whole: true,
				Message: "the new token cannot be written to the store, and is not used before it is: " + err.Error(),
				Advice:  "Make room on the disk of the store. The token is kept in memory and written as soon as that works."}
		}
		// The keys of the store were rotated, or somebody signed in.
		now, at, err := m.load(ctx, store.Connection{Grant: id})
		if err != nil {
			m.remember(id, &unsaved{g, used})
			return false, err
		}
		if now.Authorization != g.Authorization || now.RefreshToken != used {
			return true, nil
		}
		revision = at
	}
}

// unsaved is a renewed grant that is not on disk, and the refresh token that it used up.
type unsaved struct {
	grant *grant
	used  salesforce.Secret
}

func (m *Manager) remember(id string, u *unsaved) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unsaved[id] = u
}

func (m *Manager) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.unsaved, id)
}

// saveUnsaved writes what could not be written before.
func (m *Manager) saveUnsaved(ctx context.Context, id string) error {
	m.mu.Lock()
	u := m.unsaved[id]
	m.mu.Unlock()
	if u == nil {
		return nil
	}
	now, revision, err := m.load(ctx, store.Connection{Grant: id})
	if err != nil {
		return err
	}
	if now.Authorization != u.grant.Authorization || now.RefreshToken != u.used {
		m.forget(id)
		return nil
	}
	_, err = m.keep(ctx, id, u.grant, u.used, revision)
	return err
}
