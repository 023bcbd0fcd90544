package outbound

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// EventType is the type of the events that notifications become.
const EventType = "salesforce.outbound_message"

// AppendEvent appends the event that the notification is, as one line of JSON:
//
//	{"id":"04l…","type":"salesforce.outbound_message","time":"2026-11-20T14:03:00.000Z",
//	 "record":{"attributes":{"type":"Case"},"Id":"500…","Priority":"High"}}
//
// The time is when the message was received, since notifications do not carry one.
// Values are typed by o, the object's describe: numbers stay digit for digit as they
// were sent, checkboxes become true and false, and a value that does not fit its
// type stays text. An empty element is null unless the type is free text. Without
// o, or for a field that o lacks, every value is text.
func (n Notification) AppendEvent(dst []byte, o *schema.Object, received time.Time) []byte {
	object := n.Object
	switch {
	case o == nil:
	case object == "":
		object = o.Name
	case !strings.EqualFold(o.Name, object):
		o = nil
	}
	dst = append(dst, beforeID...)
	dst = append(dst, n.ID...)
	dst = append(dst, afterID...)
	dst = received.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	dst = append(dst, `","record":{"attributes":{`...)
	if object != "" {
		dst = append(dst, `"type":`...)
		dst = appendString(dst, object)
	}
	dst = append(dst, '}')
	if n.RecordID != "" {
		dst = append(dst, `,"Id":"`...)
		dst = append(dst, n.RecordID...)
		dst = append(dst, '"')
	}
	for _, f := range n.Fields {
		dst = append(dst, ',')
		dst = appendString(dst, f.Name)
		dst = append(dst, ':')
		var kind schema.Type
		if o != nil {
			if d := o.Field(f.Name); d != nil {
				kind = d.Type
			}
		}
		dst = appendValue(dst, f, kind)
	}
	return append(dst, "}}"...)
}

// What stands round the id of an event.
const (
	beforeID = `{"id":"`
	afterID  = `","type":"` + EventType + `","time":"`
)

// EventID returns the id of an event that AppendEvent wrote. Of the text it looks at the
// beginning only, and returns "" if that is not of AppendEvent's making.
func EventID(event string) string {
	const length = 18
	rest, found := strings.CutPrefix(event, beforeID)
	if !found || len(rest) < length || !strings.HasPrefix(rest[length:], afterID) || !schema.ValidID(rest[:length]) {
		return ""
	}
	return rest[:length]
}

func appendValue(dst []byte, f Field, kind schema.Type) []byte {
	if f.Nil {
		return append(dst, "null"...)
	}
	if kind == "" || kind.Textual() {
		return appendString(dst, f.Value)
	}
	value := strings.TrimSpace(f.Value)
	switch {
	case value == "":
		return append(dst, "null"...)
	case kind.Numeric() && isNumber(value):
		return append(dst, value...)
	case kind == schema.TypeBoolean && (value == "true" || value == "1"):
		return append(dst, "true"...)
	case kind == schema.TypeBoolean && (value == "false" || value == "0"):
		return append(dst, "false"...)
	}
	return appendString(dst, f.Value)
}

// appendString appends s as gjson.AppendJSONString does, at once where it has nothing
// to escape.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if escaped[s[i]] {
			return gjson.AppendJSONString(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// escaped marks the bytes that may not stand for themselves in a JSON string.
var escaped = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c >= 0x80 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&'
	}
	return t
}()

// isNumber reports whether s, without blanks round it, is a number of JSON. XML's
// INF, NaN, +1 and 1. are not.
func isNumber(s string) bool {
	return (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && gjson.Valid(s)
}
