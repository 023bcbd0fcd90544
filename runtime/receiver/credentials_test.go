package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sign signs a request as Standard Webhooks say.
func sign(h http.Header, secret, id string, at time.Time, body string) {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "." + body))
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// The test vector that the libraries of Standard Webhooks share.
func TestSignatureVector(t *testing.T) {
	h := http.Header{
		"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
		"Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	s, err := readSignature(h, time.Unix(1614265330, 0))
	if err != nil {
		t.Fatal(err)
	}
	key, err := readSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	if !s.matches([][]byte{key}, []byte(`{"test": 2432232314}`)) {
		t.Error("the signature does not match")
	}
	if s.matches([][]byte{key}, []byte(`{"test": 2432232315}`)) {
		t.Error("the signature matches another body")
	}
	if s.matches(nil, []byte(`{"test": 2432232314}`)) {
		t.Error("the signature matches without a key")
	}
}

func TestCredentials(t *testing.T) {
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	second := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("r", 32)))
	body := response("a")
	signed := func(by string, age time.Duration) func(http.Header) {
		return func(h http.Header) { sign(h, by, "msg_1", time.Now().Add(-age), body) }
	}
	tests := []struct {
		name   string
		header func(http.Header)
		error  string // "" if it is let in
	}{
		{"nothing", func(http.Header) {}, "the request carries neither a bearer token nor a webhook signature"},
		{"token", func(h http.Header) { h.Set("Authorization", "Bearer "+token) }, ""},
		{"token, lower case", func(h http.Header) { h.Set("Authorization", "bearer  "+token) }, ""},
		{"wrong token", func(h http.Header) { h.Set("Authorization", "Bearer "+token+"x") }, "this token is not known"},
		{"part of a token", func(h http.Header) { h.Set("Authorization", "Bearer "+token[:20]) }, "this token is not known"},
		{"no token", func(h http.Header) { h.Set("Authorization", "Bearer") }, "the request carries neither a bearer token nor a webhook signature"},
		{"another scheme", func(h http.Header) { h.Set("Authorization", "Basic "+token) }, "this token is not known"},
		{"signature", signed(secret, 0), ""},
		{"signature by the next secret", signed(second, 0), ""},
		{"wrong token, good signature", func(h http.Header) { h.Set("Authorization", "Bearer nonsense"); signed(secret, 0)(h) }, ""},
		{"signature by a stranger", signed(other, 0), "the signature is not of this body, or by another secret"},
		{"several signatures", func(h http.Header) {
			signed(secret, 0)(h)
			good := h.Get("Webhook-Signature")
			signed(other, 0)(h)
			h.Set("Webhook-Signature", "v1a,AAAA v1,*** "+h.Get("Webhook-Signature")+" "+good)
		}, ""},
		{"of another id", func(h http.Header) { signed(secret, 0)(h); h.Set("Webhook-Id", "msg_2") }, "the signature is not of this body, or by another secret"},
		{"of another time", func(h http.Header) {
			signed(secret, time.Minute)(h)
			h.Set("Webhook-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
		}, "the signature is not of this body, or by another secret"},
		{"nearly too old", signed(secret, 5*time.Minute), ""},
		{"too old", signed(secret, 5*time.Minute+time.Second), "the signature is more than 5m0s old"},
		{"nearly in the future", signed(secret, -5*time.Minute), ""},
		{"in the future", signed(secret, -5*time.Minute-time.Second), "the signature is more than 5m0s in the future"},
		{"far times", func(h http.Header) { signed(secret, 0)(h); h.Set("Webhook-Timestamp", "-9223372036854775808") }, "the signature is more than 5m0s old"},
		{"far future", func(h http.Header) { signed(secret, 0)(h); h.Set("Webhook-Timestamp", "9223372036854775807") }, "the signature is more than 5m0s in the future"},
		{"no time", func(h http.Header) { signed(secret, 0)(h); h.Del("Webhook-Timestamp") }, "a signature needs the headers webhook-id, webhook-timestamp and webhook-signature"},
		{"no number", func(h http.Header) { signed(secret, 0)(h); h.Set("Webhook-Timestamp", "1e9") }, "webhook-timestamp is no number of seconds"},
		{"another version", func(h http.Header) { signed(secret, 0)(h); h.Set("Webhook-Signature", "v2,AAAA") }, "webhook-signature holds no signature of version v1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDeskOn(t, take, func(c *Config) { c.Secrets = []string{secret, second} })
				req := post("/v1/events", body, "Authorization", "")
				test.header(req.Header)
				w := d.do(req)
				if test.error == "" {
					if w.Code != 202 {
						t.Errorf("%d %s", w.Code, w.Body)
					}
					return
				}
				if w.Code != 401 || !strings.Contains(w.Body.String(), `"error":"`+test.error+`"`) || w.Header().Get("WWW-Authenticate") == "" {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				if log := d.log.String(); !strings.Contains(log, "reason=credentials") || !strings.Contains(log, test.error) {
					t.Errorf("the log says %q", log)
				}
				if len(d.keptEvents()) != 0 {
					t.Error("it is kept all the same")
				}
			})
		})
	}
}

// What was recorded does nothing when it is sent again, and is refused after a while.
func TestReplay(t *testing.T) {
	d := newDesk(t)
	at := time.Now()
	request := func() *http.Request {
		req := post("/v1/events", response("a"), "Authorization", "")
		sign(req.Header, secret, "msg_1", at, response("a"))
		return req
	}
	for _, want := range []string{"a accepted", "a duplicate", "a duplicate"} {
		if got := decided(t, d.do(request())); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	at = at.Add(-10 * time.Minute)
	if w := d.do(request()); w.Code != 401 {
		t.Errorf("an old request: %d", w.Code)
	}
	if n := len(d.keptEvents()); n != 1 {
		t.Errorf("%d events are kept", n)
	}
}

// Who may not send costs no body.
func TestUnauthorizedBodyIsUnread(t *testing.T) {
	d := newDeskOn(t, take)
	for _, path := range []string{"/v1/events", "/v1/distributions"} {
		req := post(path, "", "Authorization", "Bearer "+strings.Repeat("x", 20))
		req.Body = http.NoBody
		req.Body = readCloser{unreadBody{t}}
		req.ContentLength = 100
		if w := d.do(req); w.Code != 401 || w.Header().Get("Connection") != "close" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

type readCloser struct{ unreadBody }

func (readCloser) Close() error { return nil }

func TestNoCredentials(t *testing.T) {
	d := newDeskOn(t, take, func(c *Config) { c.Tokens, c.Secrets = nil, nil })
	if w := d.do(post("/v1/events", response("a"))); w.Code != 401 || !strings.Contains(w.Body.String(), "neither a token nor a webhook secret is configured") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Who signs where only tokens are known learns that, and not that nothing was signed.
func TestNoWebhookSecret(t *testing.T) {
	d := newDeskOn(t, take, func(c *Config) { c.Secrets = nil })
	req := post("/v1/events", response("a"), "Authorization", "")
	sign(req.Header, secret, "msg_1", time.Now(), response("a"))
	if w := d.do(req); w.Code != 401 || !strings.Contains(w.Body.String(), `"error":"the request is signed, and no webhook secret is configured"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestConfig(t *testing.T) {
	connection := func(c Connection) Config {
		return Config{Submit: take, Connections: map[string]Connection{"production": c}}
	}
	tests := []struct {
		name   string
		config Config
		error  string
	}{
		{"nothing to submit to", Config{}, "a receiver needs something to submit events to"},
		{"short token", Config{Submit: take, Tokens: []string{token, "hunter2-hunter2"}}, "bearer token 2 has 15 characters, and at least 16 are needed"},
		{"token with a line end", Config{Submit: take, Tokens: []string{token + "\n"}}, "bearer token 1 holds blanks or characters that headers cannot carry"},
		{"no secret", Config{Submit: take, Secrets: []string{"hunter2"}}, "webhook secret 1: a webhook secret begins with whsec_"},
		{"no base64", Config{Submit: take, Secrets: []string{"whsec_hunter2!"}}, "webhook secret 1: a webhook secret is base64 after whsec_"},
		{"short secret", Config{Submit: take, Secrets: []string{"whsec_aHVudGVyMg=="}}, "webhook secret 1: a webhook secret has 24 to 64 bytes, and this has 7"},
		{"no organization", connection(Connection{}), `connection "production": "" is no organization id (Setup, Company Information shows it, 00D…)`},
		{"id of another kind", connection(Connection{OrganizationID: "0055g000004XYZaAAO"}), `connection "production": "0055g000004XYZaAAO" is no organization id (Setup, Company Information shows it, 00D…)`},
		{"name with a slash", Config{Submit: take, Connections: map[string]Connection{"a/b": {OrganizationID: org}}}, `connection "a/b": its name cannot stand in a path`},
		{"certificate of anybody", connection(Connection{OrganizationID: org, Client: &ClientCertificate{Names: []string{"a"}}}), `connection "production": a client certificate is asked for without roots or pins to know it by`},
		{"no pin", connection(Connection{OrganizationID: org, Client: &ClientCertificate{Pins: []string{"ab:cd"}}}), `connection "production": "ab:cd" is no pin: write a SHA-256 sum in hexadecimal, or sha256/ and its base64`},
		{"room for no body", Config{Submit: take, Limits: Limits{MaxBytes: 1 << 20}}, "room for 1048576 bytes of bodies is less than one body may have, 8388608 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.config)
			if err == nil || err.Error() != test.error {
				t.Errorf("got %v, want %s", err, test.error)
			}
		})
	}
}
