package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far the time of a signature may be from ours, either way: as long
// as a request that was recorded can be sent again.
const tolerance = 5 * time.Minute

// A signature is what a request carries by Standard Webhooks 1.0 (standardwebhooks.com).
// The sum is over the id, the time in Unix seconds and the body, with points between.
type signature struct {
	id, time string
	sums     [][]byte // of version v1, of which one must be right
}

// readSignature reads the headers. A signature that is too old is refused here, so
// that its body need not be read.
func readSignature(h http.Header, now time.Time) (signature, error) {
	s := signature{id: h.Get("Webhook-Id"), time: h.Get("Webhook-Timestamp")}
	if s.id == "" || s.time == "" {
		return s, errors.New("a signature needs the headers webhook-id, webhook-timestamp and webhook-signature")
	}
	seconds, err := strconv.ParseInt(s.time, 10, 64)
	if err != nil {
		return s, errors.New("webhook-timestamp is no number of seconds")
	}
	// Compared in seconds, since the difference of far times is no time.Duration.
	switch limit := int64(tolerance / time.Second); {
	case seconds < now.Unix()-limit:
		return s, fmt.Errorf("the signature is more than %v old", tolerance)
	case seconds > now.Unix()+limit:
		return s, fmt.Errorf("the signature is more than %v in the future", tolerance)
	}
	for part := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		encoded, ok := strings.CutPrefix(part, "v1,")
		if !ok {
			continue // another version
		}
		if sum, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			s.sums = append(s.sums, sum)
		}
	}
	if len(s.sums) == 0 {
		return s, errors.New("webhook-signature holds no signature of version v1")
	}
	return s, nil
}

// matches reports whether the signature is of this body by one of the keys.
func (s signature) matches(keys [][]byte, body []byte) bool {
	good := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(s.id + "." + s.time + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, sum := range s.sums {
			good = hmac.Equal(want, sum) || good
		}
	}
	return good
}

// readSecret decodes a secret. The error repeats nothing of it.
func readSecret(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(secret), "whsec_")
	if !ok {
		return nil, errors.New("a webhook secret begins with whsec_")
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("a webhook secret is base64 after whsec_")
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("a webhook secret has 24 to 64 bytes, and this has %d", len(key))
	}
	return key, nil
}
