package salesforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// call is one request to the org.
type call struct {
	method string
	path   string // escaped, with query
	body   []byte
	header http.Header
	// uncounted calls do not use up the daily limit.
	uncounted bool
}

// answer is a whole answer. An answer of any status is one.
type answer struct {
	status int
	header http.Header
	body   []byte
}

const (
	invalidSession = "INVALID_SESSION_ID"
	// gzipFrom is the size from which a body is worth compressing, in bytes.
	gzipFrom = 1 << 10
)

// notRenewable are the texts of INVALID_SESSION_ID that a new token would not
// change: the app lacks the api scope or is blocked.
var notRenewable = []string{
	"This session is not valid for use with the REST API",
	"Connected app is not attached to Agent",
}

// do makes the call and tells who observes how it went.
func (c *Client) do(ctx context.Context, call *call) (*answer, *Error) {
	a, bad := c.try(ctx, call)
	if c.observe != nil {
		c.observe(orgTrouble(a, bad))
	}
	return a, bad
}

// orgTrouble is why the org could not be reached or did not let us in, nil if it did.
func orgTrouble(a *answer, bad *Error) *Error {
	if bad == nil && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status >= 500 || a.redirects() || a.foreign()) {
		bad = answerError(a, "")
	}
	if bad != nil {
		switch bad.Cause {
		case Auth, Network, Unavailable, RateLimited:
			return bad
		}
	}
	return nil
}

// try makes the call, and once more with a new token if the old one has expired.
// That refusal comes before anything is executed, so repeating is safe.
func (c *Client) try(ctx context.Context, call *call) (*answer, *Error) {
	token, bad := c.tokens.get(ctx, "")
	if bad != nil {
		return nil, bad
	}
	a, bad := c.send(ctx, call, token)
	if bad != nil || !renewable(a) {
		return a, bad
	}
	if token, bad = c.tokens.get(ctx, token); bad != nil {
		return nil, bad
	}
	return c.send(ctx, call, token)
}

func renewable(a *answer) bool {
	if badOAuthToken(a) {
		return true
	}
	if a.status != http.StatusUnauthorized {
		return false
	}
	failures := readErrors(a.body, a.status, "")
	if len(failures) == 0 || failures[0].Code != invalidSession {
		return false
	}
	for _, text := range notRenewable {
		if strings.Contains(failures[0].Message, text) {
			return false
		}
	}
	return true
}

// badOAuthToken recognises the plain text with which userinfo refuses a token.
func badOAuthToken(a *answer) bool {
	return (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden) &&
		strings.HasPrefix(string(a.body), "Bad_OAuth_Token")
}

func (c *Client) send(ctx context.Context, call *call, token string) (*answer, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	ctx, sent := traceSent(ctx)
	body, zipped := compress(call.body)
	var reader io.Reader
	if call.body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.base.String()+call.path, reader)
	if err != nil {
		return nil, &Error{Cause: InvalidValue, Message: "the call has no valid address", Whole: true}
	}
	for k, v := range call.header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "application/json")
	if call.body != nil {
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
		if zipped {
			req.Header.Set("Content-Encoding", "gzip")
		}
		if c.autoAssign {
			req.Header.Set("Sforce-Auto-Assign", "TRUE")
		} else {
			req.Header.Set("Sforce-Auto-Assign", "FALSE")
		}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if !call.uncounted {
		c.calls.Add(1)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(c.host, err, sent.Load())
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header}
	c.noteUsage(res.Header)
	a.body, err = io.ReadAll(io.LimitReader(res.Body, c.maxResponse+1))
	if err != nil {
		return nil, transportError(c.host, err, true)
	}
	if int64(len(a.body)) > c.maxResponse {
		return nil, &Error{Cause: Unknown, HTTPStatus: a.status, Whole: true, InDoubt: true,
			Message: fmt.Sprintf("the answer is larger than %d bytes", c.maxResponse)}
	}
	return a, nil
}

// traceSent tells whether a request may have been executed, which is from its first
// byte on.
func traceSent(ctx context.Context) (context.Context, *atomic.Bool) {
	sent := new(atomic.Bool)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:          func(string) { sent.Store(false) },
		WroteHeaderField: func(string, []string) { sent.Store(true) },
	}), sent
}

// transportError tells why no answer came. The address of the call is left out,
// because it may hold an external id, which may be somebody's e-mail address.
func transportError(host string, err error, sent bool) *Error {
	e := &Error{Cause: Network, InDoubt: sent, Whole: true, cause: err}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if system, ok := errors.AsType[*os.SyscallError](err); ok {
		// "connection refused", without the addresses and ports around it.
		err = system.Err
	}
	var dns *net.DNSError
	switch timeout, ok := errors.AsType[net.Error](err); {
	case errors.Is(err, context.Canceled):
		e.Message = "the call was cancelled"
	case errors.As(err, &dns):
		e.Message = "cannot find the host " + host
	case errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout():
		e.Message = "no answer from " + host + " in time"
	case sent:
		e.Message = "the connection to " + host + " broke before the whole answer came"
	default:
		e.Message = "cannot reach " + host + ": " + clip(err.Error())
	}
	if sent {
		e.Message += "; the call may have been executed"
	}
	return e
}

// isTransport reports whether err comes from the connection and not from what was said over it.
func isTransport(err error) bool {
	var u *url.Error
	return errors.As(err, &u) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return w
}}

func compress(body []byte) (_ []byte, zipped bool) {
	if len(body) < gzipFrom {
		return body, false
	}
	var out bytes.Buffer
	out.Grow(len(body) / 4)
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(&out)
	// Writing to a buffer cannot fail.
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes(), true
}
