package alert

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"
)

var sample = &Message{Source: "sfsync on test", Time: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC), Alerts: []Told{
	{Kind: Failure, Subject: "no_permission", Message: "Größe: no_permission in the rule Answers", Help: "give the user access", Count: 2},
}}

func TestWebhook(t *testing.T) {
	var got struct {
		Text, Source string
		Alerts       []Told
	}
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hooks/secret" || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer server.Close()
	hook, err := NewWebhook(server.URL + "/hooks/secret")
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Send(t.Context(), sample); err != nil {
		t.Fatal(err)
	}
	if got.Source != sample.Source || len(got.Alerts) != 1 || got.Alerts[0].Count != 2 || !strings.Contains(got.Text, "no_permission") {
		t.Errorf("%+v", got)
	}
	for _, status = range []int{302, 403, 500} {
		if err := hook.Send(t.Context(), sample); err == nil || !strings.Contains(err.Error(), fmt.Sprint(status)) || strings.Contains(err.Error(), "secret") {
			t.Errorf("status %d: %v", status, err)
		}
	}
	server.Close()
	if err := hook.Send(t.Context(), sample); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestBadAddresses(t *testing.T) {
	for _, address := range []string{"", "hooks.example.com", "http://hooks.example.com/secret", "ftp://x/secret", "https://user:secret\x7f@x"} {
		if _, err := NewWebhook(address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, c := range []struct{ server, from, to string }{
		{"mail.example.com", "a@example.com", "b@example.com"},
		{"http://u:secret@mail.example.com", "a@example.com", "b@example.com"},
		{"smtp://u:secret@", "a@example.com", "b@example.com"},
		{"smtp://u:secret@h", "nobody", "b@example.com"},
		{"smtp://u:secret@h", "a@example.com", "b"},
	} {
		if _, err := NewMail(c.server, c.from, []string{c.to}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := NewMail("smtp://h", "a@example.com", nil); err == nil {
		t.Error("nobody is a recipient")
	}
}

// mailServer takes one transaction and returns what it was told.
func mailServer(t *testing.T, refuse string) (address string, told <-chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		var all strings.Builder
		defer func() { out <- all.String() }()
		fmt.Fprint(conn, "220 ready\r\n")
		data := false
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			all.WriteString(line)
			verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case data:
				if line == ".\r\n" {
					data = false
					fmt.Fprint(conn, "250 ok\r\n")
				}
			case verb == refuse:
				fmt.Fprint(conn, "550 not you\r\n")
			case verb == "EHLO":
				fmt.Fprint(conn, "250-hello\r\n250 AUTH PLAIN\r\n")
			case verb == "AUTH":
				fmt.Fprint(conn, "235 ok\r\n")
			case verb == "DATA":
				data = true
				fmt.Fprint(conn, "354 go on\r\n")
			case verb == "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
				return
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	return l.Addr().String(), out
}

func TestMail(t *testing.T) {
	address, told := mailServer(t, "")
	m, err := NewMail("smtp://user:password@"+address, "sfsync <sfsync@example.com>", []string{"ops@example.com", "crm@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), sample); err != nil {
		t.Fatal(err)
	}
	got := <-told
	for _, want := range []string{"AUTH PLAIN", "MAIL FROM:<sfsync@example.com>", "RCPT TO:<ops@example.com>", "RCPT TO:<crm@example.com>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	_, letter, _ := strings.Cut(got, "DATA\r\n")
	read, err := mail.ReadMessage(strings.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if err != nil || subject != sample.Title() {
		t.Errorf("%q, %v", subject, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if err != nil || !strings.Contains(string(body), "Größe: no_permission") {
		t.Errorf("%s, %v", body, err)
	}
}

func TestMailRefused(t *testing.T) {
	for _, verb := range []string{"AUTH", "MAIL", "RCPT", "DATA"} {
		address, _ := mailServer(t, verb)
		m, err := NewMail("smtp://user:password@"+address, "a@example.com", []string{"b@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Send(t.Context(), sample); err == nil || strings.Contains(err.Error(), "password") {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

// A password must not go in clear to another machine.
func TestMailWantsTLS(t *testing.T) {
	address, told := mailServer(t, "")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMail("smtp://user:password@mail.example.com", "a@example.com", []string{"b@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.transact(conn, sample); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Error(err)
	}
	conn.Close()
	if got := <-told; strings.Contains(got, "AUTH") {
		t.Error(got)
	}
}

func TestMailOverTLSNeedsTLS(t *testing.T) {
	address, told := mailServer(t, "")
	m, err := NewMail("smtps://user:password@"+address, "a@example.com", []string{"b@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), sample); err == nil {
		t.Error("sent without TLS")
	}
	if got := <-told; strings.Contains(got, "AUTH") {
		t.Error(got)
	}
}
