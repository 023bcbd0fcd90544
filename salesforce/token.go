package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
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
	client = safeClient(client)
	config := clientcredentials.Config{
		ClientID:     clientID,
		ClientSecret: clientSecret,
		TokenURL:     instance.String() + "/services/oauth2/token",
		AuthStyle:    oauth2.AuthStyleInParams,
	}
	return func(ctx context.Context, _ string) (string, error) {
		token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return "", tokenError(instance.Host, err)
		}
		if at, _ := token.Extra("instance_url").(string); at != "" && !sameOrg(instance, at) {
			return "", &Error{Cause: Auth, Message: fmt.Sprintf("the token answer of %s names another host as its instance, %q", instance.Host, clip(at))}
		}
		return token.AccessToken, nil
	}, nil
}

// tokenError turns the failure of a token call into an Error, without the answer's
// body and without the request's parameters.
func tokenError(host string, err error) *Error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		status := 0
		var header http.Header
		if refused.Response != nil {
			status, header = refused.Response.StatusCode, refused.Response.Header
		}
		e := &Error{Code: refused.ErrorCode, Message: clip(refused.ErrorDescription), HTTPStatus: status, Whole: true, RetryAfter: retryAfter(header)}
		e.Cause = Classify(Failure{Code: e.Code, Message: e.Message, HTTPStatus: status})
		if e.Cause == Unknown {
			e.Cause = Auth
		}
		if e.Message == "" {
			e.Message = fmt.Sprintf("%s refused to give an access token (%s)", host, statusText(status))
		}
		return e
	}
	if isTransport(err) {
		return transportError(host, err, false)
	}
	return &Error{Cause: Auth, Message: fmt.Sprintf("the token answer of %s is not one", host), Whole: true}
}

// tokens holds the current token and renews it once for all who find it stale.
type tokens struct {
	source  TokenSource
	host    string
	timeout time.Duration
	group   singleflight.Group

	mu      sync.Mutex
	current string
}

// get returns a token other than stale.
func (t *tokens) get(ctx context.Context, stale string) (string, *Error) {
	fresh := func() string {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.current == stale {
			return ""
		}
		return t.current
	}
	if token := fresh(); token != "" {
		return token, nil
	}
	// The renewal serves everyone who waits, so no one's cancellation ends it.
	shared := context.WithoutCancel(ctx)
	done := t.group.DoChan("", func() (any, error) {
		if token := fresh(); token != "" {
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
