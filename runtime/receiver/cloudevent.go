package receiver

import (
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/tidwall/gjson"
)

// binaryCloudEvent puts a CloudEvent whose attributes are headers (CloudEvents 1.0,
// HTTP protocol binding, 3.1) into the structured form, which intake opens. In base64
// the data cannot be mistaken for a part of the envelope, whatever it is; it may have
// three quarters of the size of an event for that.
func binaryCloudEvent(h http.Header, data []byte) string {
	b := make([]byte, 0, base64.StdEncoding.EncodedLen(len(data))+256)
	b = append(b, '{')
	for _, name := range []string{"specversion", "id", "type", "time"} {
		v := h.Get("Ce-" + name)
		if v == "" {
			continue
		}
		if plain, err := url.PathUnescape(v); err == nil {
			v = plain
		}
		b = append(b, `"`+name+`":`...)
		b = gjson.AppendJSONString(b, v)
		b = append(b, ',')
	}
	b = append(b, `"data_base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, data)
	return string(append(b, `"}`...))
}
