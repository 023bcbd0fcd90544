package orgsim

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// newSender makes the HTTP client of the org: no proxy, no redirects, no HTTP/2, and no other machine
// unless that is allowed.
func newSender(opts Options) *http.Client {
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	if !opts.AllowRemoteEndpoints {
		// The name localhost is what the machine's resolver makes of it, so look at the address too.
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			host, _, err := net.SplitHostPort(address)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				return fmt.Errorf("%s is not on this machine, which has to be allowed first", address)
			}
			return nil
		}
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: opts.EndpointRoots}
	if cert := opts.ClientCertificate; cert != nil {
		// Shown to whoever asks, also to listeners that announce other issuers.
		secure.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: secure, DisableCompression: true,
			MaxIdleConnsPerHost: maxConnections, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: maxHeader},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// deliver makes one attempt at a message.
func (b *outbox) deliver(q *queue, def *definition, batch []*notification, timeout time.Duration) {
	defer b.running.Done()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	problem := b.post(ctx, def.Endpoint, b.write(q.actionID, def, batch))
	switch {
	case problem == "":
	case b.ctx.Err() != nil:
		problem = "the org was closed before the answer came"
	case ctx.Err() != nil:
		problem = fmt.Sprintf("no answer within %s", timeout)
	}
	b.settle(q, batch, problem)
}

// post sends a message and says what is wrong with the answer.
func (b *outbox) post(ctx context.Context, endpoint string, body []byte) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header = http.Header{
		"Content-Type": {"text/xml; charset=utf-8"},
		"SOAPAction":   {`""`}, // in this spelling
		"User-Agent":   {"Jakarta Commons-HttpClient/3.1"},
	}
	resp, err := b.client.Do(req)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err // without the URL, which is known
		}
		return "cannot send: " + err.Error()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAck+1))
	if err != nil {
		return "cannot read the answer: " + err.Error()
	}
	return readAck(resp.StatusCode, resp.Header.Get("Content-Type"), answer, b.org.opts.Assumptions.LenientAck)
}
