package intake

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// openCloudEvent returns the event that a CloudEvent carries as its data. Where the
// data does not say its own id, type or time, the envelope's count.
func openCloudEvent(text []byte, line int) (string, error) {
	var version, data, data64 gjson.Result
	envelope := map[string]gjson.Result{}
	gjson.ParseBytes(text).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "specversion":
			version = value
		case "data":
			data = value
		case "data_base64":
			data64 = value
		case "id", "type", "time":
			envelope[key.Str] = value
		}
		return true
	})
	if v := version.String(); v != "1.0" {
		return "", &Error{line, fmt.Sprintf("this is a CloudEvent of version %.20q, and 1.0 is understood", v), ""}
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
	body = strings.TrimSpace(body)
	if body == "" || body[0] != '{' || depth([]byte(body)) > maxDepth || !gjson.Valid(body) {
		return "", &Error{line, "the `data` of this CloudEvent is no event", "data is one JSON object"}
	}
	inside := gjson.Parse(body)
	var head strings.Builder
	for _, name := range []string{"id", "type", "time"} {
		if v, ok := envelope[name]; ok && !has(inside, name) {
			fmt.Fprintf(&head, "%q:%s,", name, v.Raw)
		}
	}
	if head.Len() == 0 {
		return body, nil
	}
	rest := strings.TrimSpace(body[1:])
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
