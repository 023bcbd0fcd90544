package clienttest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/k-capehart/go-salesforce/v3"
	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// pair makes an RSA key and the public half that an app is set up with, in PEM.
func pair(t *testing.T) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// TestGoSalesforceJWT logs in by the JWT bearer flow, whose exp this client sends as text.
func TestGoSalesforceJWT(t *testing.T) {
	org := start(t, orgsim.Options{})
	private, public := pair(t)
	if err := org.UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) {
		a.Certificate, a.PreAuthorized = public, []string{orgsim.DefaultUsername}
	}); err != nil {
		t.Fatal(err)
	}
	creds := salesforce.Creds{Domain: org.URL(), Username: orgsim.DefaultUsername, ConsumerKey: orgsim.DefaultClientID, ConsumerRSAPem: private}
	sf, err := salesforce.Init(creds)
	if err != nil {
		t.Fatal(err)
	}
	org.RevokeSessions() // it has to log in again by itself
	if made, err := sf.InsertOne("Contact", map[string]any{"LastName": "Ada"}); err != nil || !made.Success {
		t.Errorf("insert: %+v %v", made, err)
	}
	if n := org.Stats().Tokens["urn:ietf:params:oauth:grant-type:jwt-bearer"]; n != 2 {
		t.Errorf("%d tokens were given", n)
	}

	other, _ := pair(t)
	creds.ConsumerRSAPem = other
	if _, err := salesforce.Init(creds); err == nil || org.Stats().Refused["invalid_grant: invalid assertion"] != 1 {
		t.Errorf("another key: %v %v", err, org.Stats().Refused)
	}
	creds.ConsumerRSAPem = private
	if err := org.UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) { a.PreAuthorized = nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := salesforce.Init(creds); err == nil || org.Stats().Refused["invalid_grant: user hasn't approved this consumer"] != 1 {
		t.Errorf("a user who is not approved: %v %v", err, org.Stats().Refused)
	}
}

// TestJSforceLogin logs in by jsforce's own web-server flow, with and without PKCE, by refresh tokens and by JWT.
func TestJSforceLogin(t *testing.T) {
	const redirect = "http://localhost:1717/OauthRedirect"
	private, public := pair(t)
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	org := start(t, orgsim.Options{Apps: []orgsim.App{
		{ClientID: "web", ClientSecret: "web-secret", RedirectURIs: []string{redirect}, SessionTTL: orgsim.Duration(15 * time.Minute)},
		{ClientID: "desktop", Public: true, Rotate: true, RedirectURIs: []string{redirect}},
		{ClientID: "server", ClientSecret: "server-secret", Certificate: public, PreAuthorized: []string{orgsim.DefaultUsername}},
	}})
	drive(t, "login.js", org.URL(), redirect, orgsim.DefaultUsername, orgsim.DefaultPassword, key)
	for _, grant := range org.Grants() {
		if grant.App == "desktop" && (grant.Refresh != 2 || grant.Reused != 1 || grant.Ended == "") {
			t.Errorf("the rotating grant is %+v", grant)
		}
	}
}
