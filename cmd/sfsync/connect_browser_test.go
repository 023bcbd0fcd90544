package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// chromium is a real browser, without a window, driven by WebDriver
// (https://www.w3.org/TR/webdriver2/) over HTTP.
type chromium struct {
	t       *testing.T
	session string // address
}

var driverPort = regexp.MustCompile(`started successfully on port (\d+)`)

// newChromium starts Chromium. Without it the test is skipped, unless
// SFSYNC_REQUIRE_CHROMIUM says that it must be there.
func newChromium(t *testing.T) *chromium {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	path, errToo := exec.LookPath("chromium")
	if err != nil || errToo != nil {
		if os.Getenv("SFSYNC_REQUIRE_CHROMIUM") != "" {
			t.Fatal("chromium and chromedriver are needed: apt-get install chromium chromium-driver")
		}
		t.Skip("chromium and chromedriver are not installed")
	}
	cmd := exec.Command(driver, "--port=0")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	b := &chromium{t: t}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := driverPort.FindStringSubmatch(lines.Text()); m != nil {
			b.session = "http://127.0.0.1:" + m[1] + "/session"
			break
		}
	}
	go io.Copy(io.Discard, out)
	if b.session == "" {
		t.Fatal("chromedriver does not start")
	}
	var made struct{ SessionID string }
	b.call(http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{"goog:chromeOptions": map[string]any{
		"binary": path,
		"args": []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=900,700", "--user-data-dir=" + t.TempDir()},
	}}}}, &made)
	b.session += "/" + made.SessionID
	t.Cleanup(func() { b.call(http.MethodDelete, "", nil, nil) })
	return b
}

// call makes a WebDriver call and reads its value into out, unless that is nil.
func (b *chromium) call(method, path string, in, out any) {
	b.t.Helper()
	if err := b.try(method, path, in, out); err != nil {
		b.t.Fatal(err)
	}
}

func (b *chromium) try(method, path string, in, out any) error {
	var body io.Reader
	if method == http.MethodPost {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, b.session+path, body)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, answer.Value)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, out)
}

func (b *chromium) open(address string) {
	b.t.Helper()
	b.call(http.MethodPost, "/url", map[string]string{"url": address}, nil)
}

// element waits for the element that a CSS selector finds, and returns its path.
func (b *chromium) element(selector string) string {
	b.t.Helper()
	var path string
	eventually(b.t, selector+" is on the page", func() bool {
		var found map[string]string
		if b.try(http.MethodPost, "/element", map[string]string{"using": "css selector", "value": selector}, &found) != nil {
			return false
		}
		for _, id := range found {
			path = "/element/" + id
		}
		return true
	})
	return path
}

func (b *chromium) write(selector, text string) {
	b.t.Helper()
	at := b.element(selector)
	b.call(http.MethodPost, at+"/clear", struct{}{}, nil)
	b.call(http.MethodPost, at+"/value", map[string]string{"text": text}, nil)
}

func (b *chromium) click(selector string) {
	b.t.Helper()
	b.call(http.MethodPost, b.element(selector)+"/click", struct{}{}, nil)
}

// shows waits until an element holds a text.
func (b *chromium) shows(selector, text string) {
	b.t.Helper()
	var said string
	eventually(b.t, fmt.Sprintf("%s holds %q", selector, text), func() bool {
		return b.try(http.MethodGet, b.element(selector)+"/text", nil, &said) == nil && strings.Contains(said, text)
	})
}

// picture keeps a screenshot in the directory $SFSYNC_SCREENSHOTS, if there is one.
func (b *chromium) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("SFSYNC_SCREENSHOTS")
	if dir == "" {
		return
	}
	var text string
	b.call(http.MethodGet, "/screenshot", nil, &text)
	image, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), image, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// startCommand runs a command that goes on for a while. Ended is its exit code.
func startCommand(t *testing.T, args ...string) (out, errOut *safeBuffer, ended <-chan int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, errOut = &safeBuffer{}, &safeBuffer{}
	c := &console{in: strings.NewReader(""), out: out, err: errOut, width: defaultWidth}
	code, done := make(chan int, 1), make(chan struct{})
	go func() {
		defer close(done)
		code <- c.exit(execute(ctx, c, append([]string{"sfsync"}, args...)))
	}()
	t.Cleanup(func() { cancel(); <-done })
	return out, errOut, code
}

// TestBrowser signs in as a person does.
func TestBrowser(t *testing.T) {
	b := newChromium(t)
	org := testOrg(t)
	add := func() (out, errOut *safeBuffer, ended <-chan int) {
		out, errOut, ended = startCommand(t, "connect", "add", "production", "--flow", "web", "--host", org.URL(), "--no-browser", "--redirect-port", "0")
		eventually(t, "it prints an address", func() bool { return addressIn(errOut.String()) != "" })
		b.open(addressIn(errOut.String()))
		return out, errOut, ended
	}
	user := org.Users()[0]

	_, errOut, ended := add()
	b.picture("1-log-in")
	b.write("#username", user.Username)
	b.write("#password", "not the password")
	b.click("#Login")
	b.shows("#error", "check your username and password")
	b.write("#username", user.Username)
	b.write("#password", user.Password)
	b.click("#Login")
	b.element("#oaapprove")
	b.picture("2-allow-access")
	b.click("#oadeny")
	b.shows("h1", "Not signed in")
	b.picture("3-denied")
	if code := <-ended; code != exitOutside || !strings.Contains(errOut.String(), "choose Allow") {
		t.Errorf("exit code %d: %s", code, errOut)
	}

	out, errOut, ended := add()
	// The browser knows the user by now, or is asked again; both are the org's business.
	if strings.Contains(b.source(), `id="Login"`) {
		b.write("#username", user.Username)
		b.write("#password", user.Password)
		b.click("#Login")
	}
	b.click("#oaapprove")
	b.shows("h1", "Signed in")
	b.shows("p", "You can close this tab")
	b.picture("4-signed-in")
	if code := <-ended; code != 0 || !strings.Contains(out.String(), "a person in a browser") {
		t.Errorf("exit code %d: %s %s", code, out, errOut)
	}
	if said, code := call(t, "", "connect", "test", "production"); code != 0 || !strings.Contains(said, user.Username) {
		t.Errorf("exit code %d: %s", code, said)
	}
	// The code in the address is of no use any more, and the page says nothing of it.
	if text := b.source(); strings.Contains(text, "code=") {
		t.Error(text)
	}
}

func (b *chromium) source() (text string) {
	b.t.Helper()
	b.call(http.MethodGet, "/source", nil, &text)
	return text
}
