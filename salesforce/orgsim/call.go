package orgsim

import (
	"bufio"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/tidwall/gjson"
)

const (
	maxHeader = 16_384   // bytes of URI and headers
	maxBody   = 50 << 20 // bytes of a request body, unpacked
	gzipFrom  = 860      // bytes of an answer below which packing gains nothing
)

// call is one request to the org, or one sub-request of a composite call.
type call struct {
	org     *Org
	cfg     *config
	user    *User
	session session
	method  string
	path    string // of the whole request
	parts   []string
	base    string // scheme and host by which the client reached the org
	version int
	query   url.Values
	header  http.Header
	body    []byte
	tx      *txn // set within a composite call that is all or nothing
	at      time.Time

	rows, failedRows int
	codes            []string // of errors, for the log
	counted          bool     // against the daily limit
}

// answer is what a call comes to. An answer without a body has no content type.
type answer struct {
	status      int
	body        []byte
	contentType string // JSON when empty
	modified    time.Time
	etag        string
	header      http.Header // further ones
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("orgsim: answer cannot be written: %v", err)) // all answers are plain data
	}
	return answer{status: status, body: body}
}

// ServeHTTP answers one request, to the REST API or to the admin interface.
func (g *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/sim/") || r.URL.Path == "/sim" {
		g.admin.ServeHTTP(w, r)
		return
	}
	c := &call{org: g, cfg: g.config.Load(), method: r.Method, path: r.URL.Path, query: r.URL.Query(), header: r.Header, base: baseURL(r), at: g.now()}
	c.parts = splitPath(r.URL.EscapedPath())
	if override := c.query.Get("_HttpMethod"); r.Method == "POST" && override != "" {
		c.method = strings.ToUpper(override)
	}
	started := time.Now()
	done := g.limits.begin(started)
	defer done()

	var a answer
	var fault *Fault
	switch bad := c.readBody(r); {
	case bad != nil:
		a = *bad
	default:
		a, fault = g.serve(c, r)
	}
	g.log.add(c, a, fault, time.Since(started))
	if fault != nil && fault.cuts() {
		cut(w)
		return
	}
	if r.Context().Err() == nil {
		c.write(w, r, a)
	}
}

// serve runs a call with the faults that are meant for it.
func (g *Org) serve(c *call, r *http.Request) (answer, *Fault) {
	if g.opts.Latency > 0 || g.opts.Jitter > 0 {
		wait(r.Context(), g.opts.Latency+time.Duration(g.float()*float64(g.opts.Jitter)))
	}
	fault := g.faults.forCall(g, c)
	if fault == nil {
		return g.route(c), nil
	}
	if fault.Delay > 0 {
		wait(r.Context(), time.Duration(fault.Delay))
	}
	if a, ok := fault.before(c); ok {
		return a, fault
	}
	return fault.after(g.route(c)), fault
}

// route answers a call by its path.
func (g *Org) route(c *call) answer {
	p := c.parts
	switch {
	case match(p, "services", "oauth2", "token"):
		return g.token(c)
	case match(p, "services", "oauth2", "revoke"):
		return g.revokeToken(c)
	case match(p, "services", "oauth2", "authorize"):
		return g.authorizePage(c)
	case match(p, "services", "oauth2", "introspect"):
		if c.method != "POST" {
			return oauthError(400, "invalid_request", "must use HTTP POST")
		}
		return g.introspect(c)
	case match(p, ".well-known", "openid-configuration"):
		return c.allow(g.openID, "GET")
	case match(p, "services", "data"):
		return c.allow(g.versions, "GET")
	case match(p, "services", "oauth2", "userinfo"):
		if a, ok := g.authorize(c); !ok {
			return a
		}
		return g.userInfo(c)
	case len(p) == 3 && p[0] == "id":
		if a, ok := g.authorize(c); !ok {
			return a
		}
		return g.identity(c, p[1], p[2])
	case len(p) >= 3 && p[0] == "services" && p[1] == "data":
		return g.data(c)
	}
	return answer{status: 404, contentType: "text/html;charset=UTF-8", body: []byte("<html><head><title>URL No Longer Exists</title></head><body>URL No Longer Exists<p>This org is a simulated one: <a href=\"/sim/\">/sim/</a> shows what is in it.</p></body></html>")}
}

// data answers a call below /services/data/vNN.0/.
func (g *Org) data(c *call) answer {
	number, isVersion := strings.CutPrefix(c.parts[2], "v")
	version, err := strconv.ParseFloat(number, 64)
	if !isVersion || err != nil || version > newestVersion || version != float64(int(version)) {
		return notFound()
	}
	if version < oldestVersion {
		return fail(410, "GONE", "The requested API version is retired. Use version "+strconv.Itoa(oldestVersion)+".0 or later.")
	}
	c.version = int(version)
	if a, ok := g.authorize(c); !ok {
		return a
	}
	if !mayCall(c.session.scopes) {
		return sessionBlocked()
	}
	if a, ok := g.limits.count(c); !ok {
		return a
	}
	return g.resource(c, c.parts[3:])
}

// resource answers a call by the path behind the version; composite calls come here too.
func (g *Org) resource(c *call, p []string) answer {
	switch {
	case len(p) == 0:
		return c.allow(g.resources, "GET")
	case match(p, "limits"):
		return c.allow(g.limitsResource, "GET")
	case match(p, "query"), match(p, "queryAll"):
		return c.allow(g.query, "GET")
	case len(p) == 2 && (p[0] == "query" || p[0] == "queryAll"):
		return c.allow(func(c *call) answer { return g.queryMore(c, p[1]) }, "GET")
	case match(p, "composite"):
		return c.allow(g.composite, "POST")
	case match(p, "composite", "batch"):
		return c.allow(g.batch, "POST")
	case len(p) >= 2 && p[0] == "composite" && p[1] == "sobjects":
		return g.collections(c, p[2:])
	case match(p, "sobjects"):
		return c.allow(g.describeGlobal, "GET")
	case len(p) >= 2 && p[0] == "sobjects":
		v := c.view(p[1])
		if v == nil {
			return notFound()
		}
		return g.sobject(c, v, p[2:])
	}
	return notFound()
}

// allow runs do if the call has one of the methods.
func (c *call) allow(do func(*call) answer, methods ...string) answer {
	if slices.Contains(methods, c.method) || c.method == "HEAD" && slices.Contains(methods, "GET") {
		return do(c)
	}
	return fail(405, "METHOD_NOT_ALLOWED", "HTTP Method '"+c.method+"' not allowed. Allowed are "+strings.Join(methods, ","))
}

// view returns an object as the calling user sees it, or nil.
func (c *call) view(object string) *view {
	views := c.cfg.views[c.user.Username]
	v := views[object]
	if v == nil {
		v = views[strings.ToLower(object)]
	}
	if v == nil || v.hidden {
		return nil
	}
	return v
}

// change runs do with the tables locked for writing, inside the transaction that the call is part
// of if it is part of one.
func (c *call) change(do func(tx *txn)) {
	if c.tx != nil {
		do(c.tx)
		return
	}
	tx := &txn{now: c.at}
	c.org.write(func() { do(tx) })
	c.org.outbox.changed(c.cfg, c.user, tx.undo)
}

// write runs do with the tables locked for writing.
func (g *Org) write(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do()
}

// read runs do with the tables locked for reading.
func (c *call) read(do func()) {
	if c.tx != nil {
		do()
		return
	}
	c.org.mu.RLock()
	defer c.org.mu.RUnlock()
	do()
}

// json reads the body as one JSON value of the kind, '{' or '['.
func (c *call) json(kind byte) (gjson.Result, *answer) {
	bad := func(f failure) (gjson.Result, *answer) {
		a := failed(f)
		return gjson.Result{}, &a
	}
	if len(c.body) == 0 {
		return bad(failure{status: 400, code: "JSON_PARSER_ERROR", message: "The HTTP entity body is required, but this request has no entity body."})
	}
	if !utf8.Valid(c.body) {
		return bad(parserError(c.body, 0, "Invalid UTF-8"))
	}
	// The standard library bounds the depth of nesting, which gjson does not.
	if !json.Valid(c.body) {
		var syntax *json.SyntaxError
		offset, message := len(c.body), "Unexpected end-of-input"
		if err := json.Unmarshal(c.body, new(json.RawMessage)); errors.As(err, &syntax) && syntax.Offset > 0 {
			if offset = int(syntax.Offset) - 1; offset < len(c.body)-1 || !strings.Contains(err.Error(), "end of JSON") {
				ch := c.body[min(offset, len(c.body)-1)]
				message = fmt.Sprintf("Unexpected character ('%c' (code %d))", ch, ch)
			}
		}
		return bad(parserError(c.body, offset, message))
	}
	v := gjson.ParseBytes(c.body)
	if len(v.Raw) == 0 || v.Raw[0] != kind {
		return bad(parserError(c.body, v.Index, "Unexpected start of the entity body"))
	}
	return v, nil
}

func (c *call) form() url.Values {
	v, _ := url.ParseQuery(string(c.body)) // what can be read counts, as with any form
	return v
}

// readBody reads and unpacks the request body within its bound.
func (c *call) readBody(r *http.Request) *answer {
	bad := func(status int, code, message string) *answer {
		a := fail(status, code, message)
		return &a
	}
	if len(r.RequestURI) > maxHeader {
		return bad(414, "URI_TOO_LONG", "The URI of the request is too long")
	}
	raw := bufio.NewReader(r.Body)
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	if _, err := raw.Peek(1); err == io.EOF {
		encoding = "" // some clients name an encoding also where they send no body
	}
	var body io.Reader = raw
	switch encoding {
	case "", "identity":
	case "gzip":
		zr, err := gzip.NewReader(raw)
		if err != nil {
			return bad(400, "UNKNOWN_EXCEPTION", "request body is not in gzip format")
		}
		body = zr
	case "deflate":
		zr, err := zlib.NewReader(raw)
		if err != nil {
			return bad(400, "UNKNOWN_EXCEPTION", "request body is not in deflate format")
		}
		body = zr
	default:
		return bad(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding "+encoding+" is not supported")
	}
	data, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	switch {
	case len(data) > maxBody:
		return bad(413, "EXCEEDED_MAX_SIZE_REQUEST", "The request is larger than 50 MB")
	case err != nil:
		return bad(400, "UNKNOWN_EXCEPTION", "request body cannot be read")
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if len(data) > 0 && strings.HasPrefix(c.path, "/services/data/") && kind != "" && strings.TrimSpace(kind) != "application/json" {
		return bad(415, "UNSUPPORTED_MEDIA_TYPE", "Content type is not supported: "+kind)
	}
	c.body = data
	return nil
}

// write sends an answer, packed if the client takes that and it is worth while.
func (c *call) write(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	if c.counted {
		h.Set("Sforce-Limit-Info", c.org.limits.info())
		if c.version <= newestDeprecated {
			h.Set("Warning", `299 - "This API is deprecated and will be removed by Summer '28."`)
		}
	}
	for name, values := range a.header {
		h[name] = values
	}
	if !a.modified.IsZero() {
		h.Set("Last-Modified", a.modified.UTC().Format(http.TimeFormat))
	}
	if a.etag != "" {
		h.Set("ETag", a.etag)
	}
	if len(a.body) == 0 {
		w.WriteHeader(a.status)
		return
	}
	if a.contentType == "" {
		a.contentType = "application/json;charset=UTF-8"
	}
	h.Set("Content-Type", a.contentType)
	h.Add("Vary", "Accept-Encoding")
	if len(a.body) < gzipFrom || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		w.Write(a.body)
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(a.status)
	zw, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	zw.Write(a.body)
	zw.Close()
}

func baseURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	host := r.Host
	if !hostPattern.MatchString(host) {
		host = "127.0.0.1"
	}
	return scheme + "://" + host
}

// splitPath cuts an escaped path at its slashes, then unescapes the parts, so that an
// escaped slash stays within an external id.
func splitPath(escaped string) []string {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

func match(parts []string, want ...string) bool { return slices.Equal(parts, want) }
