package orgsim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// sendTo makes an org with one message of contacts to a URL, and creates a contact in it.
func sendTo(t *testing.T, opts Options, endpoint string) *bench {
	t.Helper()
	m := contactMessage
	m.Endpoint = endpoint
	opts.Overlay.OutboundMessages = []OutboundMessage{m}
	b := newBench(t, opts)
	t.Cleanup(func() { b.Close() })
	b.want("POST", "sobjects/Contact", `{"LastName":"x"}`, 201, `{"id"…`)
	return b
}

// firstError waits for the end of the first attempt. Failed ones do not come again within a test.
func (b *bench) firstError() string {
	b.t.Helper()
	for {
		b.outbox.mu.Lock()
		settled := b.outbox.settled
		b.outbox.mu.Unlock()
		if n := b.status().Notifications; len(n) == 0 {
			return ""
		} else if n[0].State == "queued" {
			return n[0].LastError
		}
		select {
		case <-settled:
		case <-b.t.Context().Done():
			b.t.Fatal("the attempt does not end")
		}
	}
}

func TestRequest(t *testing.T) {
	got := make(chan *http.Request, 1)
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if int64(len(body)) != r.ContentLength {
			t.Errorf("%d bytes, announced as %d", len(body), r.ContentLength)
		}
		got <- r
		w.Header().Set("Content-Type", "text/xml")
		io.WriteString(w, ackTrue)
	}))
	defer l.Close()
	b := sendTo(t, Options{}, l.URL+"/soap/production?x=1")
	if problem := b.firstError(); problem != "" {
		t.Fatal(problem)
	}
	r := <-got
	for name, want := range map[string]string{"Content-Type": "text/xml; charset=utf-8", "Soapaction": `""`, "User-Agent": "Jakarta Commons-HttpClient/3.1", "Accept-Encoding": ""} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.Method != "POST" || r.RequestURI != "/soap/production?x=1" {
		t.Errorf("%s %s", r.Method, r.RequestURI)
	}
}

func TestAttemptsThatFail(t *testing.T) {
	for _, c := range []struct {
		name   string
		listen http.HandlerFunc
		want   string
	}{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "HTTP status 307 Temporary Redirect, and redirects are not followed"},
		{"slow answer", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, "no answer within 50ms"},
		{"slow body", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, ackTrue[:40])
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "no answer within 50ms"},
		{"endless body", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 4096)); err != nil {
					return
				}
			}
		}, "the answer is longer than 64 kB"},
		{"cut", func(w http.ResponseWriter, _ *http.Request) { cut(w) }, "cannot send: "},
		{"cut within the answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, ackTrue)
		}, "cannot read the answer: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := httptest.NewServer(c.listen)
			defer l.Close()
			d := Delivery{FirstRetry: Duration(time.Hour)}
			if strings.Contains(c.want, "50ms") {
				d.Timeout = Duration(50 * time.Millisecond)
			}
			b := sendTo(t, Options{Delivery: d}, l.URL)
			if got := b.firstError(); got != c.want && !(strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		l := httptest.NewServer(nil)
		l.Close()
		b := sendTo(t, Options{}, l.URL+"/secret-path")
		if got := b.firstError(); !strings.HasPrefix(got, "cannot send: ") || strings.Contains(got, "secret-path") {
			t.Error(got)
		}
	})
	t.Run("another machine", func(t *testing.T) {
		_, err := newSender(Options{}).Get("http://192.0.2.1:8080/")
		if err == nil || !strings.Contains(err.Error(), "192.0.2.1:8080 is not on this machine") {
			t.Error(err)
		}
	})
}

// TestClientCertificate shows a certificate to a listener that asks for one of other issuers.
func TestClientCertificate(t *testing.T) {
	cert := selfSigned(t, "proxy.salesforce.example")
	var mu sync.Mutex
	var shown []string
	l := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		for _, c := range r.TLS.PeerCertificates {
			shown = append(shown, c.Subject.CommonName)
		}
		mu.Unlock()
		w.Header().Set("Content-Type", "text/xml")
		io.WriteString(w, ackTrue)
	}))
	others := x509.NewCertPool()
	others.AddCert(selfSigned(t, "another issuer").Leaf)
	l.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, ClientCAs: others}
	l.Config.ErrorLog = log.New(io.Discard, "", 0) // it speaks of the sender that shows none
	l.StartTLS()
	defer l.Close()
	roots := x509.NewCertPool()
	roots.AddCert(l.Certificate())

	d := Delivery{FirstRetry: Duration(time.Hour)}
	if problem := sendTo(t, Options{Delivery: d}, l.URL).firstError(); !strings.Contains(problem, "certificate signed by unknown authority") {
		t.Errorf("an unknown authority: %s", problem)
	}
	if problem := sendTo(t, Options{Delivery: d, EndpointRoots: roots}, l.URL).firstError(); problem == "" {
		t.Error("the listener takes a message without a client certificate")
	}
	if problem := sendTo(t, Options{Delivery: d, EndpointRoots: roots, ClientCertificate: cert}, l.URL).firstError(); problem != "" {
		t.Error(problem)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(shown) != 1 || shown[0] != "proxy.salesforce.example" {
		t.Errorf("the listener saw %v", shown)
	}
}

func selfSigned(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// TestNothingStays sends over the network and counts goroutines after the end.
func TestNothingStays(t *testing.T) {
	before := runtime.NumGoroutine()
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		io.WriteString(w, ackTrue)
	}))
	b := sendTo(t, Options{}, l.URL)
	b.do("POST", "sobjects/Contact", `{"LastName":"y"}`)
	b.drain()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	l.Close()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines instead of %d", runtime.NumGoroutine(), before)
		}
	}
}
