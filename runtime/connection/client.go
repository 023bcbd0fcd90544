package connection

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// Client returns a client of a connection's org whose tokens renew themselves. Of base,
// what the connection knows better is not used: address and tokens, and the API version
// if none is given. It makes no call, and a stopped connection is no error before the
// first one.
func (m *Manager) Client(ctx context.Context, name string, base salesforce.Config) (*salesforce.Client, error) {
	c, err := store.GetConnection(ctx, m.config.KV, name)
	if err != nil {
		return nil, err
	}
	if c.Grant == "" {
		return nil, fmt.Errorf("connection %q %w", name, ErrNoGrant)
	}
	s := &source{manager: m, name: name}
	base.InstanceURL, base.Version = c.InstanceURL, cmp.Or(base.Version, c.APIVersion)
	base.Token, base.RenewAt, base.Observe = s.token, s.renewAt, s.observe
	client, err := salesforce.New(base)
	if err != nil {
		return nil, err
	}
	s.client = client
	return client, nil
}

// source gives one client its access tokens.
type source struct {
	manager *Manager
	name    string

	mu      sync.Mutex
	current access
	client  *salesforce.Client
	noted   time.Time // when the connection's use was last written
	failing bool
	refused string      // the token that was refused last
	stale   []time.Time // when tokens were refused, of the last minute
}

// maxStale is how many tokens a minute may be refused. An org that keeps this machine
// out says the same of every new token as of an expired one, and asking on would use up
// the sign-ins of the hour.
const maxStale = 5

// hopeless counts a refused token, and reports whether there were too many. The same
// token again says nothing new: there was no other to be had.
func (s *source) hopeless(token string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = slices.DeleteFunc(s.stale, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	if len(s.stale) >= maxStale {
		return true
	}
	if token != s.refused {
		s.refused, s.stale = token, append(s.stale, now)
	}
	return false
}

// Format prints the connection's name alone.
func (s *source) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "connection "+s.name) }

// token is a [salesforce.TokenSource].
func (s *source) token(ctx context.Context, stale string) (string, error) {
	if stale != "" && s.hopeless(stale, time.Now()) {
		return "", &salesforce.Error{Cause: salesforce.Auth, Whole: true, RetryAfter: 5 * time.Minute,
			Message: fmt.Sprintf("Salesforce refuses every new access token of connection %q", s.name),
			Advice:  "The org may lock sessions to other addresses than this machine's, or the API may be closed to this user. Look at Setup, Login History and Session Settings. sfsync tries again by itself."}
	}
	a, err := s.manager.token(ctx, s.name, stale)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = a
	if a.token == stale {
		s.refused = "" // given again, so its next refusal says something new
	}
	return a.token, nil
}

// renewAt is for [salesforce.Config].
func (s *source) renewAt(token string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.token != token {
		return time.Time{}
	}
	return s.current.renewAt
}

// noteEvery is how often the use of a connection is written.
const noteEvery = 5 * time.Minute

// observe notes use and trouble, a few times an hour and when one becomes the other.
func (s *source) observe(bad *salesforce.Error) {
	now := time.Now().UTC()
	s.mu.Lock()
	client := s.client
	due := now.Sub(s.noted) >= noteEvery || s.failing != (bad != nil)
	if due {
		s.noted, s.failing = now, bad != nil
	}
	s.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	usage := client.Usage()
	// Nobody waits for this but the call that it is about, and it is not worth failing.
	_ = store.UpdateConnection(ctx, s.manager.config.KV, s.name, func(c *store.Connection) bool {
		if usage.Max > 0 {
			c.Quota = &store.Quota{Used: usage.Used, Max: usage.Max, At: usage.At.UTC()}
		}
		switch {
		case bad == nil:
			c.LastUsed = now
		case c.Stopped == nil:
			return noteError(c, store.ConnectionError{At: now, Cause: string(bad.Cause), Code: bad.Code, Message: bad.Message, Advice: adviceOf(bad, s.name)})
		}
		return bad == nil
	})
}

// withName puts a connection's name where advice has NAME.
func withName(advice, name string) string { return strings.ReplaceAll(advice, "NAME", name) }
