package salesforce

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// DefaultVersion is the REST API version that is used if none is configured.
const DefaultVersion = "67.0"

// Config says how to reach an org.
type Config struct {
	// InstanceURL is the org's address, such as https://example.my.salesforce.com.
	// It must be https; plain http is taken for the loopback interface only.
	InstanceURL string
	// Version is the API version, such as "67.0"; empty means DefaultVersion.
	Version string
	// Token gives the access token.
	Token TokenSource
	// RenewAt, if not nil, says from when on an access token is to be renewed although
	// it still works; zero for never. Calls go on with it meanwhile.
	RenewAt func(token string) time.Time
	// Observe, if not nil, is told after every call whether the org could be reached and
	// let us in: nil, or why not. What is wrong with single records is none of it.
	Observe func(*Error)
	// HTTPClient replaces the client's own; its redirect policy is not used.
	HTTPClient *http.Client
	// UserAgent is sent with every call; empty means "sfsync".
	UserAgent string
	// AutoAssign lets the org's assignment rules run on every write to a Case,
	// Lead or Account, which may change the record's owner. Salesforce's own
	// default is yes; ours is no.
	AutoAssign bool
	// Timeout bounds one call with its answer; 0 means two minutes.
	Timeout time.Duration
	// MaxResponse bounds an answer, decompressed, in bytes; 0 means 64 MiB.
	MaxResponse int64
}

// Client calls the REST API of one org as one user. It is safe for use by many
// goroutines.
type Client struct {
	base        *url.URL
	host        string
	root        string // /services/data/v67.0
	http        *http.Client
	tokens      tokens
	observe     func(*Error)
	userAgent   string
	autoAssign  bool
	timeout     time.Duration
	maxResponse int64

	calls atomic.Int64
	usage atomic.Pointer[Usage]
}

var versionForm = regexp.MustCompile(`^[1-9][0-9]{1,2}\.0$`)

// New returns a client. It makes no call.
func New(config Config) (*Client, error) {
	base, err := parseInstanceURL(config.InstanceURL)
	if err != nil {
		return nil, err
	}
	version := config.Version
	if version == "" {
		version = DefaultVersion
	}
	if !versionForm.MatchString(version) {
		return nil, fmt.Errorf("API version %q is not one such as %s", version, DefaultVersion)
	}
	if config.Token == nil {
		return nil, errors.New("a connection needs a source of access tokens")
	}
	c := &Client{
		base:        base,
		host:        base.Host,
		root:        "/services/data/v" + version,
		http:        safeClient(config.HTTPClient),
		observe:     config.Observe,
		userAgent:   config.UserAgent,
		autoAssign:  config.AutoAssign,
		timeout:     config.Timeout,
		maxResponse: config.MaxResponse,
	}
	if c.userAgent == "" {
		c.userAgent = "sfsync"
	}
	if c.timeout <= 0 {
		c.timeout = 2 * time.Minute
	}
	if c.maxResponse <= 0 {
		c.maxResponse = 64 << 20
	}
	c.tokens.source, c.tokens.renewAt, c.tokens.host, c.tokens.timeout = config.Token, config.RenewAt, c.host, c.timeout
	return c, nil
}

// Format prints the org's address alone: a client holds an access token.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.base.String()) }

// safeClient returns a client that follows no redirect: Salesforce's API answers
// none on purpose, and a token must not travel to another host.
func safeClient(given *http.Client) *http.Client {
	client := new(http.Client)
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 32
		// Below the server's own limit, so that a call seldom meets a connection
		// that is being closed: that would leave a create in doubt.
		t.IdleConnTimeout = 30 * time.Second
		client.Transport = t
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// Usage is how much of the org's API calls of the last 24 hours is used, as the
// latest answer said it.
type Usage struct {
	Used int
	Max  int
	// At is when the answer came; zero if there was none yet.
	At time.Time
}

// Usage returns the org's API usage from the latest answer that told it. The
// org's other integrations are in it; Salesforce updates it with some delay.
func (c *Client) Usage() Usage {
	if u := c.usage.Load(); u != nil {
		return *u
	}
	return Usage{}
}

// Calls returns how many calls this client has made that count against the org's
// daily limit.
func (c *Client) Calls() int64 { return c.calls.Load() }

// noteUsage reads the Sforce-Limit-Info header: api-usage=10018/100000, perhaps beside
// the usage of single apps.
func (c *Client) noteUsage(h http.Header) {
	for part := range strings.SplitSeq(h.Get("Sforce-Limit-Info"), ";") {
		usage, ok := strings.CutPrefix(strings.TrimSpace(part), "api-usage=")
		if !ok {
			continue
		}
		used, limit, _ := strings.Cut(usage, "/")
		n, err1 := strconv.Atoi(used)
		m, err2 := strconv.Atoi(limit)
		if err1 == nil && err2 == nil && n >= 0 && m > 0 {
			c.usage.Store(&Usage{Used: n, Max: m, At: time.Now()})
		}
	}
}
