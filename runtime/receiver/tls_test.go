package receiver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serial int64

// issue makes a certificate by a; by itself if a is nil.
func (a *authority) issue(t testing.TB, change func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprintf("certificate %d", serial)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	change(template)
	parent, signer := template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func newAuthority(t testing.TB, by *authority) *authority {
	cert, key := by.issue(t, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign })
	return &authority{cert, key}
}

// writePair writes a certificate for loopback into two files.
func (a *authority) writePair(t testing.TB, certFile, keyFile string) *x509.Certificate {
	t.Helper()
	cert, key := a.issue(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert.Raw}, keyFile: {Type: "EC PRIVATE KEY", Bytes: der}} {
		if name == "" {
			continue
		}
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert
}

// serve runs the desk's server on loopback and returns its address.
func (d *desk) serve(t testing.TB, tlsConfig *tls.Config, change ...func(*http.Server)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := d.Server(tlsConfig)
	for _, f := range change {
		f(server)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if tlsConfig != nil {
			server.ServeTLS(listener, "", "")
		} else {
			server.Serve(listener)
		}
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	ca := newAuthority(t, nil)
	if _, err := TLS(certFile, keyFile, nil); err == nil || !strings.Contains(err.Error(), "cannot read the TLS certificate or key "+certFile+": no such file") {
		t.Errorf("without files: %v", err)
	}
	first := ca.writePair(t, certFile, keyFile)
	synctest.Test(t, func(t *testing.T) {
		var log lines
		config, err := TLS(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		served := func() *x509.Certificate {
			time.Sleep(checkEvery)
			pair, err := config.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return pair.Leaf
		}
		// The clock of files is not the clock of this test.
		age := func(name string, by time.Duration) {
			if err := os.Chtimes(name, time.Time{}, first.NotBefore.Add(by)); err != nil {
				t.Fatal(err)
			}
		}
		age(certFile, 0)
		age(keyFile, 0)
		if !served().Equal(first) {
			t.Error("the first certificate is not served")
		}
		log.clear()

		second := ca.writePair(t, certFile, "") // its key is not there yet
		age(certFile, time.Minute)
		for range 3 {
			if !served().Equal(first) {
				t.Error("half a pair is served")
			}
		}
		if text := log.String(); strings.Count(text, "cannot take up the new certificate") != 1 {
			t.Errorf("the log says %q", text)
		}
		if err := os.Remove(keyFile); err != nil {
			t.Fatal(err)
		}
		if !served().Equal(first) || second.Equal(first) {
			t.Error("the old certificate is not served on")
		}

		third := ca.writePair(t, certFile, keyFile)
		if !served().Equal(third) || !strings.Contains(log.String(), "certificate reloaded") {
			t.Errorf("the new certificate is not served: %s", &log)
		}
	})
}

func TestTLSServer(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	ca := newAuthority(t, nil)
	ca.writePair(t, certFile, keyFile)
	config, err := TLS(certFile, keyFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)

	inner := newAuthority(t, ca)
	stranger := newAuthority(t, nil)
	name := func(c *x509.Certificate) { c.DNSNames = []string{"org.my.salesforce.com"} }
	type shown struct {
		chain []*x509.Certificate
		key   *ecdsa.PrivateKey
	}
	show := func(by *authority, chain []*x509.Certificate, change func(*x509.Certificate)) shown {
		cert, key := by.issue(t, change)
		return shown{append([]*x509.Certificate{cert}, chain...), key}
	}
	good := show(ca, nil, name)
	forServers := show(ca, nil, func(c *x509.Certificate) {
		name(c)
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	pinned := show(nil, nil, func(c *x509.Certificate) { c.Subject.CommonName = "proxy.salesforce.com" })
	expired := show(ca, nil, func(c *x509.Certificate) { name(c); c.NotAfter = time.Now().Add(-time.Minute) })
	early := show(ca, nil, func(c *x509.Certificate) { name(c); c.NotBefore = time.Now().Add(time.Minute) })
	sum := sha256.Sum256(pinned.chain[0].Raw)
	key := sha256.Sum256(pinned.chain[0].RawSubjectPublicKeyInfo)
	other := strings.Repeat("00", 32)

	byRoot := &ClientCertificate{Roots: roots, Names: []string{"ORG.my.salesforce.com"}}
	pin := func(pins ...string) *ClientCertificate { return &ClientCertificate{Pins: pins} }
	tests := []struct {
		name  string
		rules *ClientCertificate
		shown shown
		fault string // "" if it is let in
	}{
		{"none asked, none shown", nil, shown{}, ""},
		{"none asked, one shown", nil, show(stranger, nil, name), ""},
		{"none shown", byRoot, shown{}, "no client certificate was shown"},
		{"by the root", byRoot, good, ""},
		{"by the root, for servers only", byRoot, forServers, ""},
		{"by one between", byRoot, show(inner, []*x509.Certificate{inner.cert}, name), ""},
		{"by one between that is not sent", byRoot, show(inner, nil, name), "not of an authority that is trusted here"},
		{"by a stranger", byRoot, show(stranger, nil, name), "not of an authority that is trusted here"},
		{"for another name", byRoot, show(ca, nil, func(c *x509.Certificate) { c.DNSNames = []string{"other.my.salesforce.com"} }), `for &#34;other.my.salesforce.com&#34;, which is not among the names expected`},
		{"a common name beside others", byRoot, show(ca, nil, func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = "org.my.salesforce.com", []string{"a.example"}
		}), "not among the names expected"},
		{"expired", byRoot, expired, "the client certificate has expired on"},
		{"not valid yet", byRoot, early, "the client certificate is valid only from"},
		{"pinned", pin(other, fmt.Sprintf("%x", sum)), pinned, ""},
		{"pinned, with colons", pin(strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")), pinned, ""},
		{"pinned by its key", pin("sha256/" + base64.StdEncoding.EncodeToString(key[:])), pinned, ""},
		{"pinned by its key, as curl writes it", pin("sha256//" + base64.StdEncoding.EncodeToString(key[:])), pinned, ""},
		{"not pinned", pin(other), pinned, fmt.Sprintf("is none of those pinned: its sum is %x", sum)},
		{"pinned, and with a name", &ClientCertificate{Pins: []string{fmt.Sprintf("%x", sum)}, Names: []string{"proxy.salesforce.com"}}, pinned, ""},
		{"pinned, but not by the root", &ClientCertificate{Pins: []string{fmt.Sprintf("%x", sum)}, Roots: roots}, pinned, "not of an authority that is trusted here"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDeskOn(t, take, func(c *Config) {
				c.Connections = map[string]Connection{"production": {OrganizationID: org, Client: test.rules}}
			})
			address := d.serve(t, config)
			clientTLS := &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
			if test.shown.key != nil {
				pair := tls.Certificate{PrivateKey: test.shown.key}
				for _, c := range test.shown.chain {
					pair.Certificate = append(pair.Certificate, c.Raw)
				}
				clientTLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			}
			transport := &http.Transport{TLSClientConfig: clientTLS, ForceAttemptHTTP2: true}
			client := &http.Client{Transport: transport}
			for i := range 2 { // the second time with a resumed session
				response, err := client.Post("https://"+address+"/soap/production", "text/xml", strings.NewReader(message(org, 1)))
				if err != nil {
					t.Fatal(err)
				}
				var body bytes.Buffer
				body.ReadFrom(response.Body)
				response.Body.Close()
				if response.ProtoMajor != 2 {
					t.Errorf("HTTP/%d is spoken", response.ProtoMajor)
				}
				if response.TLS.DidResume != (i == 1) && test.name != "expired" {
					t.Errorf("session resumed: %v", response.TLS.DidResume)
				}
				want := http.StatusOK
				if test.fault != "" {
					want = http.StatusForbidden
				}
				if response.StatusCode != want || !strings.Contains(body.String(), test.fault) {
					t.Errorf("%d %s", response.StatusCode, &body)
				}
				transport.CloseIdleConnections()
			}
		})
	}
}

func TestClientCertificateNeedsTLS(t *testing.T) {
	d := newDeskOn(t, take, func(c *Config) {
		c.Connections = map[string]Connection{"production": {OrganizationID: org, Client: &ClientCertificate{Pins: []string{strings.Repeat("00", 32)}}}}
	})
	if w := d.do(soap(message(org, 1))); w.Code != 403 || !strings.Contains(w.Body.String(), "the connection is not encrypted") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The base64 of a sum may begin with the character that curl puts in front of it.
func TestPins(t *testing.T) {
	for first := range 256 {
		sum := [32]byte{byte(first), 0xff, 0xff}
		encoded := base64.StdEncoding.EncodeToString(sum[:])
		for _, text := range []string{"sha256/" + encoded, "sha256//" + encoded, hex.EncodeToString(sum[:])} {
			if pin, err := parsePin(text); err != nil || pin != sum {
				t.Errorf("%s: %x %v", text, pin, err)
			}
		}
	}
	for _, text := range []string{"", "sha256/", "sha256//", "sha256/AAAA", "sha256///" + base64.StdEncoding.EncodeToString(make([]byte, 32)), "00"} {
		if _, err := parsePin(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
