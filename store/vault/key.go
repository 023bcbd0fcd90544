package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const sealedText = "«sealed»"

// Secret is what an entry holds. Printed, logged or encoded, it shows as «sealed».
type Secret []byte

// String returns «sealed».
func (s Secret) String() string { return sealedText }

// Format prints as String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, sealedText) }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(sealedText) }

// MarshalText is String, for JSON and whatever else encodes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(sealedText), nil }

const keySize = 32

// key is the key of a store, or a data key. A pointer, so that no printing of what
// holds it shows the bytes.
type key struct{ bytes *[keySize]byte }

func newKey() key {
	k := key{new([keySize]byte)}
	// rand.Read never fails.
	_, _ = rand.Read(k.bytes[:])
	return k
}

// parseKey reads 32 bytes in base64, as openssl rand -base64 32 prints them, or in hex.
func parseKey(text string) (key, error) {
	text = strings.TrimSpace(text)
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if b, err := decode(text); err == nil && len(b) == keySize {
			return key{(*[keySize]byte)(b)}, nil
		}
	}
	return key{}, errors.New("is no key: 32 random bytes in base64 are needed, such as openssl rand -base64 32 prints")
}

func (k key) text() string { return base64.StdEncoding.EncodeToString(k.bytes[:]) }

// id is a fingerprint that tells nothing of the key.
func (k key) id() string {
	sum := sha256.Sum256(append([]byte("sfsync key id\x00"), k.bytes[:]...))
	return hex.EncodeToString(sum[:6])
}

func (k key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.bytes[:])
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return aead
		}
	}
	panic("vault: " + err.Error()) // the size of the key is fixed, so it cannot fail
}

// seal encrypts text, bound to what it is for.
func (k key) seal(text []byte, what string) []byte {
	return k.aead().Seal(nil, nil, text, []byte(what))
}

func (k key) open(box []byte, what string) ([]byte, error) {
	return k.aead().Open(nil, nil, box, []byte(what))
}
