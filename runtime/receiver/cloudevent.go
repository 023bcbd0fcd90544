package receiver

import (
	"bytes"
	"iter"
	"net/http"
	"net/url"

	"github.com/sfsync/sfsync/runtime/intake"
)

// read cuts a body into events. A CloudEvent whose attributes are headers is one event,
// whatever its data looks like.
func read(h http.Header, body []byte) iter.Seq2[intake.Event, error] {
	if h.Get("Ce-Specversion") == "" {
		return intake.Read(bytes.NewReader(body))
	}
	return intake.ReadCloudEvent(func(name string) string {
		value := h.Get("Ce-" + name)
		if plain, err := url.PathUnescape(value); err == nil {
			return plain
		}
		return value
	}, body)
}
