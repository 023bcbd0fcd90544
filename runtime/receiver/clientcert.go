package receiver

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ClientCertificate says which certificate the sender of outbound messages must
// show. Everything that is given must hold; at least Roots or Pins is needed.
//
// Salesforce shows its API client certificate (Setup, Certificate and Key
// Management), which it renews: trust roots and a name, or pin the next certificate
// before it comes. Whether a certificate says that it is for clients does not
// matter, because public authorities no longer issue ones for servers that say so
// (Salesforce help, "Set Up a Mutual Authentication Certificate").
type ClientCertificate struct {
	// Roots are the authorities that must have issued it.
	Roots *x509.CertPool
	// Names are DNS names, or common names where a certificate has no others, of
	// which it must have one.
	Names []string
	// Pins are SHA-256 sums of which one must be that of the certificate or of its
	// public key (SubjectPublicKeyInfo): in hexadecimal, with or without colons, or in
	// base64 after `sha256/`.
	Pins []string
}

type clientCheck struct {
	roots *x509.CertPool
	names []string
	pins  map[[sha256.Size]byte]bool
}

func newClientCheck(c *ClientCertificate) (*clientCheck, error) {
	if c.Roots == nil && len(c.Pins) == 0 {
		return nil, errors.New("a client certificate is asked for without roots or pins to know it by")
	}
	check := &clientCheck{roots: c.Roots, names: c.Names, pins: map[[sha256.Size]byte]bool{}}
	for _, text := range c.Pins {
		pin, err := parsePin(text)
		if err != nil {
			return nil, err
		}
		check.pins[pin] = true
	}
	return check, nil
}

func parsePin(text string) (pin [sha256.Size]byte, err error) {
	var sum []byte
	if encoded, ok := strings.CutPrefix(text, "sha256/"); ok {
		if len(encoded) > base64.StdEncoding.EncodedLen(len(pin)) {
			encoded = strings.TrimPrefix(encoded, "/") // as curl writes it; of the sum itself, / may be the first character
		}
		sum, err = base64.StdEncoding.DecodeString(encoded)
	} else {
		sum, err = hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	}
	if err != nil || len(sum) != len(pin) {
		return pin, fmt.Errorf("%q is no pin: write a SHA-256 sum in hexadecimal, or sha256/ and its base64", clip(text))
	}
	return [sha256.Size]byte(sum), nil
}

// verify returns why the request comes without the right certificate, or nil. That
// the sender has the key, the handshake has proved.
func (c *clientCheck) verify(req *http.Request) error {
	if req.TLS == nil {
		return errors.New("the connection is not encrypted, so that no client certificate can be shown")
	}
	if len(req.TLS.PeerCertificates) == 0 {
		return errors.New("no client certificate was shown")
	}
	leaf, now := req.TLS.PeerCertificates[0], time.Now()
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the client certificate is valid only from %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the client certificate has expired on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case len(c.pins) > 0 && !c.pins[sha256.Sum256(leaf.Raw)] && !c.pins[sha256.Sum256(leaf.RawSubjectPublicKeyInfo)]:
		return fmt.Errorf("the client certificate is none of those pinned: its sum is %x", sha256.Sum256(leaf.Raw))
	case len(c.names) > 0 && !c.named(leaf):
		return fmt.Errorf("the client certificate is for %q, which is not among the names expected", clip(strings.Join(namesOf(leaf), ", ")))
	case c.roots == nil:
		return nil
	}
	between := x509.NewCertPool()
	for _, cert := range req.TLS.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return fmt.Errorf("the client certificate is not of an authority that is trusted here: %s", clip(err.Error()))
	}
	return nil
}

func (c *clientCheck) named(leaf *x509.Certificate) bool {
	for _, have := range namesOf(leaf) {
		for _, want := range c.names {
			if strings.EqualFold(have, want) {
				return true
			}
		}
	}
	return false
}

func namesOf(leaf *x509.Certificate) []string {
	if len(leaf.DNSNames) > 0 {
		return leaf.DNSNames
	}
	return []string{leaf.Subject.CommonName}
}
