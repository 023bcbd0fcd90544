package alert

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"
)

// Mail sends messages by SMTP.
type Mail struct {
	host, port     string
	implicitTLS    bool
	user, password string
	from           *mail.Address
	to             []*mail.Address
	// TLS replaces the settings of TLS; its ServerName is filled in. May be nil.
	TLS *tls.Config
}

// NewMail returns a sender through a mail server, smtp://USER:PASSWORD@HOST:PORT or
// smtps://… for TLS from the first byte on. With smtp, STARTTLS is demanded of every
// server but one on this machine. No error repeats the password.
func NewMail(server, from string, to []string) (*Mail, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("the mail server is no URL such as smtps://user:password@mail.example.com")
	}
	m := &Mail{host: u.Hostname(), implicitTLS: u.Scheme == "smtps", user: u.User.Username()}
	m.password, _ = u.User.Password()
	m.port = cmp.Or(u.Port(), map[bool]string{true: "465", false: "587"}[m.implicitTLS])
	if m.from, err = mail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("the sender %q is no mail address", from)
	}
	for _, address := range to {
		a, err := mail.ParseAddress(address)
		if err != nil {
			return nil, fmt.Errorf("the recipient %q is no mail address", address)
		}
		m.to = append(m.to, a)
	}
	if len(m.to) == 0 {
		return nil, errors.New("alerts by mail need a recipient")
	}
	return m, nil
}

// Name returns "mail".
func (m *Mail) Name() string { return "mail" }

// Send delivers a message to all recipients, in one transaction.
func (m *Mail) Send(ctx context.Context, message *Message) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(m.host, m.port))
	if err != nil {
		return fmt.Errorf("cannot reach the mail server: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	if err := m.transact(conn, message); err != nil {
		return fmt.Errorf("the mail server %s did not take the alert: %w", m.host, err)
	}
	return nil
}

func (m *Mail) transact(conn net.Conn, message *Message) error {
	secure := &tls.Config{}
	if m.TLS != nil {
		secure = m.TLS.Clone()
	}
	secure.ServerName = m.host
	if m.implicitTLS {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return err
	}
	defer c.Close()
	if !m.implicitTLS {
		if offered, _ := c.Extension("STARTTLS"); offered {
			if err := c.StartTLS(secure); err != nil {
				return err
			}
		} else if !isLoopback(m.host) {
			return errors.New("it does not offer STARTTLS")
		}
	}
	if m.user != "" {
		if err := c.Auth(smtp.PlainAuth("", m.user, m.password, m.host)); err != nil {
			return err
		}
	}
	if err := c.Mail(m.from.Address); err != nil {
		return err
	}
	for _, to := range m.to {
		if err := c.Rcpt(to.Address); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.letter(message)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func (m *Mail) letter(message *Message) []byte {
	var b strings.Builder
	to := make([]string, len(m.to))
	for i, a := range m.to {
		to[i] = a.String()
	}
	for _, line := range [][2]string{
		{"From", m.from.String()},
		{"To", strings.Join(to, ", ")},
		{"Subject", mime.QEncoding.Encode("utf-8", message.Title())},
		{"Date", message.Time.Format(time.RFC1123Z)},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", line[0], line[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b) // a strings.Builder takes everything
	body.Write([]byte(strings.ReplaceAll(message.Text(), "\n", "\r\n")))
	body.Close()
	return []byte(b.String())
}
