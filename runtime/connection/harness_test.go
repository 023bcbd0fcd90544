package connection_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
	"github.com/sfsync/sfsync/store/vault"
)

// orgURL is where the transport of the tests finds the simulated org, without a network
// between them.
const orgURL = "http://127.0.0.1:1"

// bench is a simulated org, a store, and what is asked of the login host.
type bench struct {
	t   testing.TB
	org *orgsim.Org
	kv  store.KV
	dir string

	loginTime time.Duration // of a token call; for tests whose time is not real

	mu        sync.Mutex
	refreshes []time.Time // token calls that carried a refresh token
	logins    int         // all token calls
	fault     func(r *http.Request, form url.Values) fault
}

// fault is what goes wrong with a call.
type fault int

const (
	fine       fault = iota
	noRoute          // the call does not get out
	answerLost       // the org has done it, and the answer is lost
)

// noKeys takes away what the surroundings offer as a key of the store.
func noKeys(t testing.TB) {
	t.Setenv(vault.KeyVariable, "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
}

func newBench(t testing.TB, o orgsim.Options) *bench {
	t.Helper()
	noKeys(t)
	return newBenchAt(t, t.TempDir(), o)
}

func newBenchAt(t testing.TB, dir string, o orgsim.Options) *bench {
	t.Helper()
	org, err := orgsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { org.Close() })
	s, err := bolt.Open(filepath.Join(dir, "store"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &bench{t: t, org: org, kv: s.State(), dir: dir}
}

// RoundTrip carries a call to the org.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	var body string
	if r.Body != nil {
		read, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(read)
	}
	if r.URL.Scheme+"://"+r.URL.Host != orgURL {
		return nil, errors.New("a call went to " + r.URL.Host)
	}
	form := url.Values{}
	if strings.HasSuffix(r.URL.Path, "/token") {
		form, _ = url.ParseQuery(body)
	}
	b.mu.Lock()
	var broken fault
	if b.fault != nil {
		broken = b.fault(r, form)
	}
	if broken != noRoute {
		if len(form) > 0 {
			b.logins++
		}
		if form.Get("grant_type") == "refresh_token" {
			b.refreshes = append(b.refreshes, time.Now())
		}
	}
	b.mu.Unlock()
	if len(form) > 0 && b.loginTime > 0 {
		time.Sleep(b.loginTime)
	}
	if broken == noRoute {
		return nil, errors.New("no route to host")
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaderField != nil {
		trace.WroteHeaderField("Host", nil)
	}
	in := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
	in.Header = r.Header.Clone()
	w := httptest.NewRecorder()
	b.org.ServeHTTP(w, in)
	if broken == answerLost {
		return nil, errors.New("connection reset by peer")
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

func (b *bench) breakCalls(f func(r *http.Request, form url.Values) fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

func (b *bench) counts() (refreshes, logins int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.refreshes), b.logins
}

func (b *bench) http() *http.Client { return &http.Client{Transport: b} }

// manager is what one process has.
func (b *bench) manager() *connection.Manager {
	return connection.New(connection.Config{KV: b.kv, Vault: vault.Options{Dir: b.dir}, HTTPClient: b.http()})
}

// client is one of a connection, with a renewal loop of its own.
func (b *bench) client(m *connection.Manager, name string) *salesforce.Client {
	b.t.Helper()
	c, err := m.Client(context.Background(), name, salesforce.Config{HTTPClient: b.http()})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// saved is the connection as the store has it.
func (b *bench) saved(name string) store.Connection {
	b.t.Helper()
	c, err := store.GetConnection(context.Background(), b.kv, name)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

var requestField = regexp.MustCompile(`name="request" value="([^"]+)"`)

const callback = "http://localhost:1717/callback"

// browse signs in at an authorize page as a person does, and returns what the browser
// comes back with.
func (b *bench) browse(address, do string) url.Values {
	b.t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Transport: b, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(address)
	for err == nil && answer.StatusCode == 200 {
		page, _ := io.ReadAll(answer.Body)
		m := requestField.FindSubmatch(page)
		if m == nil {
			b.t.Fatalf("no form: %s", page)
		}
		form := url.Values{"request": {string(m[1])}, "do": {do}}
		if strings.Contains(string(page), `name="password"`) {
			form = url.Values{"request": {string(m[1])}, "do": {"login"}, "username": {orgsim.DefaultUsername}, "password": {orgsim.DefaultPassword}}
		}
		answer, err = browser.PostForm(orgURL+"/services/oauth2/authorize", form)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), callback+"?") {
		b.t.Fatalf("the browser ended at %d %q", answer.StatusCode, back)
	}
	return back.Query()
}

func webCredentials() connection.Credentials {
	return connection.Credentials{Flow: connection.Web, Login: orgURL, ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret}
}

// addWeb signs a connection in with a browser.
func (b *bench) addWeb(m *connection.Manager, name string) store.Connection {
	b.t.Helper()
	c, err := m.Add(context.Background(), name, webCredentials(), b.webToken(), "")
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// webToken signs in with a browser.
func (b *bench) webToken() *salesforce.Token {
	b.t.Helper()
	attempt, err := webCredentials().App(b.http()).Authorize(callback, salesforce.WebScopes, "")
	if err != nil {
		b.t.Fatal(err)
	}
	token, err := attempt.Exchange(context.Background(), b.browse(attempt.URL, "allow"))
	if err != nil {
		b.t.Fatal(err)
	}
	return token
}

// create writes a contact.
func create(ctx context.Context, c *salesforce.Client, name string) *salesforce.Error {
	return c.Create(ctx, salesforce.Row{Object: "Contact", Body: []byte(`{"LastName":"` + name + `"}`)}).Err
}

// rotating is the default app with rotation and short sessions.
func rotating(session time.Duration) orgsim.Options {
	return orgsim.Options{Apps: []orgsim.App{{
		ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret, RunAs: orgsim.DefaultUsername,
		Rotate: true, SessionTTL: orgsim.Duration(session), PreAuthorized: []string{orgsim.DefaultUsername},
	}}}
}

// reused counts refresh tokens that came again after they were replaced.
func (b *bench) reused() (n int) {
	for _, g := range b.org.Grants() {
		n += g.Reused
	}
	return n
}
