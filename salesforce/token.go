package salesforce

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// TokenSource returns an access token. The client calls it once at its first
// call, with an empty stale, and again with the token that Salesforce no longer
// accepts. It is never called twice at the same time by one client.
//
// Access tokens are opaque and carry no expiry: Salesforce's token answer has no
// expires_in, as the life of a session is a setting of the org.
type TokenSource func(ctx context.Context, stale string) (token string, err error)

// StaticToken returns a source of one access token, which cannot be renewed.
func StaticToken(token string) TokenSource {
	return func(_ context.Context, stale string) (string, error) {
		switch {
		case token == "":
			return "", &Error{Cause: Auth, Message: "no access token is given"}
		case stale == token:
			return "", &Error{Cause: Auth, Code: invalidSession, Message: "the access token is expired or revoked, and a bare token cannot be renewed"}
		}
		return token, nil
	}
}

// ClientCredentials returns a source that uses the OAuth client credentials flow
// of an External Client App, with its Run As user. The instance URL must be the
// org's own My Domain; login.salesforce.com does not offer this flow. A nil client
// means one with safe defaults.
func ClientCredentials(instanceURL, clientID, clientSecret string, client *http.Client) (TokenSource, error) {
	instance, err := parseInstanceURL(instanceURL)
	if err != nil {
		return nil, err
	}
	if clientID == "" || clientSecret == "" {
		return nil, errors.New("client credentials need a consumer key and a consumer secret")
	}
	app := &App{Login: instance.String(), ClientID: clientID, ClientSecret: Secret(clientSecret), HTTPClient: safeClient(client)}
	return func(ctx context.Context, _ string) (string, error) {
		token, err := app.ClientCredentials(ctx)
		if err != nil {
			return "", err
		}
		return token.AccessToken.Reveal(), nil
	}, nil
}

// tokens holds the current token and renews it once for all who find it stale.
type tokens struct {
	source  TokenSource
	renewAt func(token string) time.Time
	host    string
	timeout time.Duration
	group   singleflight.Group

	mu      sync.Mutex
	current string
	asked   time.Time // when the current one was last to be renewed ahead of time
}

// renewPause is how long a renewal ahead of time waits after one that failed.
const renewPause = time.Minute

// ahead renews the current token before it expires, while calls go on with it.
func (t *tokens) ahead(ctx context.Context, current string) {
	if t.renewAt == nil {
		return
	}
	at := t.renewAt(current)
	now := time.Now()
	if at.IsZero() || now.Before(at) {
		return
	}
	t.mu.Lock()
	due := t.current == current && now.Sub(t.asked) >= renewPause
	if due {
		t.asked = now
	}
	t.mu.Unlock()
	if due {
		t.renew(ctx, current)
	}
}

// renew replaces stale, once for all who ask.
func (t *tokens) renew(ctx context.Context, stale string) <-chan singleflight.Result {
	// The renewal serves everyone who waits, so no one's cancellation ends it.
	shared := context.WithoutCancel(ctx)
	return t.group.DoChan("", func() (any, error) {
		if token := t.fresh(stale); token != "" {
			return token, nil
		}
		ctx, cancel := context.WithTimeout(shared, t.timeout)
		defer cancel()
		token, err := t.source(ctx, stale)
		if err != nil {
			return "", err
		}
		if token == "" {
			return "", &Error{Cause: Auth, Message: "the source of access tokens gave none"}
		}
		t.mu.Lock()
		t.current = token
		t.mu.Unlock()
		return token, nil
	})
}

// fresh returns the current token if it is not stale.
func (t *tokens) fresh(stale string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == stale {
		return ""
	}
	return t.current
}

// get returns a token in place of stale, the same one if its source has no other.
func (t *tokens) get(ctx context.Context, stale string) (string, *Error) {
	if token := t.fresh(stale); token != "" {
		t.ahead(ctx, token)
		return token, nil
	}
	done := t.renew(ctx, stale)
	select {
	case <-ctx.Done():
		return "", transportError(t.host, ctx.Err(), false)
	case r := <-done:
		if r.Err == nil {
			return r.Val.(string), nil
		}
		if e, ok := errors.AsType[*Error](r.Err); ok {
			// Everyone who waited gets the same value; each may change its own.
			own := *e
			own.Whole = true
			return "", &own
		}
		return "", &Error{Cause: Auth, Message: clip("cannot get an access token: " + r.Err.Error()), Whole: true, cause: r.Err}
	}
}
