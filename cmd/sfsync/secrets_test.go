package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// secretWatch knows the secrets that a test has given out, and looks for them where
// they must not be: in what a command prints, and in what it leaves on disk.
type secretWatch struct {
	mu    sync.Mutex
	known map[string]string            // what each secret is
	given map[[sha256.Size]byte]string // files that the user wrote, by what is in them
}

func newSecretWatch() *secretWatch {
	return &secretWatch{known: map[string]string{}, given: map[[sha256.Size]byte]string{}}
}

// give registers a secret. Shorter ones would be found by chance.
func (w *secretWatch) give(what, secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(secret) >= 8 {
		w.known[secret] = what
	}
}

// givenFile registers a file of the user's own, with the secrets in it.
func (w *secretWatch) givenFile(name string, data []byte) {
	w.mu.Lock()
	w.given[sha256.Sum256(data)] = name
	w.mu.Unlock()
	for _, m := range sessionID.FindAllSubmatch(data, -1) {
		w.give("session id", string(m[1]))
	}
	for _, m := range secretSetting.FindAllSubmatch(data, -1) {
		if value := string(m[2]); value[0] != '$' {
			w.give(string(m[1]), value)
			if u, err := url.Parse(value); err == nil && u.User != nil {
				password, _ := u.User.Password()
				w.give("password in "+string(m[1]), password)
			}
		}
	}
}

// secretSetting is how a script or a file gives a secret.
var secretSetting = regexp.MustCompile(`(SFSYNC_(?:ACCESS_TOKEN|CLIENT_SECRET|EVENTS_TOKEN|WEBHOOK_SECRET|ALERT_WEBHOOK|SMTP_URL|PRIVATE_KEY|KEY)\w*)=(\S+)`)

// front serves an org, and registers the secrets that come and go there.
func (w *secretWatch) front(org http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			w.give("access token", token)
		}
		if !strings.HasPrefix(r.URL.Path, "/services/oauth2/") {
			org.ServeHTTP(rw, r)
			return
		}
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, err := url.ParseQuery(string(body)); err == nil {
			for _, name := range []string{"client_secret", "password", "code_verifier", "assertion", "refresh_token", "token"} {
				w.give(name, form.Get(name))
			}
		}
		r.Header.Del("Accept-Encoding")
		answer := &overheard{ResponseWriter: rw}
		org.ServeHTTP(answer, r)
		var tokens map[string]any
		if json.Unmarshal(answer.body.Bytes(), &tokens) == nil {
			for _, name := range []string{"access_token", "refresh_token"} {
				if token, ok := tokens[name].(string); ok {
					w.give(name, token)
				}
			}
		}
	})
}

type overheard struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (o *overheard) Write(p []byte) (int, error) {
	o.body.Write(p)
	return o.ResponseWriter.Write(p)
}

// sessionID is that of an outbound message.
var sessionID = regexp.MustCompile(`<SessionId>([^<]+)</SessionId>`)

// forms are the ways in which a secret may stand in a file, by name.
func forms(secret string) map[string]string {
	out := map[string]string{"as it is": secret}
	add := func(name, form string) {
		if form != secret {
			out[name] = form
		}
	}
	for _, html := range []bool{false, true} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		_ = enc.Encode(secret)
		add(fmt.Sprint("JSON ", html), strings.Trim(strings.TrimSpace(b.String()), `"`))
	}
	add("for a query", url.QueryEscape(secret))
	add("for a path", url.PathEscape(secret))
	add("in hex", hex.EncodeToString([]byte(secret)))
	// Base64 depends on where in a longer text the secret begins; what its first and last
	// characters share with the neighbours is left out.
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			all := encoding.EncodeToString(append(make([]byte, before), secret...))
			add(fmt.Sprint("in base64, ", before, encoding == base64.RawURLEncoding), all[(before*8+5)/6:(before+len(secret))*8/6])
		}
	}
	return out
}

// leaks tells which secrets a text holds.
func (w *secretWatch) leaks(where string, text []byte) (found []string) {
	w.mu.Lock()
	known := maps.Clone(w.known)
	w.mu.Unlock()
	text = withoutEmptyPages(text)
	for secret, what := range known {
		all := forms(secret)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if bytes.Contains(text, []byte(all[name])) {
				found = append(found, fmt.Sprintf("%s holds the %s %.6s… %s", where, what, secret, name))
				break
			}
		}
	}
	slices.Sort(found)
	return found
}

// withoutEmptyPages leaves out the zeros of which a new database mostly consists.
func withoutEmptyPages(data []byte) []byte {
	const page = 4096
	if len(data) < 16*page {
		return data
	}
	var out []byte
	for chunk := range slices.Chunk(data, page) {
		if bytes.Trim(chunk, "\x00") != nil {
			out = append(out, chunk...)
		}
	}
	return out
}

// leaksBelow looks through all files of a directory but the user's own.
func (w *secretWatch) leaksBelow(dir string) (found []string, files int) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil // gone meanwhile, or not to be read
		}
		files++
		w.mu.Lock()
		_, own := w.given[sha256.Sum256(data)]
		w.mu.Unlock()
		if !own {
			name, _ := filepath.Rel(dir, path)
			found = append(found, w.leaks(name, data)...)
		}
		return nil
	})
	return found, files
}
