package receiver

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
)

// dial opens a connection and writes the beginning of a request.
func dial(t testing.TB, address, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute)) // so that a test which fails ends
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// answer reads the answer to what was written to a connection.
func answer(t testing.TB, conn net.Conn) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

const head = "POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n"

// A body that holds the room of others is cut off as soon as they wait for it.
func TestSlowBodyUnderLoad(t *testing.T) {
	d := newDeskOn(t, take, func(c *Config) { c.Limits = Limits{MaxBytes: 8 << 20, Grace: time.Millisecond} })
	address := d.serve(t, nil)
	slow := dial(t, address, head+"Content-Length: 8388608\r\n\r\n"+`{"id":`)
	until(t, func() bool { working, _, _ := d.Load(); return working == 1 })

	body := response("a")
	quick := dial(t, address, head+fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
	if response, text := answer(t, quick); response.StatusCode != 202 {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	response, text := answer(t, slow)
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || !response.Close || !strings.Contains(text, "the body came too slowly while others waited") {
		t.Errorf("%d %v %s", response.StatusCode, response.Header, text)
	}
	if log := d.log.String(); !strings.Contains(log, "reason=slow") {
		t.Errorf("the log says %q", log)
	}
}

// The same over HTTP/2, where the streams of others share the connection.
func TestSlowStreamUnderLoad(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, nil)
	ca.writePair(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	config, err := TLS(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	d := newDeskOn(t, take, func(c *Config) { c.Limits = Limits{MaxBytes: 8 << 20, Grace: time.Millisecond} })
	address := d.serve(t, config)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	send := func(body io.Reader) (*http.Response, error) {
		req, err := http.NewRequest("POST", "https://"+address+"/v1/events", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		response, err := transport.RoundTrip(req)
		if err == nil {
			response.Body.Close()
		}
		return response, err
	}
	read, write := io.Pipe()
	defer write.Close()
	slow := make(chan string, 1)
	go func() {
		response, err := send(read)
		if err != nil {
			slow <- err.Error()
			return
		}
		slow <- fmt.Sprint(response.StatusCode, response.ProtoMajor)
	}()
	io.WriteString(write, `{"id":`)
	until(t, func() bool { working, _, _ := d.Load(); return working == 1 })
	if response, err := send(strings.NewReader(response("a"))); err != nil || response.StatusCode != 202 {
		t.Errorf("%v %v", response, err)
	}
	if got := <-slow; got != "503 2" {
		t.Errorf("the slow one: %s", got)
	}
}

// until waits for a condition that another goroutine brings about.
func until(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within a minute")
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// Without load, the server's own time is what a slow body has.
func TestSlowBody(t *testing.T) {
	d := newDeskOn(t, take)
	address := d.serve(t, nil, func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout = 20*time.Millisecond, 20*time.Millisecond })
	for _, framing := range []string{"Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"} {
		response, text := answer(t, dial(t, address, head+framing))
		if response.StatusCode != 408 || !response.Close || !strings.Contains(text, "did not arrive within") {
			t.Errorf("%d %s", response.StatusCode, text)
		}
	}
	conn := dial(t, address, "POST /v1/events HTTP/1.1\r\nHost:") // slow headers get no answer
	if text, _ := io.ReadAll(conn); len(text) > 0 {
		t.Errorf("%s", text)
	}
	text := strings.Replace(head, "/v1/events", "/soap/production", 1)
	if response, text := answer(t, dial(t, address, text+"Content-Length: 100\r\n\r\n<")); response.StatusCode != 408 || !strings.Contains(text, "did not arrive within") {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

// When no more requests are let in, the next one is turned away unread.
func TestShedding(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	d := newDeskOn(t, func(ctx context.Context, source string, events []string) ([]runtime.Submission, error) {
		entered <- struct{}{}
		<-leave
		return take(ctx, source, events)
	}, func(c *Config) { c.Limits = Limits{MaxRequests: 1} })
	done := make(chan int)
	go func() { done <- d.do(post("/v1/events", response("a"))).Code }()
	<-entered
	for _, req := range []*http.Request{post("/v1/events", ""), soap("")} {
		req.Body, req.ContentLength = readCloser{unreadBody{t}}, 1000
		w := d.do(req)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Connection") != "close" || !strings.Contains(w.Body.String(), "there is no room for another request") {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		if a := d.lastAnswer(t); a.Reason != ReasonOverload {
			t.Errorf("the observer was told %+v", a)
		}
	}
	close(leave)
	if code := <-done; code != 202 {
		t.Errorf("the one that was let in: %d", code)
	}
	go func() { <-entered }()
	if w := d.do(post("/v1/events", response("b"))); w.Code != 202 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// A flood of refusals leaves a log that can be read.
func TestLogIsBounded(t *testing.T) {
	d := newDeskOn(t, take)
	for range 10 * warnLines {
		d.do(post("/v1/events", "", "Authorization", ""))
	}
	d.do(post("/v1/events", "hello")) // another reason is not silenced
	if n := strings.Count(d.log.String(), "reason=credentials"); n != warnLines {
		t.Errorf("%d lines, want %d", n, warnLines)
	}
	if !strings.Contains(d.log.String(), "events rejected") {
		t.Error("another reason is silenced")
	}
}

func TestTooManyConnections(t *testing.T) {
	d := newDeskOn(t, take, func(c *Config) { c.Limits = Limits{MaxConnections: 2} })
	address := d.serve(t, nil)
	health := "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
	first, second := dial(t, address, health), dial(t, address, health)
	answer(t, first)
	answer(t, second)
	third := dial(t, address, "")
	if text, _ := io.ReadAll(third); len(text) > 0 {
		t.Errorf("%s", text)
	}
	if !strings.Contains(d.log.String(), "too many are open") {
		t.Errorf("the log says %q", &d.log)
	}
	second.Close()
	for { // the server notices the end of a connection in its own time
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, health)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		conn.Close()
		if err == nil && response.StatusCode == 200 {
			break
		}
	}
}

func TestLongHeaders(t *testing.T) {
	d := newDeskOn(t, take)
	address := d.serve(t, nil)
	if response, _ := answer(t, dial(t, address, head+"X: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")); response.StatusCode != 431 {
		t.Errorf("status %d", response.StatusCode)
	}
}

// Many senders at once, each of whose events is kept once and answered once.
func TestManySenders(t *testing.T) {
	d := newDesk(t, func(c *Config) { c.Limits = Limits{MaxBytes: 9 << 20} })
	address := d.serve(t, nil)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	const senders, each = 64, 5
	var wg sync.WaitGroup
	var acks atomic.Int64
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				// Two senders tell of each message.
				numbers := []int{sender/2*1000 + 2*i + 1, sender/2*1000 + 2*i + 2}
				response, err := client.Post("http://"+address+"/soap/production", "text/xml", strings.NewReader(message(org, numbers...)))
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode == 200 {
					acks.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := acks.Load(); n != senders*each {
		t.Errorf("%d Acks, want %d", n, senders*each)
	}
	kept := d.keptEvents()
	if want := senders / 2 * each * 2; len(kept) != want {
		t.Errorf("%d events are kept, want %d", len(kept), want)
	}
}
