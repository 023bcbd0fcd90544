package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sfsync/sfsync/salesforce"
)

// The flows by which a connection signs in.
const (
	Web               = "web"                // web server flow with PKCE: a person, once, in a browser
	JWT               = "jwt"                // JWT bearer flow: a private key
	ClientCredentials = "client-credentials" // the app's Run As user
)

// Credentials are what a person gives to sign in with.
type Credentials struct {
	Flow     string // Web, JWT or ClientCredentials
	Login    string // address of the login host, as salesforce.ParseLogin makes it
	ClientID string // consumer key
	// ClientSecret is the consumer secret. Client credentials need it; a web app may be
	// a public client without one; JWT has none.
	ClientSecret salesforce.Secret
	// PrivateKey is the PEM of the RSA key of the JWT bearer flow, and Username whom it
	// signs in.
	PrivateKey salesforce.Secret
	Username   string
	// Audience of the JWT; empty for that of the login host.
	Audience string
}

// App is the External Client App of the credentials. A nil client means the default.
func (c Credentials) App(client *http.Client) *salesforce.App {
	return &salesforce.App{Login: c.Login, ClientID: c.ClientID, ClientSecret: c.ClientSecret, HTTPClient: client}
}

// Validate reports the first thing that the flow needs and that is missing or no good.
func (c Credentials) Validate() error {
	if c.Login == "" {
		return errors.New("the login host is missing")
	}
	if c.ClientID == "" {
		return errors.New("the consumer key (client id) of the External Client App is missing")
	}
	switch c.Flow {
	case Web:
	case ClientCredentials:
		switch {
		case c.ClientSecret == "":
			return errors.New("the client credentials flow needs the consumer secret")
		case salesforce.SharedLogin(c.Login):
			return errors.New("the client credentials flow works only at the org's own My Domain, such as https://acme.my.salesforce.com")
		}
	case JWT:
		if c.Username == "" {
			return errors.New("the JWT bearer flow needs the name of the user to sign in")
		}
		if c.PrivateKey == "" {
			return errors.New("the JWT bearer flow needs the private key of the app's certificate")
		}
		_, err := salesforce.ParsePrivateKey([]byte(c.PrivateKey.Reveal()))
		return err
	default:
		return fmt.Errorf("there is no flow %q: web, jwt or client-credentials", c.Flow)
	}
	return nil
}

// signIn gets a token without a person.
func (c Credentials) signIn(ctx context.Context, client *http.Client) (*salesforce.Token, error) {
	switch c.Flow {
	case JWT:
		key, err := salesforce.ParsePrivateKey([]byte(c.PrivateKey.Reveal()))
		if err != nil {
			return nil, err
		}
		return c.App(client).JWTBearer(ctx, key, c.Username, c.Audience)
	case ClientCredentials:
		return c.App(client).ClientCredentials(ctx)
	}
	return nil, errors.New("this connection signs in with a browser: sfsync connect refresh NAME")
}

// grant is what is sealed of a connection.
type grant struct {
	Credentials
	// Authorization is the sign-in by hand that this grant came of.
	Authorization string
	RefreshToken  salesforce.Secret
	AccessToken   salesforce.Secret
	// RenewAt and ExpiresAt are of the access token; zero if nobody knows.
	RenewAt, ExpiresAt time.Time
	// Refreshing is when a refresh began whose answer is not stored; zero for none.
	Refreshing time.Time
}

// sealedGrant is a grant in clear, on its way into and out of the vault.
type sealedGrant struct {
	Flow          string    `json:"flow"`
	Login         string    `json:"login"`
	ClientID      string    `json:"client_id"`
	ClientSecret  string    `json:"client_secret,omitempty"`
	PrivateKey    string    `json:"private_key,omitempty"`
	Username      string    `json:"username,omitempty"`
	Audience      string    `json:"audience,omitempty"`
	Authorization string    `json:"authorization"`
	RefreshToken  string    `json:"refresh_token,omitempty"`
	AccessToken   string    `json:"access_token,omitempty"`
	RenewAt       time.Time `json:"renew_at,omitzero"`
	ExpiresAt     time.Time `json:"expires_at,omitzero"`
	Refreshing    time.Time `json:"refreshing,omitzero"`
}

func (g *grant) clear() ([]byte, error) {
	return json.Marshal(sealedGrant{
		Flow: g.Flow, Login: g.Login, ClientID: g.ClientID, ClientSecret: g.ClientSecret.Reveal(), PrivateKey: g.PrivateKey.Reveal(),
		Username: g.Username, Audience: g.Audience, Authorization: g.Authorization, RefreshToken: g.RefreshToken.Reveal(),
		AccessToken: g.AccessToken.Reveal(), RenewAt: g.RenewAt, ExpiresAt: g.ExpiresAt, Refreshing: g.Refreshing,
	})
}

func readGrant(clear []byte) (*grant, error) {
	var s sealedGrant
	if json.Unmarshal(clear, &s) != nil {
		return nil, errors.New("the sealed grant cannot be read")
	}
	return &grant{
		Credentials: Credentials{Flow: s.Flow, Login: s.Login, ClientID: s.ClientID, ClientSecret: salesforce.Secret(s.ClientSecret),
			PrivateKey: salesforce.Secret(s.PrivateKey), Username: s.Username, Audience: s.Audience},
		Authorization: s.Authorization, RefreshToken: salesforce.Secret(s.RefreshToken), AccessToken: salesforce.Secret(s.AccessToken),
		RenewAt: s.RenewAt, ExpiresAt: s.ExpiresAt, Refreshing: s.Refreshing,
	}, nil
}

// take keeps what a token answer gives.
func (g *grant) take(token *salesforce.Token, life time.Duration, now time.Time) {
	g.AccessToken = token.AccessToken
	if token.RefreshToken != "" {
		g.RefreshToken = token.RefreshToken
	}
	if token.Life > 0 {
		life = token.Life
	}
	g.RenewAt, g.ExpiresAt, g.Refreshing = time.Time{}, time.Time{}, time.Time{}
	if life > 0 {
		g.RenewAt, g.ExpiresAt = now.Add(life*4/5).UTC(), now.Add(life).UTC()
	}
}
