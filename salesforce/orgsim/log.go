package orgsim

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// Call is one request as the org's log keeps it. Tokens and secrets are not kept.
type Call struct {
	At       time.Time     `json:"at"`
	Method   string        `json:"method"`
	Path     string        `json:"path"` // with the query, except that of a log-out
	User     string        `json:"user,omitempty"`
	Status   int           `json:"status"`
	Rows     int           `json:"rows,omitempty"`
	Failed   int           `json:"failed,omitempty"` // of the rows
	Codes    []string      `json:"codes,omitempty"`  // error codes of the failed rows
	Fault    FaultKind     `json:"fault,omitempty"`  // that the call met
	Duration time.Duration `json:"durationNs"`
	Body     string        `json:"body,omitempty"` // the begin of the request body
}

// Stats are counts since the org was made or reset.
type Stats struct {
	Calls      int            `json:"calls"`
	ByStatus   map[int]int    `json:"byStatus"`
	Rows       int            `json:"rows"`
	FailedRows int            `json:"failedRows"`
	ByCode     map[string]int `json:"byCode"` // error codes of failed rows
	Records    map[string]int `json:"records"`
	Tokens     map[string]int `json:"tokens"`  // access tokens given, by grant type
	Refused    map[string]int `json:"refused"` // token requests refused, by error and its description
	APIUsed    int            `json:"apiUsed"`
	APIMax     int            `json:"apiMax"`
}

// callLog is a ring of the last calls, with counts of all.
type callLog struct {
	mu      sync.Mutex
	max     int
	maxBody int
	ring    []Call
	next    int
	stats   Stats
}

func (l *callLog) init(opts Options) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.max, l.maxBody = opts.MaxLog, opts.MaxLogBody
	if l.max <= 0 {
		l.max = 1000
	}
	if l.maxBody == 0 {
		l.maxBody = 4096
	}
	l.ring, l.next = nil, 0
	l.stats = Stats{ByStatus: map[int]int{}, ByCode: map[string]int{}, Tokens: map[string]int{}, Refused: map[string]int{}}
}

func (l *callLog) add(c *call, a answer, fault *Fault, took time.Duration) {
	entry := Call{At: c.at, Method: c.method, Path: c.path, Status: a.status, Rows: c.rows, Failed: c.failedRows, Duration: took}
	if c.user != nil {
		entry.User = c.user.Username
	}
	if fault != nil {
		entry.Fault = fault.Kind
	}
	if strings.HasPrefix(c.path, "/services/data/") {
		if q := c.query.Encode(); q != "" {
			entry.Path += "?" + q
		}
		entry.Body = string(c.body[:max(0, min(len(c.body), l.maxBody))])
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Calls++
	l.stats.ByStatus[a.status]++
	l.stats.Rows += c.rows
	l.stats.FailedRows += c.failedRows
	for _, code := range c.codes {
		l.stats.ByCode[code]++
		if len(entry.Codes) < maxRows {
			entry.Codes = append(entry.Codes, code)
		}
	}
	if len(l.ring) < l.max {
		l.ring = append(l.ring, entry)
		return
	}
	l.ring[l.next] = entry
	l.next = (l.next + 1) % l.max
}

// token counts what came of a token request.
func (l *callLog) token(grantType string, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.status == 200 {
		l.stats.Tokens[grantType]++
		return
	}
	l.stats.Refused[gjson.GetBytes(a.body, "error").Str+": "+gjson.GetBytes(a.body, "error_description").Str]++
}

// Calls returns the last calls, oldest first. Those to the admin interface are not among them.
func (g *Org) Calls() []Call {
	l := &g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(append([]Call(nil), l.ring[l.next:]...), l.ring[:l.next]...)
}

// Stats returns the counts.
func (g *Org) Stats() Stats {
	g.log.mu.Lock()
	s := g.log.stats
	s.ByStatus, s.ByCode = maps.Clone(s.ByStatus), maps.Clone(s.ByCode)
	s.Tokens, s.Refused = maps.Clone(s.Tokens), maps.Clone(s.Refused)
	g.log.mu.Unlock()
	s.Records = map[string]int{}
	g.mu.RLock()
	for _, t := range g.tables {
		s.Records[t.object.name] = t.live
	}
	g.mu.RUnlock()
	g.limits.mu.Lock()
	s.APIUsed, s.APIMax = g.limits.used, g.limits.cap()
	g.limits.mu.Unlock()
	return s
}
