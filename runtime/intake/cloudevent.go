package intake

import (
	"encoding/base64"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
)

// ReadCloudEvent yields the one event that is the data of a CloudEvent in binary form
// (CloudEvents 1.0, HTTP protocol binding, 3.1). Attributes are those of the envelope by
// their names without a prefix, decoded; the missing are "".
func ReadCloudEvent(attribute func(name string) string, data []byte) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		text, err := openBinary(attribute, data)
		yield(Event{Text: text, Line: 1}, err)
	}
}

func openBinary(attribute func(name string) string, data []byte) (string, error) {
	if len(data) > plan.MaxEvent {
		return "", tooLong(1)
	}
	if err := understood(attribute("specversion"), 1); err != nil {
		return "", err
	}
	return complete(string(data), 1, func(name string) string {
		value := attribute(name)
		if value == "" {
			return ""
		}
		return string(gjson.AppendJSONString(nil, value))
	})
}

// openCloudEvent returns the event that a CloudEvent in structured form carries.
func openCloudEvent(text []byte, line int) (string, error) {
	var version, data, data64 gjson.Result
	envelope := map[string]string{}
	gjson.ParseBytes(text).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "specversion":
			version = value
		case "data":
			data = value
		case "data_base64":
			data64 = value
		case "id", "type", "time":
			envelope[key.Str] = value.Raw
		}
		return true
	})
	if err := understood(version.String(), line); err != nil {
		return "", err
	}
	body := data.Raw
	switch {
	case data.Type == gjson.String:
		body = data.Str // JSON that was sent as text
	case !data.Exists() && data64.Type == gjson.String:
		decoded, err := base64.StdEncoding.DecodeString(data64.Str)
		if err != nil {
			return "", &Error{line, "the `data_base64` of this CloudEvent is no base64", ""}
		}
		body = string(decoded)
	}
	return complete(body, line, func(name string) string { return envelope[name] })
}

func understood(version string, line int) error {
	if version != "1.0" {
		return &Error{line, fmt.Sprintf("this is a CloudEvent of version %.20q, and 1.0 is understood", version), ""}
	}
	return nil
}

// complete returns the data of a CloudEvent as an event. Where the data does not say its
// own id, type or time, the envelope's count, which come as JSON, or "" for none.
func complete(data string, line int, envelope func(name string) string) (string, error) {
	data = strings.TrimSpace(data)
	if data == "" || data[0] != '{' || depth([]byte(data)) > maxDepth || !gjson.Valid(data) {
		return "", &Error{line, "the `data` of this CloudEvent is no event", "data is one JSON object"}
	}
	if !utf8.ValidString(data) {
		return "", notUTF8(line)
	}
	inside := gjson.Parse(data)
	var head strings.Builder
	for _, name := range []string{"id", "type", "time"} {
		if v := envelope(name); v != "" && !has(inside, name) {
			fmt.Fprintf(&head, "%q:%s,", name, v)
		}
	}
	if head.Len() == 0 {
		return data, nil
	}
	rest := strings.TrimSpace(data[1:])
	if rest == "}" {
		return "{" + strings.TrimSuffix(head.String(), ",") + "}", nil
	}
	return "{" + head.String() + rest, nil
}

// has reports whether an object says something under a name.
func has(object gjson.Result, name string) bool {
	found := false
	object.ForEach(func(key, value gjson.Result) bool {
		found = found || key.Str == name && value.Type != gjson.Null
		return !found
	})
	return found
}
