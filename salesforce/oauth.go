package salesforce

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// App is an External Client App of an org, as a client of its OAuth endpoints.
//
//	app := salesforce.App{Login: "https://acme.my.salesforce.com", ClientID: key}
//	token, err := app.JWTBearer(ctx, privateKey, "integration@acme.example", "")
//
// Every call goes to the login host alone and follows no redirect. The methods return
// an *[Error] whose Advice says what to do; [Refused] tells those that asking again does
// not heal. No secret is in any of their texts.
type App struct {
	// Login is the address of login.salesforce.com, test.salesforce.com, the org's My
	// Domain (which the client credentials flow demands) or a custom host; see [ParseLogin].
	Login string
	// ClientID is the consumer key.
	ClientID string
	// ClientSecret is the consumer secret; empty for a public client.
	ClientSecret Secret
	// HTTPClient replaces the default; its redirect policy is not used.
	HTTPClient *http.Client
}

// loginTimeout bounds one call to an OAuth endpoint.
const loginTimeout = 30 * time.Second

// Paths of the OAuth endpoints at a login host.
const (
	authorizePath  = "/services/oauth2/authorize"
	tokenPath      = "/services/oauth2/token"
	revokePath     = "/services/oauth2/revoke"
	introspectPath = "/services/oauth2/introspect"
)

var defaultLoginClient = sync.OnceValue(func() *http.Client { return safeClient(nil) })

func (a *App) http() *http.Client {
	if a.HTTPClient == nil {
		return defaultLoginClient()
	}
	return safeClient(a.HTTPClient)
}

func (a *App) login() (*url.URL, error) {
	if a.ClientID == "" {
		return nil, errors.New("the consumer key (client id) of the External Client App is missing")
	}
	return parseAddress("login host", a.Login)
}

// ask runs one call of a flow and reads its answer.
func (a *App) ask(ctx context.Context, secrets []Secret, run func(context.Context, *url.URL) (*oauth2.Token, error)) (*Token, error) {
	login, err := a.login()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, a.http()), loginTimeout)
	defer cancel()
	ctx, sent := traceSent(ctx)
	answer, err := run(ctx, login)
	if err != nil {
		return nil, tokenError(login.Host, err, sent.Load(), append(secrets, a.ClientSecret)...)
	}
	return readToken(login, answer)
}

// ClientCredentials signs in as the app's Run As user. Login must be the org's My
// Domain: login.salesforce.com does not offer this flow. There is no refresh token.
func (a *App) ClientCredentials(ctx context.Context) (*Token, error) {
	if a.ClientID == "" || a.ClientSecret == "" {
		return nil, errors.New("client credentials need a consumer key and a consumer secret")
	}
	return a.ask(ctx, nil, func(ctx context.Context, login *url.URL) (*oauth2.Token, error) {
		config := clientcredentials.Config{
			ClientID: a.ClientID, ClientSecret: a.ClientSecret.Reveal(),
			TokenURL: login.String() + tokenPath, AuthStyle: oauth2.AuthStyleInParams,
		}
		return config.Token(ctx)
	})
}

// assertionLife is how long an assertion is valid; Salesforce takes three minutes at
// most. The rest is for clocks that differ.
const assertionLife = 2 * time.Minute

// JWTBearer signs in as a user by an assertion that the key of the app's certificate
// signs. An empty audience means that of the login host. There is no refresh token: each
// call is a sign-in of its own.
func (a *App) JWTBearer(ctx context.Context, key *rsa.PrivateKey, username, audience string) (*Token, error) {
	if key == nil || username == "" {
		return nil, errors.New("the JWT bearer flow needs a private key and a user name")
	}
	return a.ask(ctx, nil, func(ctx context.Context, login *url.URL) (*oauth2.Token, error) {
		if audience == "" {
			audience = audienceOf(login)
		}
		// A map, because Salesforce wants a text as audience and not a list of one.
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": a.ClientID, "sub": username, "aud": audience, "exp": time.Now().Add(assertionLife).Unix(),
		})
		token.Header = map[string]any{"alg": "RS256"}
		assertion, err := token.SignedString(key)
		if err != nil {
			return nil, &Error{Cause: Auth, Whole: true, Message: "the private key cannot sign: " + clip(err.Error())}
		}
		config := clientcredentials.Config{
			TokenURL: login.String() + tokenPath, AuthStyle: oauth2.AuthStyleInParams,
			EndpointParams: url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}},
		}
		return config.Token(ctx)
	})
}

// Refresh gets a new access token. The refresh token of the answer is the one to use
// from now on: with rotation it is a new one and the given one is dead, so it must be
// kept safe before the access token is used. An *[Error] with InDoubt set means that the
// request may have been carried out, and with rotation the given token may be dead.
func (a *App) Refresh(ctx context.Context, refresh Secret) (*Token, error) {
	if refresh == "" {
		return nil, errors.New("there is no refresh token to refresh with")
	}
	return a.ask(ctx, []Secret{refresh}, func(ctx context.Context, login *url.URL) (*oauth2.Token, error) {
		config := a.config(login, "", nil)
		return config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh.Reveal()}).Token()
	})
}

func (a *App) config(login *url.URL, redirect string, scopes []string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: a.ClientID, ClientSecret: a.ClientSecret.Reveal(), RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: login.String() + authorizePath, TokenURL: login.String() + tokenPath, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Revoke ends a refresh token with the access tokens that came of it, or one access
// token. A token that is dead already is no error.
func (a *App) Revoke(ctx context.Context, token Secret) error {
	login, err := a.login()
	if err != nil {
		return err
	}
	_, err = a.post(ctx, login, revokePath, url.Values{"token": {token.Reveal()}}, token)
	if e, ok := errors.AsType[*Error](err); ok && (e.Code == "invalid_token" || e.Code == "unsupported_token_type") {
		return nil
	}
	return err
}

// Introspection is what the org tells of a token.
type Introspection struct {
	Active   bool
	Username string
	Scopes   []string
	// Issued and Expires are zero if the org did not say.
	Issued, Expires time.Time
}

// Introspect asks about an access token. Not every app may.
func (a *App) Introspect(ctx context.Context, token Secret) (*Introspection, error) {
	login, err := a.login()
	if err != nil {
		return nil, err
	}
	form := url.Values{"token": {token.Reveal()}, "token_type_hint": {"access_token"}, "client_id": {a.ClientID}}
	if a.ClientSecret != "" {
		form.Set("client_secret", a.ClientSecret.Reveal())
	}
	body, err := a.post(ctx, login, introspectPath, form, token)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Active   bool   `json:"active"`
		Username string `json:"username"`
		Scope    string `json:"scope"`
		Exp      int64  `json:"exp"`
		Iat      int64  `json:"iat"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil, &Error{Cause: Unknown, Whole: true, Message: login.Host + " answered something else about the token than was asked"}
	}
	in := &Introspection{Active: answer.Active, Username: answer.Username, Scopes: strings.Fields(answer.Scope)}
	if answer.Iat > 0 {
		in.Issued = time.Unix(answer.Iat, 0).UTC()
	}
	if answer.Exp > 0 {
		in.Expires = time.Unix(answer.Exp, 0).UTC()
	}
	return in, nil
}

// maxLoginAnswer bounds the answer of an OAuth endpoint, in bytes.
const maxLoginAnswer = 1 << 20

func (a *App) post(ctx context.Context, login *url.URL, path string, form url.Values, secret Secret) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, login.String()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("login host %q has no valid address", login.Host)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := a.http().Do(req)
	if err != nil {
		return nil, transportError(login.Host, err, false)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxLoginAnswer))
	if err != nil {
		return nil, transportError(login.Host, err, true)
	}
	if res.StatusCode == http.StatusOK {
		return body, nil
	}
	refused := &oauth2.RetrieveError{Response: res}
	if failures := readErrors(body, res.StatusCode, ""); len(failures) > 0 {
		refused.ErrorCode, refused.ErrorDescription = failures[0].Code, failures[0].Message
	}
	return nil, tokenError(login.Host, refused, true, secret, a.ClientSecret)
}
