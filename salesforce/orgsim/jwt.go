package orgsim

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	assertionLife = 5 * time.Minute // documented are 3; clients that ask for 5 are let in
	clockSkew     = 30 * time.Second
)

// assertion is what a JWT of the bearer flow says.
type assertion struct {
	issuer, subject string
	audience        []string
	expires         time.Time
}

// jwtBearer logs in the user whom a signed assertion names.
func (g *Org) jwtBearer(c *call, form url.Values) answer {
	refuse := func(description string) answer { return oauthError(400, "invalid_grant", description) }
	signed := form.Get("assertion")
	if signed == "" {
		return oauthError(400, "invalid_request", "missing required parameter: assertion")
	}
	claims, ok := readAssertion(signed)
	if !ok {
		return refuse("invalid assertion")
	}
	app := c.cfg.appByID(claims.issuer)
	if app == nil {
		return oauthError(400, "invalid_client_id", "client identifier invalid")
	}
	key, err := publicKey(app.Certificate)
	if err != nil {
		return refuse("invalid assertion")
	}
	verify := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	if _, err := verify.Parse(signed, func(*jwt.Token) (any, error) { return key, nil }); err != nil {
		return refuse("invalid assertion")
	}
	most := assertionLife
	if g.opts.Assumptions.ShortAssertions {
		most = 3 * time.Minute
	}
	now := g.now()
	switch {
	case !slices.ContainsFunc(claims.audience, func(s string) bool { return slices.Contains(g.audiences(c), strings.TrimSuffix(s, "/")) }):
		return refuse("audience is invalid")
	case claims.expires.Before(now.Add(-clockSkew)):
		return refuse("expired authorization code")
	case claims.expires.After(now.Add(most + clockSkew)):
		return refuse("invalid assertion")
	}
	u := c.cfg.user(claims.subject)
	if u == nil || !app.preAuthorized(u) && !g.granted(app, u) {
		return refuse("user hasn't approved this consumer")
	}
	if a, ok := u.shut(); !ok {
		return a
	}
	c.user = u
	scopes := app.directScopes()
	a := jsonAnswer(200, map[string]string{"access_token": g.newSession(u, app, "", scopes), "scope": strings.Join(scopes, " "),
		"instance_url": c.base, "id": c.base + "/id/" + g.id + "/" + u.ID, "token_type": "Bearer"})
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}

// audiences are the names of this org's log-in: that of all orgs of its kind, and its own.
func (g *Org) audiences(c *call) []string {
	common := "https://login.salesforce.com"
	if g.opts.Environment.sandbox() {
		common = "https://test.salesforce.com"
	}
	return []string{common, c.base, c.base + "/services/oauth2/token"}
}

// readAssertion reads the claims of a JWT without believing them.
func readAssertion(signed string) (assertion, bool) {
	var claims jwt.MapClaims
	token, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(signed, &claims)
	if err != nil || token.Method.Alg() != "RS256" {
		return assertion{}, false
	}
	a := assertion{issuer: text(claims["iss"]), subject: text(claims["sub"])}
	if a.subject == "" {
		a.subject = text(claims["prn"])
	}
	switch aud := claims["aud"].(type) {
	case string:
		a.audience = []string{aud}
	case []any:
		for _, s := range aud {
			a.audience = append(a.audience, text(s))
		}
	}
	// Seconds, as a number or, as Salesforce's own example has it, as text.
	var seconds float64
	switch exp := claims["exp"].(type) {
	case json.Number:
		seconds, err = exp.Float64()
	case string:
		seconds, err = strconv.ParseFloat(exp, 64)
	default:
		return assertion{}, false
	}
	if err != nil || !(seconds > 0 && seconds < 1e11) {
		return assertion{}, false
	}
	a.expires = time.Unix(int64(seconds), 0)
	return a, a.issuer != "" && a.subject != ""
}

// publicKey reads an RSA key out of a certificate or a public key in PEM.
func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("certificate is not PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = cert.PublicKey
		}
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	default:
		return nil, errors.New("certificate is a " + strings.ToLower(block.Type) + ", not a certificate or a public key")
	}
	public, ok := key.(*rsa.PublicKey)
	switch {
	case err != nil:
		return nil, errors.New("certificate is not readable")
	case !ok:
		return nil, errors.New("certificate is not of an RSA key")
	}
	return public, nil
}
