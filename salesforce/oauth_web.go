package salesforce

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/oauth2"
)

// WebScopes are the scopes that sfsync asks for in the web server flow: calls of the API,
// and a refresh token to make them without the user.
var WebScopes = []string{"api", "refresh_token", "id"}

// Authorization is one attempt to sign in with a browser: the web server flow with PKCE.
//
//	attempt, err := app.Authorize("http://localhost:1717/callback", salesforce.WebScopes, "")
//	// … show attempt.URL to the user; the browser comes back to the redirect URI …
//	token, err := attempt.Exchange(ctx, request.URL.Query())
type Authorization struct {
	// URL is the page on which the user signs in and allows the app. It holds no secret.
	URL string

	app      App
	redirect string
	state    string
	verifier string

	once  sync.Once // the code is good for one use
	token *Token
	err   error
}

// Format prints the address alone.
func (a *Authorization) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.URL) }

// Authorize begins an attempt, with a state and a verifier of its own. The redirect URI
// must be one of the app's callback URLs, letter for letter; plain http is for this
// machine only. A login hint fills in the user name.
func (a *App) Authorize(redirect string, scopes []string, loginHint string) (*Authorization, error) {
	login, err := a.login()
	if err != nil {
		return nil, err
	}
	back, err := url.Parse(redirect)
	if err != nil || back.Host == "" || back.Fragment != "" || back.Scheme != "https" && !(back.Scheme == "http" && loopback(back.Hostname())) {
		return nil, fmt.Errorf("callback URL %q is none: it must be https, or http to this machine", redirect)
	}
	attempt := &Authorization{app: *a, redirect: redirect, state: rand.Text(), verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(attempt.verifier)}
	if loginHint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", loginHint))
	}
	attempt.URL = a.config(login, redirect, scopes).AuthCodeURL(attempt.state, options...)
	return attempt, nil
}

// ErrForeignAnswer means that an answer at the redirect URI does not belong to this
// attempt: another tab, or somebody else's link. The attempt goes on.
var ErrForeignAnswer = errors.New("the answer does not belong to this sign-in: its state differs")

// Exchange turns the query with which the browser came back into a token. A browser may
// come back more than once, as on a reload: each call returns what became of the first code.
func (a *Authorization) Exchange(ctx context.Context, query url.Values) (*Token, error) {
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(a.state)) != 1 {
		return nil, ErrForeignAnswer
	}
	if code := query.Get("error"); code != "" {
		return nil, refusal(hostOf(a.app.Login), clip(code), clip(query.Get("error_description")), 0)
	}
	code := strings.TrimSpace(query.Get("code"))
	if code == "" {
		return nil, &Error{Cause: Auth, Whole: true, Message: "the browser came back without a code", Advice: "Sign in again."}
	}
	a.once.Do(func() {
		a.token, a.err = a.app.ask(ctx, []Secret{Secret(code), Secret(a.verifier)}, func(ctx context.Context, login *url.URL) (*oauth2.Token, error) {
			return a.app.config(login, a.redirect, nil).Exchange(ctx, code, oauth2.VerifierOption(a.verifier))
		})
	})
	return a.token, a.err
}
