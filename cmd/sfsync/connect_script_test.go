package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// browseCommand does what a person does in a browser, at the address that a command has
// printed to a file, and looks for a text on the page at which that ends:
//
//	browse allow|deny|forge FILE TEXT
//
// Forge comes back with the state of another sign-in.
func browseCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: browse allow|deny|forge FILE TEXT")
	}
	address := ""
	for deadline := time.Now().Add(10 * time.Second); address == ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s has no address to open", args[1])
		}
		if said, err := os.ReadFile(ts.MkAbs(args[1])); err == nil {
			address = addressIn(string(said))
		}
	}
	text, err := browse(address, args[0], ts.Getenv("PASSWORD"))
	ts.Check(err)
	if !strings.Contains(text, args[2]) {
		ts.Fatalf("the last page is\n%s", text)
	}
}

var authorizeAddress = regexp.MustCompile(`(?m)^https?://\S+/services/oauth2/authorize\?\S+$`)

func addressIn(text string) string { return authorizeAddress.FindString(text) }

var requestField = regexp.MustCompile(`name="request" value="([^"]*)"`)

// browse signs the default user of a simulated org in, answers as asked, and returns the
// page at which a browser would end; or its address, which is not opened, for "copy".
func browse(address, do, password string) (page string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	if do == "forge" {
		at, err := url.Parse(address)
		if err != nil {
			return "", err
		}
		return read(client.Get(at.Query().Get("redirect_uri") + "?code=stolen&state=of-another-sign-in"))
	}
	end := ""
	if do == "copy" {
		do = "allow"
		client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path != callbackPath {
				return nil
			}
			end = r.URL.String()
			return http.ErrUseLastResponse
		}
	}
	if page, err = read(client.Get(address)); err != nil {
		return "", err
	}
	post, _, _ := strings.Cut(address, "?")
	for _, form := range []url.Values{{"do": {"login"}, "username": {orgsim.DefaultUsername}, "password": {password}}, {"do": {do}}} {
		request := requestField.FindStringSubmatch(page)
		if request == nil {
			return page, nil // an error; or who has allowed the app once is not asked again
		}
		form.Set("request", html.UnescapeString(request[1]))
		if page, err = read(client.PostForm(post, form)); err != nil || end != "" {
			return end, err
		}
	}
	return page, nil
}

func read(res *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return html.UnescapeString(string(text)), err
}

// appCommand changes the app of the org:
//
//	[!] app public|rotate|callback URL…|preauthorize USER…
func appCommand(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(orgOf(ts).UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) {
		switch args[0] {
		case "public":
			a.Public, a.ClientSecret = !neg, ""
		case "rotate":
			a.Rotate = !neg
		case "preauthorize":
			a.PreAuthorized = args[1:]
		case "callback":
			a.RedirectURIs = append([]string(nil), args[1:]...) // nil takes every address of this machine
		default:
			ts.Fatalf("usage: [!] app public|rotate|callback URL…|preauthorize USER…")
		}
	}))
}

// keypairCommand makes a private key for the JWT bearer flow. Unless it is to be a wrong
// one, the app gets its certificate, which lies in FILE.crt too:
//
//	[!] keypair FILE.key.pem
func keypairCommand(ts *testscript.TestScript, neg bool, args []string) {
	key, certificate, err := newKeyPair()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), key, 0o600))
	watch := ts.Value(watchKey{}).(*secretWatch)
	watch.givenFile(args[0], key)
	// One line is enough to know it by. It is from the private exponent: the modulus,
	// before it, stands in the certificate too.
	watch.give("private key", strings.Split(string(key), "\n")[10])
	if !neg {
		ts.Check(os.WriteFile(strings.TrimSuffix(ts.MkAbs(args[0]), ".key.pem")+".crt", certificate, 0o644))
		ts.Check(orgOf(ts).UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) { a.Certificate = string(certificate) }))
	}
}

func newKeyPair() (key, certificate []byte, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sfsync"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}

// fileCommand writes a file of the user's own, which may hold secrets, a line for each
// argument:
//
//	file NAME LINE…
func fileCommand(ts *testscript.TestScript, neg bool, args []string) {
	text := []byte(strings.Join(args[1:], "\n") + "\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
	ts.Value(watchKey{}).(*secretWatch).givenFile(args[0], text)
}

// revokeCommand ends what users have allowed apps, as an admin does in Setup; or only
// their sessions.
//
//	revoke grants|sessions
func revokeCommand(ts *testscript.TestScript, neg bool, args []string) {
	switch args[0] {
	case "grants":
		orgOf(ts).RevokeGrants()
	case "sessions":
		orgOf(ts).RevokeSessions()
	}
}

type watchKey struct{}
