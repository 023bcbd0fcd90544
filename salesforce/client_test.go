package salesforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	token := StaticToken("t")
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{InstanceURL: "https://example.my.salesforce.com/", Token: token}, ""},
		{Config{InstanceURL: "https://example.my.salesforce.com", Version: "58.0", Token: token}, ""},
		{Config{InstanceURL: "http://localhost:8080", Token: token}, ""},
		{Config{InstanceURL: "http://[::1]:8080", Token: token}, ""},
		{Config{InstanceURL: "http://example.my.salesforce.com", Token: token}, "plain http is taken for this machine only"},
		{Config{InstanceURL: "http://10.0.0.1", Token: token}, "plain http"},
		{Config{InstanceURL: "ftp://example.com", Token: token}, "is not https"},
		{Config{InstanceURL: "example.my.salesforce.com", Token: token}, "is no address such as"},
		{Config{InstanceURL: "", Token: token}, "is no address"},
		{Config{InstanceURL: "https://me:secret@example.com", Token: token}, "must not hold a user name"},
		{Config{InstanceURL: "https://example.com/services/Soap", Token: token}, "has more than a host"},
		{Config{InstanceURL: "https://example.com", Version: "v67", Token: token}, `API version "v67"`},
		{Config{InstanceURL: "https://example.com"}, "source of access tokens"},
	} {
		_, err := New(c.config)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %q: %v, want %q", c.config.InstanceURL, c.config.Version, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}

func TestSameOrg(t *testing.T) {
	base, err := parseInstanceURL("https://example.my.salesforce.com")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]bool{
		"https://example.my.salesforce.com":              true,
		"https://EXAMPLE.my.salesforce.com":              true,
		"https://na139.salesforce.com":                   true,
		"http://na139.salesforce.com":                    false,
		"https://salesforce.com.evil.example":            false,
		"https://evilsalesforce.com":                     false,
		"https://example.my.salesforce.com@evil.com":     false,
		"http://example.my.salesforce.com":               false,
		"":                                               false,
		"://":                                            false,
		"https://example--dev.sandbox.my.salesforce.com": true,
	} {
		if sameOrg(base, in) != want {
			t.Errorf("%q: %v", in, !want)
		}
	}
}

func TestHeaders(t *testing.T) {
	org := newFake(t, answerWith(204, ""))
	row := Row{Object: "Case", ID: "500000000000001", Body: []byte(`{"Text":"` + strings.Repeat("x", 2000) + `"}`)}
	org.client(t).Update(context.Background(), row)
	org.client(t, func(c *Config) { c.AutoAssign = true; c.UserAgent = "test/1"; c.Version = "58.0" }).Update(context.Background(), Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)})
	got := org.requests()
	for i, want := range []map[string]string{
		{"Authorization": "Bearer 00D!token", "Sforce-Auto-Assign": "FALSE", "User-Agent": "sfsync", "Content-Encoding": "gzip", "Content-Type": "application/json; charset=UTF-8", "Accept-Encoding": "gzip"},
		{"Authorization": "Bearer 00D!token", "Sforce-Auto-Assign": "TRUE", "User-Agent": "test/1", "Content-Encoding": ""},
	} {
		for k, v := range want {
			if got[i].header.Get(k) != v {
				t.Errorf("request %d: %s: %q, want %q", i, k, got[i].header.Get(k), v)
			}
		}
	}
	if got[0].body != string(row.Body) {
		t.Error("the body did not survive compression")
	}
	if !strings.HasPrefix(got[1].path, "/services/data/v58.0/") {
		t.Errorf("path %s", got[1].path)
	}
}

func TestUsageAndCalls(t *testing.T) {
	var header atomic.Value
	header.Store("")
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Sforce-Limit-Info", header.Load().(string))
		w.WriteHeader(204)
	})
	c := org.client(t)
	row := Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}
	if u := c.Usage(); u.Max != 0 || !u.At.IsZero() {
		t.Errorf("usage before any call: %+v", u)
	}
	for in, want := range map[string]Usage{
		"api-usage=10018/100000": {Used: 10018, Max: 100000},
		"api-usage=25/5000; per-app-api-usage=17/250(appName=sample)": {Used: 25, Max: 5000},
		"per-app-api-usage=17/250(appName=sample); api-usage=25/5000": {Used: 25, Max: 5000},
		"": {}, "per-app-api-usage=17/250": {}, "api-usage=x/y": {}, "api-usage=-1/5": {}, "api-usage=5": {}, "something": {},
	} {
		c.usage.Store(&Usage{})
		header.Store(in)
		c.Update(context.Background(), row)
		if u := c.Usage(); u.Used != want.Used || u.Max != want.Max || u.At.IsZero() != (want.Max == 0) {
			t.Errorf("%q: %+v, want %+v", in, u, want)
		}
	}
	if c.Calls() != 9 {
		t.Errorf("%d calls counted, 9 made", c.Calls())
	}
}

// An expired token is renewed once for all calls that find it expired, and the
// calls are made again.
func TestTokenRenewal(t *testing.T) {
	const parallel = 20
	var renewals atomic.Int64
	var first sync.WaitGroup
	first.Add(parallel)
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if r.Header.Get("Authorization") == "Bearer old" {
			// All calls carry the old token before any of them learns that it is expired.
			first.Done()
			first.Wait()
			answerWith(401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)(w, r, nil)
			return
		}
		w.WriteHeader(204)
	})
	c := org.client(t, func(c *Config) {
		c.Token = func(_ context.Context, stale string) (string, error) {
			if stale == "" {
				return "old", nil
			}
			renewals.Add(1)
			if stale != "old" {
				return "", fmt.Errorf("stale is %q", stale)
			}
			return "new", nil
		}
	})
	var all sync.WaitGroup
	for range parallel {
		all.Go(func() {
			if r := c.Update(context.Background(), Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}); r.Err != nil {
				t.Error(r.Err)
			}
		})
	}
	all.Wait()
	if renewals.Load() != 1 || c.Calls() != 2*parallel {
		t.Errorf("%d renewals, %d calls", renewals.Load(), c.Calls())
	}
}

func TestTokenNotRenewed(t *testing.T) {
	for _, c := range []struct {
		status   int
		body     string
		renewals int64
	}{
		{401, `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`, 0},
		{401, `[{"message":"Connected app is not attached to Agent","errorCode":"INVALID_SESSION_ID"}]`, 0},
		{401, `[{"message":"","errorCode":"INVALID_AUTH_HEADER"}]`, 0},
		{401, `<html>`, 0},
		{403, `[{"message":"m","errorCode":"API_DISABLED_FOR_ORG"}]`, 0},
		{401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`, 1},
		{403, `Bad_OAuth_Token`, 1},
	} {
		var renewals int64
		org := newFake(t, answerWith(c.status, c.body))
		client := org.client(t, func(c *Config) {
			c.Token = func(_ context.Context, stale string) (string, error) {
				if stale != "" {
					renewals++
				}
				return stale + "x", nil
			}
		})
		_, err := client.Identity(context.Background())
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Cause != Auth || renewals != c.renewals {
			t.Errorf("%d %s: %v, %d renewals, want %d", c.status, c.body, err, renewals, c.renewals)
		}
	}
}

func TestTokenSourceFails(t *testing.T) {
	org := newFake(t, answerWith(401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`))
	own := errors.New("disk on fire")
	for _, c := range []struct {
		source TokenSource
		cause  Cause
		text   string
	}{
		{StaticToken(""), Auth, "no access token is given"},
		{StaticToken("t"), Auth, "cannot be renewed"},
		{func(context.Context, string) (string, error) { return "", nil }, Auth, "gave none"},
		{func(context.Context, string) (string, error) { return "", own }, Auth, "cannot get an access token: disk on fire"},
		{func(context.Context, string) (string, error) {
			return "", &Error{Cause: Network, Message: "cannot reach x"}
		}, Network, "cannot reach x"},
	} {
		r := org.client(t, func(config *Config) { config.Token = c.source }).Create(context.Background(), Row{Object: "Case", Body: []byte(`{}`)})
		if r.Err == nil || r.Err.Cause != c.cause || !strings.Contains(r.Err.Message, c.text) || r.Err.InDoubt {
			t.Errorf("%q: %+v", c.text, r.Err)
		}
	}
}

// A token source that hangs does not hold a caller who gives up.
func TestTokenCancelled(t *testing.T) {
	release := make(chan struct{})
	org := newFake(t, answerWith(204, ""))
	c := org.client(t, func(c *Config) {
		c.Token = func(context.Context, string) (string, error) { <-release; return "t", nil }
	})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	row := Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}
	if r := c.Update(ctx, row); r.Err == nil || !errors.Is(r.Err, context.Canceled) || r.Err.InDoubt {
		t.Errorf("%+v", r.Err)
	}
	close(release)
	if r := c.Update(context.Background(), row); r.Err != nil {
		t.Error(r.Err)
	}
}

func TestClientCredentials(t *testing.T) {
	const good = `{"access_token":"00D!fresh","instance_url":"%s","token_type":"Bearer","issued_at":"1278448832702"}`
	var reply atomic.Value
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if r.URL.Path != "/services/oauth2/token" {
			w.WriteHeader(204)
			return
		}
		a := reply.Load().(*answer)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	})
	source, err := ClientCredentials(org.URL, "key", "s3cret", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := org.client(t, func(c *Config) { c.Token = source })
	reply.Store(&answer{status: 200, body: fmt.Appendf(nil, good, org.URL)})
	row := Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)}
	if r := c.Update(context.Background(), row); r.Err != nil {
		t.Fatal(r.Err)
	}
	got := org.requests()
	for _, want := range []string{"grant_type=client_credentials", "client_id=key", "client_secret=s3cret"} {
		if !strings.Contains(got[0].body, want) {
			t.Errorf("the token call does not carry %s", want)
		}
	}
	if got[1].header.Get("Authorization") != "Bearer 00D!fresh" || c.Calls() != 1 {
		t.Errorf("authorization %q, %d calls", got[1].header.Get("Authorization"), c.Calls())
	}
	for _, refused := range []struct {
		status int
		body   string
		cause  Cause
		text   string
	}{
		{400, `{"error":"invalid_grant","error_description":"no client credentials user enabled"}`, Auth, "no client credentials user enabled"},
		{400, `{"error":"invalid_client","error_description":"invalid client credentials"}`, Auth, "invalid client credentials"},
		{400, `{"error":"something_new"}`, Auth, "refused to give an access token (400 Bad Request)"},
		{400, `{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}`, RateLimited, "login rate exceeded"},
		{503, `<html>`, Unavailable, "503"},
		{302, ``, Auth, "302"},
		{200, fmt.Sprintf(good, "https://evil.example"), Auth, "names another host"},
		{200, `{}`, Auth, "is not one"},
		{200, `<html>`, Auth, "is not one"},
	} {
		reply.Store(&answer{status: refused.status, body: []byte(refused.body)})
		r := org.client(t, func(c *Config) { c.Token = source }).Update(context.Background(), row)
		if r.Err == nil || r.Err.Cause != refused.cause || !strings.Contains(r.Err.Message, refused.text) {
			t.Errorf("%d %s: %v", refused.status, refused.body, r.Err)
		}
		if r.Err != nil && (strings.Contains(r.Err.Error(), "s3cret") || strings.Contains(r.Err.Error(), "fresh")) {
			t.Errorf("a secret is in %v", r.Err)
		}
	}
	org.Close()
	if _, err := source(context.Background(), ""); err == nil || !strings.HasPrefix(err.Error(), "network: ") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("token host down: %v", err)
	}
	if _, err := ClientCredentials("http://example.com", "a", "b", nil); err == nil {
		t.Error("credentials would travel in clear")
	}
	if _, err := ClientCredentials(org.URL, "a", "", nil); err == nil {
		t.Error("took an empty secret")
	}
}

// A redirect is not followed, so the token stays with the org's own host.
func TestRedirect(t *testing.T) {
	other := newFake(t, answerWith(200, `[]`))
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, other.URL+"/steal", http.StatusTemporaryRedirect)
	})
	r := org.client(t, func(c *Config) { c.HTTPClient = &http.Client{} }).Update(context.Background(), Row{Object: "Case", ID: "500000000000001", Body: []byte(`{}`)})
	if r.Err == nil || r.Err.HTTPStatus != 307 || r.Err.InDoubt || len(other.requests()) != 0 {
		t.Errorf("%+v, %d requests elsewhere", r.Err, len(other.requests()))
	}
}

// What is in doubt: everything that went wrong after the request was sent.
func TestInDoubt(t *testing.T) {
	row := Row{Object: "Case", Body: []byte(`{}`)}
	ctx := context.Background()
	check := func(name string, e *Error, doubt bool, text string) {
		t.Helper()
		if e == nil || e.InDoubt != doubt || !strings.Contains(e.Message, text) || strings.Contains(e.Message, "/sobjects/") {
			t.Errorf("%s: %+v", name, e)
		}
	}
	hangUp := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { panic(http.ErrAbortHandler) })
	r := hangUp.client(t).Create(ctx, row)
	check("connection closed without answer", r.Err, true, "broke before the whole answer came; the call may have been executed")
	if len(hangUp.requests()) != 1 {
		t.Errorf("a create in doubt was sent %d times", len(hangUp.requests()))
	}

	half := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":`)
	})
	cut := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	})
	check("connection reset", cut.client(t).Create(ctx, row).Err, true, "broke before the whole answer came")
	check("half an answer", half.client(t).Create(ctx, row).Err, true, "broke before the whole answer came")

	stop := make(chan struct{})
	arrived := make(chan struct{}, 2)
	slow := newFake(t, func(http.ResponseWriter, *http.Request, []byte) { arrived <- struct{}{}; <-stop })
	check("no answer in time", slow.client(t, func(c *Config) { c.Timeout = 20 * time.Millisecond }).Create(ctx, row).Err, true, "no answer from 127.0.0.1")
	cancelled, cancel := context.WithCancel(ctx)
	client := slow.client(t)
	<-arrived
	go func() { <-arrived; cancel() }()
	check("cancelled while waiting", client.Create(cancelled, row).Err, true, "the call was cancelled")
	close(stop)

	big := newFake(t, answerWith(201, `{"id":"`+strings.Repeat("x", 100)+`"}`))
	check("an answer too large", big.client(t, func(c *Config) { c.MaxResponse = 50 }).Create(ctx, row).Err, true, "larger than 50 bytes")

	gone := httptest.NewServer(nil)
	gone.Close()
	c, err := New(Config{InstanceURL: gone.URL, Token: StaticToken("t")})
	if err != nil {
		t.Fatal(err)
	}
	check("nobody listens", c.Create(ctx, row).Err, false, "cannot reach 127.0.0.1")

	lookup := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "example.my.salesforce.com", IsNotFound: true}
	}}}
	if c, err = New(Config{InstanceURL: "https://example.my.salesforce.com", Token: StaticToken("t"), HTTPClient: lookup}); err != nil {
		t.Fatal(err)
	}
	check("no such host", c.Create(ctx, row).Err, false, "cannot find the host example.my.salesforce.com")

	tls := httptest.NewTLSServer(nil)
	tls.Config.ErrorLog = nil
	defer tls.Close()
	if c, err = New(Config{InstanceURL: tls.URL, Token: StaticToken("t")}); err != nil {
		t.Fatal(err)
	}
	check("a certificate that is not trusted", c.Create(ctx, row).Err, false, "cannot reach 127.0.0.1")
}

func TestSingleRows(t *testing.T) {
	ctx := context.Background()
	row := Row{Object: "Account", ExternalField: "Key__c", ExternalValue: "1", Body: []byte(`{}`)}
	for _, c := range []struct {
		status  int
		body    string
		created bool
		id      string
		cause   Cause
	}{
		{201, `{"id":"001ak00000OQTieAAH","success":true,"errors":[],"created":true}`, true, "001ak00000OQTieAAH", ""},
		{200, `{"id":"001ak00000OQTieAAH","success":true,"errors":[],"created":false}`, false, "001ak00000OQTieAAH", ""},
		{204, ``, false, "", ""},
		{300, `["/services/data/v67.0/sobjects/Account/001a","/services/data/v67.0/sobjects/Account/001b"]`, false, "", Duplicate},
		{404, `[{"errorCode":"NOT_FOUND","message":"Provided external ID field does not exist or is not accessible: Key__c"}]`, false, "", FieldNotWritable},
		{200, `{"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"m"}]}`, false, "", InvalidValue},
	} {
		org := newFake(t, answerWith(c.status, c.body))
		r := org.client(t).Upsert(ctx, row)
		cause := Cause("")
		if r.Err != nil {
			cause = r.Err.Cause
		}
		if r.Created != c.created || r.ID != c.id || cause != c.cause || r.Err != nil && r.Err.Whole {
			t.Errorf("%d %s: %+v %v", c.status, c.body, r, r.Err)
		}
	}
	org := newFake(t, answerWith(400, `[{"errorCode":"INVALID_FIELD_FOR_INSERT_UPDATE","message":"m","fields":["Full__c"]}]`))
	if r := org.client(t).Create(ctx, Row{Object: "Lead", Schema: lead, Body: []byte(`{}`)}); r.Err.Cause != UnsupportedField {
		t.Errorf("a formula field: %v", r.Err)
	}
}
