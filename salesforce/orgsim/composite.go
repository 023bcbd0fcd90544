package orgsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

const (
	maxSubrequests = 25
	maxBulkSubs    = 5 // of them Collections calls or queries
)

// subrequest is one request inside a composite or batch call.
type subrequest struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	Body        json.RawMessage   `json:"body"`
	RichInput   json.RawMessage   `json:"richInput"` // the body's name in a batch call
}

// composite answers POST /composite: dependent requests, of which later ones may use
// results of earlier ones.
func (g *Org) composite(c *call) answer {
	var in struct {
		AllOrNone        bool         `json:"allOrNone"`
		CompositeRequest []subrequest `json:"compositeRequest"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := checkSubrequests(in.CompositeRequest); bad != nil {
		return *bad
	}
	results := make([]*subresult, len(in.CompositeRequest))
	run := func(tx *txn) {
		done := make(map[string]*subresult)
		for i, sub := range in.CompositeRequest {
			results[i] = g.dependent(c, tx, sub, done)
			done[sub.ReferenceID] = results[i]
			if in.AllOrNone && results[i].failed {
				return
			}
		}
	}
	if !in.AllOrNone {
		run(nil)
	} else {
		c.change(func(tx *txn) {
			mark := len(tx.undo)
			run(tx)
			for i, r := range results {
				if r == nil || !r.failed && hasFailed(results) {
					results[i] = halted("The transaction was rolled back since another operation in the same transaction failed.")
				}
			}
			if hasFailed(results) {
				tx.rollback(mark)
			}
		})
	}
	type response struct {
		Body           json.RawMessage   `json:"body"`
		HTTPHeaders    map[string]string `json:"httpHeaders"`
		HTTPStatusCode int               `json:"httpStatusCode"`
		ReferenceID    string            `json:"referenceId"`
	}
	out := make([]response, len(results))
	for i, r := range results {
		out[i] = response{rawOrNull(r.body), map[string]string{}, r.status, in.CompositeRequest[i].ReferenceID}
		if r.status == 201 {
			if id := gjson.GetBytes(r.body, "id").Str; id != "" {
				// Below services, data, the version, sobjects and the object, whatever else is in the path.
				path, _, _ := strings.Cut(in.CompositeRequest[i].URL, "?")
				parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 6)
				out[i].HTTPHeaders["Location"] = "/" + strings.Join(parts[:min(5, len(parts))], "/") + "/" + id
			}
		}
	}
	return jsonAnswer(200, map[string]any{"compositeResponse": out})
}

// batch answers POST /composite/batch: independent requests.
func (g *Org) batch(c *call) answer {
	var in struct {
		HaltOnError   bool         `json:"haltOnError"`
		BatchRequests []subrequest `json:"batchRequests"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if n := len(in.BatchRequests); n == 0 || n > maxSubrequests {
		return fail(400, "LIMIT_EXCEEDED", fmt.Sprintf("a batch takes 1 to %d requests, not %d", maxSubrequests, n))
	}
	type result struct {
		StatusCode int             `json:"statusCode"`
		Result     json.RawMessage `json:"result"`
	}
	out := make([]result, len(in.BatchRequests))
	bad := false
	for i, sub := range in.BatchRequests {
		if bad && in.HaltOnError {
			out[i] = result{412, failed(failure{status: 412, code: "BATCH_PROCESSING_HALTED", message: "Batch processing was halted by a previous error."}).body}
			continue
		}
		if !strings.HasPrefix(sub.URL, "/") {
			sub.URL = "/services/data/" + sub.URL
		}
		sub.Body = sub.RichInput
		r := g.runSub(c, nil, sub)
		bad = bad || r.status >= 400
		out[i] = result{r.status, rawOrNull(r.body)}
	}
	return jsonAnswer(200, map[string]any{"hasErrors": bad, "results": out})
}

type subresult struct {
	answer
	failed bool
}

func hasFailed(results []*subresult) bool {
	for _, r := range results {
		if r != nil && r.failed {
			return true
		}
	}
	return false
}

func halted(message string) *subresult {
	return &subresult{answer: fail(400, "PROCESSING_HALTED", message)}
}

func rawOrNull(body []byte) json.RawMessage {
	if len(body) == 0 || !json.Valid(body) {
		return json.RawMessage("null")
	}
	return body
}

func (c *call) decode(into any) *answer {
	if _, bad := c.json('{'); bad != nil {
		return bad
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		a := failed(parserError(c.body, 0, "Cannot deserialize the request"))
		return &a
	}
	return nil
}

func checkSubrequests(list []subrequest) *answer {
	bad := func(code, message string) *answer {
		a := fail(400, code, message)
		return &a
	}
	switch {
	case len(list) == 0:
		return bad("INVALID_INPUT", "At least one subrequest is required.")
	case len(list) > maxSubrequests:
		return bad("LIMIT_EXCEEDED", fmt.Sprintf("The maximum number of subrequests is %d.", maxSubrequests))
	}
	seen := make(map[string]bool)
	bulk := 0
	for _, sub := range list {
		if sub.ReferenceID == "" || seen[sub.ReferenceID] {
			return bad("INVALID_INPUT", "Provided references are missing or not unique: '"+sub.ReferenceID+"'.")
		}
		seen[sub.ReferenceID] = true
		if strings.Contains(sub.URL, "/composite/sobjects") || strings.Contains(sub.URL, "/query") {
			bulk++
		}
	}
	if bulk > maxBulkSubs {
		return bad("LIMIT_EXCEEDED", fmt.Sprintf("The maximum number of query and collections subrequests is %d.", maxBulkSubs))
	}
	return nil
}

// dependent runs one sub-request with the results of earlier ones put in.
func (g *Org) dependent(c *call, tx *txn, sub subrequest, done map[string]*subresult) *subresult {
	missing := ""
	fill := func(text string, quote func(string) string) string {
		return reference.ReplaceAllStringFunc(text, func(ref string) string {
			value, ok := resolve(ref[2:len(ref)-1], done)
			if !ok {
				missing = ref[2 : len(ref)-1]
			}
			return quote(value)
		})
	}
	sub.URL = fill(sub.URL, url.QueryEscape)
	sub.Body = []byte(fill(string(sub.Body), func(s string) string {
		quoted := schema.AppendJSONString(nil, s)
		return string(quoted[1 : len(quoted)-1])
	}))
	if missing != "" {
		r := halted("Invalid reference specified. No value for " + missing + " found")
		r.failed = true
		return r
	}
	return g.runSub(c, tx, sub)
}

// reference is @{refId.path} in a URL or a body.
var reference = regexp.MustCompile(`@\{[A-Za-z0-9_]+(?:\[[0-9]+\])?(?:\.[A-Za-z0-9_]+(?:\[[0-9]+\])?)*\}`)

var inBrackets = regexp.MustCompile(`\[([0-9]+)\]`)

// resolve finds the value of a reference such as NewContact.id or rows[0].id.
func resolve(path string, done map[string]*subresult) (string, bool) {
	path = inBrackets.ReplaceAllString(path, ".$1")
	name, rest, _ := strings.Cut(path, ".")
	r := done[name]
	if r == nil || r.failed && r.status != 200 || rest == "" {
		return "", false
	}
	v := gjson.GetBytes(r.body, rest)
	return v.String(), v.Exists() && v.Type != gjson.Null
}

// runSub runs a request of a composite or batch call as a call of the same user.
func (g *Org) runSub(c *call, tx *txn, sub subrequest) *subresult {
	u, err := url.Parse(sub.URL)
	if err != nil {
		return &subresult{answer: notFound(), failed: true}
	}
	inner := &call{org: g, cfg: c.cfg, user: c.user, method: strings.ToUpper(sub.Method), path: u.Path, parts: splitPath(u.EscapedPath()),
		base: c.base, query: u.Query(), header: c.header, body: sub.Body, tx: tx, at: c.at}
	if len(sub.HTTPHeaders) > 0 {
		inner.header = http.Header{}
		for name, values := range c.header {
			inner.header[name] = values
		}
		for name, value := range sub.HTTPHeaders {
			inner.header.Set(name, value)
		}
	}
	p := inner.parts
	if len(p) < 4 || p[0] != "services" || p[1] != "data" || len(p) >= 4 && p[3] == "composite" && !(len(p) > 4 && p[4] == "sobjects") {
		return &subresult{answer: notFound(), failed: true}
	}
	version, err := strconv.ParseFloat(strings.TrimPrefix(p[2], "v"), 64)
	if err != nil || version < oldestVersion || version > newestVersion {
		return &subresult{answer: notFound(), failed: true}
	}
	inner.version = int(version)
	a := g.resource(inner, p[3:])
	c.rows += inner.rows
	c.failedRows += inner.failedRows
	c.codes = append(c.codes, inner.codes...)
	return &subresult{answer: a, failed: a.status >= 300 && a.status != 304 || inner.failedRows > 0}
}
