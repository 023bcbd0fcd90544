package connection_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

func TestFlows(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
	b := newBench(t, orgsim.Options{Environment: orgsim.Sandbox, Apps: []orgsim.App{
		{ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret, RunAs: orgsim.DefaultUsername},
		{ClientID: "public", Public: true, RequirePKCE: true},
		{ClientID: "jwt", Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), PreAuthorized: []string{orgsim.DefaultUsername}},
	}})
	m := b.manager()
	for name, given := range map[string]connection.Credentials{
		"browser": webCredentials(),
		"public":  {Flow: connection.Web, Login: orgURL, ClientID: "public"},
		"server":  {Flow: connection.ClientCredentials, Login: orgURL, ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret},
		"pkcs1": {Flow: connection.JWT, Login: orgURL, ClientID: "jwt", Username: orgsim.DefaultUsername,
			PrivateKey: salesforce.Secret(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))},
		"pkcs8": {Flow: connection.JWT, Login: orgURL, ClientID: "jwt", Username: orgsim.DefaultUsername,
			PrivateKey: salesforce.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			var token *salesforce.Token
			if given.Flow == connection.Web {
				attempt, err := given.App(b.http()).Authorize(callback, salesforce.WebScopes, "")
				if err != nil {
					t.Fatal(err)
				}
				if token, err = attempt.Exchange(t.Context(), b.browse(attempt.URL, "allow")); err != nil {
					t.Fatal(err)
				}
			}
			saved, err := m.Add(t.Context(), name, given, token, "")
			if err != nil {
				t.Fatal(err)
			}
			if saved.Environment != "sandbox" || saved.OrgID != b.org.ID() || saved.User != orgsim.DefaultUsername || saved.InstanceURL != orgURL || saved.Flow != given.Flow {
				t.Errorf("%+v", saved)
			}
			client := b.client(b.manager(), name)
			if err := create(t.Context(), client, name+"-1"); err != nil {
				t.Fatal(err)
			}
			// A new token when the old one is gone, and one for another process without asking.
			b.org.RevokeSessions()
			if err := create(t.Context(), client, name+"-2"); err != nil {
				t.Fatal(err)
			}
			_, before := b.counts()
			if err := create(t.Context(), b.client(b.manager(), name), name+"-3"); err != nil {
				t.Fatal(err)
			}
			if _, after := b.counts(); after != before {
				t.Error("a process signed in although there was a token")
			}
		})
	}
}

// TestOneRenewal lets many callers in two processes find out at once that their token is
// gone.
func TestOneRenewal(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	b.addWeb(b.manager(), "production")
	b.loginTime = 50 * time.Millisecond
	clients := []*salesforce.Client{b.client(b.manager(), "production"), b.client(b.manager(), "production")}
	for round := range 3 {
		b.org.RevokeSessions()
		var calls sync.WaitGroup
		for i := range 20 {
			calls.Go(func() {
				if err := create(t.Context(), clients[i%2], fmt.Sprintf("%d-%d", round, i)); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if n, _ := b.counts(); n != round+1 || b.reused() != 0 {
			t.Errorf("after round %d: %d refreshes, %d tokens used twice", round, n, b.reused())
		}
	}
}

// TestStop revokes a grant: the connection stops without asking again, says why, and goes
// on by itself when somebody signs in, in every process.
func TestStop(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	b.addWeb(b.manager(), "production")
	daemon := b.client(b.manager(), "production")
	if err := create(t.Context(), daemon, "before"); err != nil {
		t.Fatal(err)
	}
	b.org.RevokeGrants()
	for range 3 {
		bad := create(t.Context(), daemon, "held")
		if bad == nil || bad.Cause != salesforce.Auth || !strings.Contains(bad.Message, `connection "production" is stopped since`) ||
			!strings.Contains(bad.Advice, "sfsync connect refresh production") || bad.InDoubt {
			t.Fatalf("%+v", bad)
		}
	}
	if n, _ := b.counts(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	s := b.saved("production")
	if s.Stopped == nil || s.Stopped.Code != "invalid_grant" || s.Stopped.Cause != "auth" || !s.Stopped.LookAgain.IsZero() || s.LastError == nil {
		t.Errorf("%+v", s)
	}
	b.addWeb(b.manager(), "production")
	if err := create(t.Context(), daemon, "after"); err != nil {
		t.Error(err)
	}
	if s := b.saved("production"); s.Stopped != nil || s.LastError != nil {
		t.Errorf("still stopped: %+v", s)
	}
}

// TestLocked is a refusal that an admin heals without a new sign-in.
func TestLocked(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBenchAt(t, dir, rotating(15*time.Minute))
		m := b.manager()
		b.addWeb(m, "production")
		lock := func(locked bool) {
			if err := b.org.UpdateUser(orgsim.DefaultUsername, func(u *orgsim.User) { u.Locked = locked }); err != nil {
				t.Fatal(err)
			}
		}
		lock(true)
		b.org.RevokeSessions()
		client := b.client(m, "production")
		if bad := create(t.Context(), client, "x"); bad == nil || !strings.Contains(bad.Message, "user is locked") {
			t.Fatal(bad)
		}
		if s := b.saved("production").Stopped; s == nil || s.LookAgain.IsZero() {
			t.Fatalf("%+v", s)
		}
		lock(false)
		time.Sleep(29 * time.Minute)
		if bad := create(t.Context(), client, "x"); bad == nil {
			t.Error("asked again before it was time")
		}
		time.Sleep(2 * time.Minute)
		if bad := create(t.Context(), client, "x"); bad != nil {
			t.Errorf("not asked again: %v", bad)
		}
		// A person need not wait.
		lock(true)
		b.org.RevokeSessions()
		if bad := create(t.Context(), client, "y"); bad == nil {
			t.Fatal("a locked user got a token")
		}
		if err := m.Refresh(t.Context(), "production"); err == nil {
			t.Fatal("a locked user got a token")
		}
		lock(false)
		if err := m.Refresh(t.Context(), "production"); err != nil {
			t.Fatal(err)
		}
		if bad := create(t.Context(), client, "y"); bad != nil || b.saved("production").Stopped != nil {
			t.Error(bad)
		}
		if b.reused() != 0 {
			t.Error("a token was used twice")
		}
	})
}

// TestHopeless is an org that refuses every token that it gives.
func TestHopeless(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	b.addWeb(b.manager(), "production")
	b.breakCalls(func(r *http.Request, form url.Values) fault {
		if len(form) == 0 {
			b.org.RevokeSessions()
		}
		return fine
	})
	client := b.client(b.manager(), "production")
	var last *salesforce.Error
	for range 20 {
		last = create(t.Context(), client, "x")
	}
	if n, _ := b.counts(); n > 6 || last == nil || last.Cause != salesforce.Auth || last.RetryAfter == 0 {
		t.Errorf("%d tokens were asked for, at last %v", n, last)
	}
}

// sameAnswer is a login host that gives the token of a session again, as long as that lasts.
type sameAnswer struct {
	*bench
	mu     sync.Mutex
	answer []byte
	asked  int
}

func (s *sameAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/token") {
		return s.bench.RoundTrip(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; s.asked > 50 {
		return nil, errors.New("this is asked again and again")
	}
	if s.answer == nil {
		answer, err := s.bench.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if s.answer, err = io.ReadAll(answer.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(s.answer)), Request: r}, nil
}

// TestSameToken renews ahead of time and is given the token that it has; and then one
// that Salesforce does not accept any more.
func TestSameToken(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBenchAt(t, dir, rotating(15*time.Minute))
		host := &sameAnswer{bench: b}
		m := connection.New(connection.Config{KV: b.kv, Vault: vault.Options{Dir: b.dir}, HTTPClient: &http.Client{Transport: host}})
		credentials := webCredentials()
		credentials.Flow = connection.ClientCredentials
		if _, err := m.Add(t.Context(), "production", credentials, nil, ""); err != nil {
			t.Fatal(err)
		}
		if life := b.saved("production").SessionSeconds; life != 900 {
			t.Fatalf("a session lives for %d s", life)
		}
		client := b.client(m, "production")
		for range 14 {
			time.Sleep(time.Minute)
			if bad := create(t.Context(), client, "x"); bad != nil {
				t.Fatal(bad)
			}
			synctest.Wait()
		}
		if host.asked != 2 {
			t.Errorf("asked %d times for a token that was given at once", host.asked)
		}
		b.org.RevokeSessions()
		for range 20 {
			if bad := create(t.Context(), client, "x"); bad == nil || bad.Cause != salesforce.Auth {
				t.Fatalf("%v", bad)
			}
		}
		if host.asked > 8 {
			t.Errorf("asked %d times within a moment", host.asked)
		}
	})
}

// TestClockSetBack is what a process that had the wrong time leaves behind: a lease and a
// pause that end in hours.
func TestClockSetBack(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	m := b.manager()
	c := b.addWeb(m, "production")
	client := b.client(m, "production")
	later := time.Now().Add(5 * time.Hour)
	lock := func(locked bool) {
		if err := b.org.UpdateUser(orgsim.DefaultUsername, func(u *orgsim.User) { u.Locked = locked }); err != nil {
			t.Fatal(err)
		}
	}
	lock(true)
	b.org.RevokeSessions()
	if bad := create(t.Context(), client, "x"); bad == nil {
		t.Fatal("a locked user wrote")
	}
	lock(false)
	if err := store.UpdateConnection(t.Context(), b.kv, "production", func(c *store.Connection) bool {
		c.Stopped.At, c.Stopped.LookAgain, c.LastError.At = later.Add(-30*time.Minute), later, later
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.kv.Put(t.Context(), store.Entry{Key: "lease/grant/" + c.Grant, Value: []byte("of a process that died"), Expires: later}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if bad := create(ctx, client, "x"); bad != nil {
		t.Error(bad)
	}
	if n, _ := b.counts(); n != 2 || b.reused() != 0 {
		t.Errorf("%d refreshes, %d tokens used twice", n, b.reused())
	}
}

// TestRemovedUnderAClient is a client that asks for a token of a connection that is gone,
// again and again, until it is signed in anew.
func TestRemovedUnderAClient(t *testing.T) {
	b := newBench(t, orgsim.Options{})
	m := b.manager()
	b.addWeb(m, "production")
	client := b.client(b.manager(), "production")
	if bad := create(t.Context(), client, "x"); bad != nil {
		t.Fatal(bad)
	}
	if err := m.Remove(t.Context(), "production"); err != nil {
		t.Fatal(err)
	}
	b.org.RevokeSessions()
	for range 20 {
		if bad := create(t.Context(), client, "y"); bad == nil || bad.Cause != salesforce.Auth || !strings.Contains(bad.Message, "was removed or renamed") || !strings.Contains(bad.Advice, "sfsync connect add production") {
			t.Fatalf("%+v", bad)
		}
	}
	b.addWeb(m, "production")
	if bad := create(t.Context(), client, "y"); bad != nil {
		t.Error(bad)
	}
}

// TestNoGrant is a connection whose credentials come from the environment, and one whose
// grant is gone.
func TestNoGrant(t *testing.T) {
	b := newBench(t, orgsim.Options{})
	m := b.manager()
	if err := store.PutConnection(t.Context(), b.kv, store.Connection{Name: "ci", InstanceURL: orgURL}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Client(t.Context(), "ci", salesforce.Config{}); !errors.Is(err, connection.ErrNoGrant) {
		t.Errorf("%v", err)
	}
	c := b.addWeb(m, "production")
	if err := vault.Forget(t.Context(), b.kv, "grant", c.Grant); err != nil {
		t.Fatal(err)
	}
	if bad := create(t.Context(), b.client(m, "production"), "x"); bad == nil || bad.Cause != salesforce.Auth || !strings.Contains(bad.Advice, "sfsync connect add production") {
		t.Errorf("%+v", bad)
	}
	if _, err := m.Credentials(t.Context(), "production"); !errors.Is(err, connection.ErrNoGrant) {
		t.Errorf("%v", err)
	}
	b.addWeb(m, "production")
	if bad := create(t.Context(), b.client(m, "production"), "x"); bad != nil {
		t.Error(bad)
	}
	if err := m.Remove(t.Context(), "ci"); err != nil {
		t.Error(err)
	}
	if _, err := m.Client(t.Context(), "ci", salesforce.Config{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestValidate(t *testing.T) {
	for want, c := range map[string]connection.Credentials{
		"login host":         {Flow: connection.Web, ClientID: "k"},
		"consumer key":       {Flow: connection.Web, Login: orgURL},
		"web, jwt or":        {Flow: "device", Login: orgURL, ClientID: "k"},
		"consumer secret":    {Flow: connection.ClientCredentials, Login: orgURL, ClientID: "k"},
		"own My Domain":      {Flow: connection.ClientCredentials, Login: salesforce.ProductionLogin, ClientID: "k", ClientSecret: "s"},
		"name of the user":   {Flow: connection.JWT, Login: orgURL, ClientID: "k", PrivateKey: "x"},
		"the private key of": {Flow: connection.JWT, Login: orgURL, ClientID: "k", Username: "u"},
		"in PEM form":        {Flow: connection.JWT, Login: orgURL, ClientID: "k", Username: "u", PrivateKey: "x"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestNoRefreshToken is an app that would let the connection end with the session.
func TestNoRefreshToken(t *testing.T) {
	b := newBench(t, orgsim.Options{Apps: []orgsim.App{{ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret, Scopes: []string{"api", "id"}}}})
	given := webCredentials()
	attempt, err := given.App(b.http()).Authorize(callback, []string{"api"}, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := attempt.Exchange(t.Context(), b.browse(attempt.URL, "allow"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.manager().Add(t.Context(), "production", given, token, ""); err == nil || !strings.Contains(err.Error(), "no refresh token") {
		t.Errorf("%v", err)
	}
	if all, err := store.Connections(t.Context(), b.kv); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

// TestNoAPI is a sign-in after which no call would work.
func TestNoAPI(t *testing.T) {
	b := newBench(t, orgsim.Options{Apps: []orgsim.App{
		{ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret, RunAs: orgsim.DefaultUsername, Scopes: []string{"id"}},
		{ClientID: "other", ClientSecret: orgsim.DefaultClientSecret, RunAs: orgsim.DefaultUsername, Scopes: []string{"api"}},
	}})
	given := webCredentials()
	given.Flow = connection.ClientCredentials
	if _, err := b.manager().Add(t.Context(), "production", given, nil, ""); err == nil || !strings.Contains(err.Error(), "not valid for use with the REST API") {
		t.Errorf("without the scope api: %v", err)
	}
	given.ClientID = "other"
	_, err := b.manager().Add(t.Context(), "production", given, nil, "99.0")
	if e, ok := errors.AsType[*salesforce.Error](err); !ok || !strings.Contains(e.Advice, "the org does not know v99.0") {
		t.Errorf("with a version that the org does not have: %v", err)
	}
	if all, err := store.Connections(t.Context(), b.kv); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	// What this call alone may not read is no reason.
	b.breakCalls(func(r *http.Request, _ url.Values) fault {
		if strings.HasSuffix(r.URL.Path, "/query") {
			return noRoute
		}
		return fine
	})
	if c, err := b.manager().Add(t.Context(), "production", given, nil, ""); err != nil || c.User != orgsim.DefaultUsername {
		t.Errorf("%+v %v", c, err)
	}
}

// TestTrouble is what must not stop a connection.
func TestTrouble(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	b.addWeb(b.manager(), "production")
	client := b.client(b.manager(), "production")
	b.org.RevokeSessions()
	b.breakCalls(func(_ *http.Request, form url.Values) fault {
		if len(form) > 0 {
			return noRoute
		}
		return fine
	})
	if bad := create(t.Context(), client, "x"); bad == nil || bad.Cause != salesforce.Network || bad.InDoubt {
		t.Errorf("%+v", bad)
	}
	if s := b.saved("production"); s.Stopped != nil || s.LastError == nil || s.LastError.Cause != "network" {
		t.Errorf("%+v", s)
	}
	b.breakCalls(nil)
	if err := create(t.Context(), client, "x"); err != nil {
		t.Error(err)
	}
}

// TestKilled ends a process between the answer of a refresh and its writing.
func TestKilled(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	b.addWeb(b.manager(), "production")
	b.org.RevokeSessions()
	full := &failingKV{KV: b.kv}
	dying := connection.New(connection.Config{KV: full, Vault: vault.Options{Dir: b.dir}, HTTPClient: b.http()})
	client := b.client(dying, "production")
	b.breakCalls(func(_ *http.Request, form url.Values) fault {
		full.fail(len(form) > 0) // from the token call on, the disk takes nothing
		return fine
	})
	if bad := create(t.Context(), client, "x"); bad == nil || bad.Cause != salesforce.Unavailable || !strings.Contains(bad.Message, "cannot be written") {
		t.Fatalf("a token that is not on disk was used: %v", bad)
	}
	b.breakCalls(nil)

	// If the process lives and the disk heals, nothing is lost.
	full.fail(false)
	if err := create(t.Context(), client, "x"); err != nil {
		t.Error(err)
	}
	if n, _ := b.counts(); n != 1 || b.reused() != 0 {
		t.Errorf("%d refreshes, %d tokens used twice", n, b.reused())
	}

	// If it dies, the token is gone, and the next process says so.
	b.org.RevokeSessions()
	b.breakCalls(func(_ *http.Request, form url.Values) fault { full.fail(len(form) > 0); return fine })
	if bad := create(t.Context(), client, "y"); bad == nil {
		t.Fatal("written")
	}
	b.breakCalls(nil)
	next := b.client(b.manager(), "production")
	// The lease that the dead process could not give back runs out; nobody waits for it here.
	for e := range b.kv.List(t.Context(), "lease/") {
		if err := b.kv.Delete(t.Context(), e.Key, e.Revision); err != nil {
			t.Fatal(err)
		}
	}
	if bad := create(t.Context(), next, "y"); bad == nil || !strings.Contains(bad.Message, "was cut off before its answer was stored") {
		t.Fatalf("%v", bad)
	}
	b.addWeb(b.manager(), "production")
	if err := create(t.Context(), next, "y"); err != nil {
		t.Error(err)
	}
}

// failingKV is a store whose disk may be full.
type failingKV struct {
	store.KV
	mu      sync.Mutex
	failing bool
}

func (f *failingKV) fail(now bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = now
}

func (f *failingKV) broken() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing {
		return fmt.Errorf("%w: no space left on device", store.ErrUnavailable)
	}
	return nil
}

func (f *failingKV) Put(ctx context.Context, e store.Entry) (uint64, error) {
	if err := f.broken(); err != nil {
		return 0, err
	}
	return f.KV.Put(ctx, e)
}

func TestOtherOrg(t *testing.T) {
	b := newBench(t, orgsim.Options{})
	given := connection.Credentials{Flow: connection.ClientCredentials, Login: orgURL, ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret}
	m := b.manager()
	first, err := m.Add(t.Context(), "production", given, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	other := newBench(t, orgsim.Options{OrgID: "00DSm0000000002"})
	b.org = other.org
	if _, err := m.Add(t.Context(), "production", given, nil, ""); !errors.Is(err, connection.ErrOtherOrg) {
		t.Errorf("the writes of one org went to another: %v", err)
	}
	if _, err := m.Add(t.Context(), "production", webCredentials(), b.webToken(), ""); !errors.Is(err, connection.ErrOtherOrg) {
		t.Errorf("the writes of one org went to another: %v", err)
	}
	if grants := b.org.Grants(); len(grants) != 1 || grants[0].Ended == "" {
		t.Errorf("what the other org gave is left behind: %+v", grants)
	}
	if err := m.Refresh(t.Context(), "production"); err == nil || !strings.Contains(err.Error(), "belongs to another org") {
		t.Errorf("a token of another org was taken: %v", err)
	}
	if got := b.saved("production"); got.OrgID != first.OrgID {
		t.Errorf("%+v", got)
	}
}

func TestRenameAndRemove(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	m := b.manager()
	b.addWeb(m, "production")
	if err := store.PutSchema(t.Context(), b.kv, store.Schema{Connection: "production", Object: "Case", Describe: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	b.addWeb(m, "sandbox")
	if err := m.Rename(t.Context(), "production", "sandbox"); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a connection was renamed over another: %v", err)
	}
	if err := m.Rename(t.Context(), "production", "live"); err != nil {
		t.Fatal(err)
	}
	if err := create(t.Context(), b.client(m, "live"), "x"); err != nil {
		t.Error(err)
	}
	if _, err := store.GetSchema(t.Context(), b.kv, "live", "case"); err != nil {
		t.Error(err)
	}
	if _, err := store.GetConnection(t.Context(), b.kv, "production"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
	if err := m.Remove(t.Context(), "live"); err != nil {
		t.Fatal(err)
	}
	if g := b.org.Grants(); g[0].Ended != "its client has revoked it" || g[1].Ended != "" {
		t.Errorf("%+v", g)
	}
	b.breakCalls(func(*http.Request, url.Values) fault { return noRoute })
	var not *connection.NotRevokedError
	if err := m.Remove(t.Context(), "sandbox"); !errors.As(err, &not) {
		t.Errorf("not revoked, and not said: %v", err)
	}
	for e := range b.kv.List(t.Context(), "") {
		if e.Key != "vault" {
			t.Errorf("left behind: %s", e.Key)
		}
	}
}

// TestMoved is an org whose My Domain gets another name: the next token tells its address.
func TestMoved(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	m := b.manager()
	b.addWeb(m, "production")
	if err := store.UpdateConnection(t.Context(), b.kv, "production", func(c *store.Connection) bool {
		c.InstanceURL = "http://127.0.0.1:2"
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if err := m.Refresh(t.Context(), "production"); err != nil {
		t.Fatal(err)
	}
	if at := b.saved("production").InstanceURL; at != orgURL {
		t.Errorf("it is thought to be at %s", at)
	}
	if bad := create(t.Context(), b.client(m, "production"), "x"); bad != nil {
		t.Error(bad)
	}
}

// TestKilledRename leaves a connection under both names: renaming it again goes on, and
// removing either takes nothing from the other.
func TestKilledRename(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	m := b.manager()
	kill := func() {
		half := b.saved("production")
		half.Name = "live"
		if err := store.PutConnection(t.Context(), b.kv, half); err != nil {
			t.Fatal(err)
		}
	}
	b.addWeb(m, "production")
	if err := store.PutSchema(t.Context(), b.kv, store.Schema{Connection: "production", Object: "Case", Describe: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	kill()
	if err := m.Remove(t.Context(), "live"); err != nil {
		t.Fatal(err)
	}
	b.org.RevokeSessions()
	if err := create(t.Context(), b.client(m, "production"), "x"); err != nil {
		t.Error(err)
	}
	if err := m.Rename(t.Context(), "production", "production"); !errors.Is(err, store.ErrConflict) {
		t.Errorf("renamed to its own name: %v", err)
	}
	b.saved("production")
	kill()
	if err := m.Rename(t.Context(), "production", "live"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.GetConnection(t.Context(), b.kv, "production"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
	if _, err := store.GetSchema(t.Context(), b.kv, "live", "case"); err != nil {
		t.Error(err)
	}
	if err := m.Remove(t.Context(), "live"); err != nil {
		t.Fatal(err)
	}
	if g := b.org.Grants(); len(g) != 1 || g[0].Ended != "its client has revoked it" {
		t.Errorf("%+v", g)
	}
}

func TestWrongKey(t *testing.T) {
	b := newBench(t, orgsim.Options{})
	b.addWeb(b.manager(), "production")
	t.Setenv(vault.KeyVariable, strings.Repeat("ab", 32))
	if err := os.Remove(filepath.Join(b.dir, "sfsync.key")); err != nil {
		t.Fatal(err)
	}
	bad := create(t.Context(), b.client(b.manager(), "production"), "x")
	if bad == nil || !strings.Contains(bad.Message, "this store is sealed with key") || !strings.Contains(bad.Message, "SFSYNC_KEY holds key") || bad.Advice != vault.KeyAdvice {
		t.Errorf("%v", bad)
	}
	if _, err := b.manager().Credentials(t.Context(), "production"); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("%v", err)
	}
	if b.saved("production").Stopped != nil {
		t.Error("a wrong key cost the connection")
	}
}

// TestDamaged is a grant that does not open, which is to be removed and added again.
func TestDamaged(t *testing.T) {
	b := newBench(t, orgsim.Options{})
	m := b.manager()
	c := b.addWeb(m, "production")
	e, err := b.kv.Get(t.Context(), "secret/grant/"+c.Grant)
	if err != nil {
		t.Fatal(err)
	}
	e.Value = bytes.Replace(e.Value, []byte(`"box":"`), []byte(`"box":"AAAA`), 1)
	if _, err := b.kv.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	bad := create(t.Context(), b.client(b.manager(), "production"), "x")
	if bad == nil || bad.Cause != salesforce.Auth || !strings.Contains(bad.Message, "damaged") || !strings.Contains(bad.Advice, "sfsync connect remove production") {
		t.Fatalf("%+v", bad)
	}
	var not *connection.NotRevokedError
	if err := m.Remove(t.Context(), "production"); !errors.As(err, &not) {
		t.Fatal(err)
	}
	b.addWeb(m, "production")
	if bad := create(t.Context(), b.client(b.manager(), "production"), "x"); bad != nil {
		t.Error(bad)
	}
}

// TestSecrets looks for every secret in all that is printed and stored.
func TestSecrets(t *testing.T) {
	b := newBench(t, rotating(15*time.Minute))
	m := b.manager()
	var secrets []string
	b.breakCalls(func(r *http.Request, form url.Values) fault {
		for _, name := range []string{"refresh_token", "client_secret", "code", "code_verifier"} {
			if v := form.Get(name); v != "" {
				secrets = append(secrets, v)
			}
		}
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			secrets = append(secrets, token)
		}
		return fine
	})
	var out bytes.Buffer
	show := func(values ...any) {
		for _, v := range values {
			fmt.Fprintf(&out, "%v %+v %#v %q\n", v, v, v, v)
			text, _ := json.Marshal(v)
			out.Write(text)
		}
	}
	c := b.addWeb(m, "production")
	given, err := m.Credentials(t.Context(), "production")
	if err != nil {
		t.Fatal(err)
	}
	token, err := given.App(b.http()).ClientCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := given.App(b.http()).Authorize(callback, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, token.AccessToken.Reveal())
	client := b.client(m, "production")
	show(create(t.Context(), client, "x"), c, given, token, *token, attempt, client, m)
	b.org.RevokeGrants()
	show(create(t.Context(), client, "x"), b.saved("production"), client, m)
	_, err = attempt.Exchange(t.Context(), url.Values{"state": {"other"}, "code": {"c0de-of-another"}})
	show(err)
	if len(secrets) < 5 {
		t.Fatalf("only %d secrets went by", len(secrets))
	}
	for _, s := range secrets {
		if strings.Contains(out.String(), s) {
			t.Errorf("printed: %.12s…", s)
		}
	}
	if !strings.Contains(out.String(), "«sealed»") {
		t.Error("nothing was printed")
	}
	err = filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(content, []byte(s)) {
				t.Errorf("in clear in %s: %.12s…", d.Name(), s)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
