package receiver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// minToken is how long a bearer token must be, so that nobody guesses it.
const minToken = 16

// credentials are what opens /v1. Of tokens only their sums are kept.
type credentials struct {
	tokens [][sha256.Size]byte
	keys   [][]byte
}

func newCredentials(tokens, secrets []string) (credentials, error) {
	var c credentials
	for i, token := range tokens {
		if len(token) < minToken {
			return c, fmt.Errorf("bearer token %d has %d characters, and at least %d are needed", i+1, len(token), minToken)
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return c, fmt.Errorf("bearer token %d holds blanks or characters that headers cannot carry", i+1)
		}
		c.tokens = append(c.tokens, sha256.Sum256([]byte(token)))
	}
	for i, secret := range secrets {
		key, err := readSecret(secret)
		if err != nil {
			return c, fmt.Errorf("webhook secret %d: %w", i+1, err)
		}
		c.keys = append(c.keys, key)
	}
	return c, nil
}

// check decides by the headers who may go on. It returns nil for a good token, and
// the signature that the body has yet to match otherwise.
func (c credentials) check(h http.Header, now time.Time) (*signature, error) {
	if len(c.tokens) == 0 && len(c.keys) == 0 {
		return nil, errors.New("nobody may send events, because neither a token nor a webhook secret is configured")
	}
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && c.knows(strings.TrimSpace(token)) {
		return nil, nil
	}
	signed := h.Get("Webhook-Signature") != ""
	if signed && len(c.keys) > 0 {
		s, err := readSignature(h, now)
		return &s, err
	}
	if token != "" {
		return nil, errors.New("this token is not known")
	}
	if signed {
		return nil, errors.New("the request is signed, and no webhook secret is configured")
	}
	return nil, errors.New("the request carries neither a bearer token nor a webhook signature")
}

func (c credentials) knows(token string) bool {
	sum := sha256.Sum256([]byte(token))
	known := 0
	for i := range c.tokens {
		known |= subtle.ConstantTimeCompare(sum[:], c.tokens[i][:])
	}
	return known == 1
}
