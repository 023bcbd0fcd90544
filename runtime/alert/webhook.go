package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// Webhook posts messages as JSON: {"text": …, "source": …, "time": …, "alerts": […]}.
// Chat services that take a text show it as it is.
type Webhook struct {
	url    *url.URL
	client *http.Client
}

// NewWebhook returns a sender to an address. It must be https, except on this machine.
// Who knows the address can usually post to it, so no error repeats more of it than
// the host.
func NewWebhook(address string) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the webhook's address is no https URL")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("the webhook at %s is not https", u.Host)
	}
	return &Webhook{u, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Name returns "webhook".
func (w *Webhook) Name() string { return "webhook" }

// Send posts a message; any status of 2xx means that it was taken.
func (w *Webhook) Send(ctx context.Context, m *Message) error {
	body, err := json.Marshal(struct {
		Text string `json:"text"`
		*Message
	}{m.Text(), m})
	if err != nil {
		return fmt.Errorf("cannot encode the alert: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's address is no https URL")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "sfsync")
	res, err := w.client.Do(req)
	if err != nil {
		// What it is wrapped in repeats the address.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return fmt.Errorf("cannot reach %s: %w", w.url.Host, err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered with status %d", w.url.Host, res.StatusCode)
	}
	return nil
}
