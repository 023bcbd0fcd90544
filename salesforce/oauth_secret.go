package salesforce

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a token, a consumer secret or a private key. Printed, logged or encoded, it
// shows as «sealed» and not as what it is.
type Secret string

const sealed = "«sealed»"

// Reveal returns the secret itself, for the one place that sends or seals it.
func (s Secret) Reveal() string { return string(s) }

// String returns «sealed», or nothing for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return sealed
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format prints as String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for JSON and whatever else encodes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
