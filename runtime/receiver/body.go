package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce/outbound"
)

// admit looks at what the headers say of the body, and waits for room for it.
func (x *exchange) admit(limit int64) *refusal {
	if c := strings.Join(x.req.Header.Values("Content-Encoding"), ","); c != "" && !strings.EqualFold(c, "identity") {
		return &refusal{status: http.StatusUnsupportedMediaType, reason: ReasonEncoding, unread: true,
			error: "a compressed body is not taken", help: "send it without Content-Encoding"}
	}
	n := x.req.ContentLength
	switch {
	case n > limit:
		return x.tooLarge(limit)
	case n < 0:
		n = limit // what it will be is not known before it is there
	}
	control := http.NewResponseController(x.w)
	ticket, err := x.gate.enter(x.req.Context(), n, func() { control.SetReadDeadline(time.Unix(1, 0)) })
	switch {
	case errors.Is(err, errOverload):
		return &refusal{status: http.StatusServiceUnavailable, reason: ReasonOverload, retry: retryAfter(5), unread: true,
			error: "there is no room for another request at the moment", help: "send it again after the time in Retry-After"}
	case err != nil:
		return gone(err)
	}
	x.ticket = ticket
	return nil
}

// retryAfter spreads those who come back, so that they do not come back at once.
func retryAfter(seconds int) int { return seconds + rand.IntN(seconds) }

// body returns the reader of the body. Once it has been read to its end, the room
// that it does not need is free for others.
func (x *exchange) body(limit int64) io.Reader {
	return &body{ticket: x.ticket, r: http.MaxBytesReader(x.w, x.req.Body, limit)}
}

type body struct {
	ticket *ticket
	r      io.Reader
	n      int64
	ended  bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if err == io.EOF && !b.ended {
		b.ended = true
		b.ticket.arrived(b.n)
	}
	return n, err
}

// unreadable turns an error of reading the body into the answer.
func (x *exchange) unreadable(err error) *refusal {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return x.tooLarge(large.Limit)
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{status: http.StatusBadRequest, reason: ReasonBroken, unread: true,
			error: "the body broke off or was badly framed", help: "send it again"}
	case x.ticket.tooSlow():
		return &refusal{status: http.StatusServiceUnavailable, reason: ReasonSlow, retry: retryAfter(5), unread: true,
			error: "the body came too slowly while others waited", help: "send it again after the time in Retry-After"}
	}
	return &refusal{status: http.StatusRequestTimeout, reason: ReasonSlow, unread: true,
		error: fmt.Sprintf("the body did not arrive within %v", readTimeout), help: "send it again"}
}

func (x *exchange) tooLarge(limit int64) *refusal {
	help := "send fewer events in one request"
	if x.answer.Route == RouteSOAP {
		help = outbound.TooLarge.Help()
	}
	return &refusal{status: http.StatusRequestEntityTooLarge, reason: ReasonTooLarge, unread: true,
		error: fmt.Sprintf("the body is longer than %d bytes", limit), help: help}
}

// gone is the end of a request whose sender does not wait for the answer.
func gone(err error) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, reason: ReasonBroken, silent: errors.Is(err, context.Canceled), unread: true,
		error: "the sender went away before the answer"}
}
