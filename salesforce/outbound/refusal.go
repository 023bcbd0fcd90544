package outbound

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind says in one word why a body was refused.
type Kind string

// The kinds of refusals.
const (
	NotXML         Kind = "not_xml"         // broken XML
	NotSOAP        Kind = "not_soap"        // XML, but no SOAP 1.1 envelope
	WrongCharset   Kind = "wrong_charset"   // not UTF-8
	Forbidden      Kind = "forbidden"       // a DOCTYPE or processing instruction
	WrongNamespace Kind = "wrong_namespace" // a name of another namespace, or an undeclared prefix
	TooLarge       Kind = "too_large"       // past one of the limits
	Missing        Kind = "missing"         // something required is not there
	Duplicate      Kind = "duplicate"       // something that is there once is there twice
	MixedObjects   Kind = "mixed_objects"   // notifications of different objects
	BadID          Kind = "bad_id"          // no record id
	Unexpected     Kind = "unexpected"      // elements or text where they cannot be
)

// Help returns one way out, as a clause for the person who has to find it.
func (k Kind) Help() string {
	switch k {
	case TooLarge:
		return "choose fewer or shorter fields in the outbound message's definition"
	case Unexpected:
		return "take fields that hold more than plain text, such as addresses, out of the outbound message's definition"
	case WrongCharset:
		return "send UTF-8, as Salesforce does; a proxy on the way may have changed the text"
	case BadID:
		return "send the ids as Salesforce does: 15 letters and digits, or 18 with their checksum"
	}
	return "only outbound messages of Salesforce are taken here: look for who else sends to this address, or for a proxy that changes what it passes on"
}

// A Refusal says why a body is not taken and where in it the reason lies. It never
// holds a part of the session id.
type Refusal struct {
	Kind Kind
	// Reason is one lower-case clause.
	Reason string
	// Notification counts from 1; 0 if the reason does not lie in one.
	Notification int
	// Path is the names of the open elements as they are written, with slashes
	// between; empty outside of the root.
	Path string
	// Line and Column count from 1, the column in bytes; both are 0 where no place can be told.
	Line, Column int
}

func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Reason)
	if r.Line > 0 {
		fmt.Fprintf(&b, " (line %d, column %d", r.Line, r.Column)
		if r.Notification > 0 {
			fmt.Fprintf(&b, ", notification %d", r.Notification)
		}
		if r.Path != "" {
			fmt.Fprintf(&b, ", in %s", r.Path)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// maxQuote bounds in bytes what an error repeats of a hostile name or value.
const maxQuote = 64

func clip(s string) string {
	if len(s) <= maxQuote {
		return s
	}
	cut := maxQuote
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
