package orgsim

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

//go:embed schema/*.json
var shipped embed.FS

// Schema returns the describes of the org that New makes when it is given none:
// Account, Contact, Lead, Case, User, Survey_Response__c and Survey_Invitation__c, in
// the short form that New reads.
func Schema() fs.FS {
	sub, err := fs.Sub(shipped, "schema")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// The API versions that the org answers to. Older ones are gone (410).
const (
	oldestVersion = 31
	newestVersion = 68
	// newestDeprecated is the last of those that will be removed in Summer '28.
	newestDeprecated = 40
)

// Options set an org up. The zero value is a working org with one user and one app.
type Options struct {
	// Schema is a directory of describe results, one <Object>.json each; nil is [Schema].
	Schema fs.FS
	// OrgID is the organization id, of 15 or 18 characters.
	OrgID string
	// Users are the people and integrations that can call; nil is one integration user.
	Users []User
	// Apps are the connected apps that can log in; nil is one with the id and secret
	// [DefaultClientID] and [DefaultClientSecret].
	Apps []App
	// Overlay is permissions, rules and other set-up.
	Overlay Overlay
	// Assumptions decide what is not known for sure about Salesforce.
	Assumptions Assumptions
	// DailyLimit is the number of API calls in 24 hours; 0 is 100,000, below 0 none.
	DailyLimit int
	// ConcurrentLimit is the number of calls that may take longer than LongRunning
	// at the same time; 0 is 25, below 0 none. LongRunning is 20 s when 0.
	ConcurrentLimit int
	LongRunning     time.Duration
	// Latency is how long every call takes beyond its work, Jitter how much longer it
	// may take at random.
	Latency, Jitter time.Duration
	// Environment is the kind of org; empty is [Production].
	Environment Environment
	// SessionTTL is how long an access token lives; 0 is 2 hours. An app may have its own.
	SessionTTL time.Duration
	// AllowPassword turns the username-password flow on, which real orgs block by default.
	AllowPassword bool
	// Now is the clock that the org's follows; nil is [time.Now]. See [Org.AdvanceClock].
	Now func() time.Time
	// Seed makes tokens and random faults repeatable; 0 is a new seed every time.
	Seed uint64
	// MaxLog is how many calls the log keeps; 0 is 1,000. MaxLogBody is how many bytes of
	// each request body it keeps; 0 is 4,096, below 0 none.
	MaxLog, MaxLogBody int
	// Delivery is how outbound messages are sent.
	Delivery Delivery
	// ClientCertificate is shown to listeners of outbound messages that ask for one; EndpointRoots are the
	// authorities that their certificates come from, nil is those of this machine.
	ClientCertificate *tls.Certificate
	EndpointRoots     *x509.CertPool
	// AllowRemoteEndpoints lets outbound messages go to other machines.
	AllowRemoteEndpoints bool
	// AllowRemote lets Start listen on addresses that other machines can reach. The
	// admin interface has no password.
	AllowRemote bool
}

// Org is a simulated Salesforce org. It is an [http.Handler]; Start puts it on a
// loopback port. It is safe for use from many goroutines.
type Org struct {
	opts  Options
	id    string
	admin http.Handler

	config    atomic.Pointer[config] // replaced whole when the set-up changes
	overlayMu sync.Mutex             // held while the set-up is changed

	mu     sync.RWMutex // guards the tables
	tables []*table

	clock   atomic.Pointer[clock] // nil until it is moved
	clockMu sync.Mutex

	sessions sessions
	grants   grants
	requests requests
	codes    codes
	limits   limits
	faults   faults
	log      callLog
	cursors  cursors
	outbox   outbox

	randomMu sync.Mutex
	random   *rand.ChaCha8

	server   *http.Server
	listener net.Listener
	unused   unused
}

// instance is what characters four to six of this org's record ids are.
const instance = "Sm0"

// New makes an org. It fails if a describe cannot be read, or if the overlay names what
// the org does not have.
func New(opts Options) (*Org, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Schema == nil {
		opts.Schema = Schema()
	}
	if opts.OrgID == "" {
		opts.OrgID = "00DSm0000000001"
	}
	id, ok := schema.To18(opts.OrgID)
	if !ok || !strings.HasPrefix(id, "00D") {
		return nil, fmt.Errorf("organization id %q is no id that starts with 00D", opts.OrgID)
	}
	g := &Org{opts: opts, id: id, random: rand.NewChaCha8(seedBytes(opts.Seed))}
	if err := opts.Environment.Check(); err != nil {
		return nil, err
	}
	s := setup{overlay: opts.Overlay}
	var err error
	if s.described, err = readSchema(opts.Schema); err != nil {
		return nil, err
	}
	if s.users, err = readUsers(opts.Users); err != nil {
		return nil, err
	}
	if err := s.readApps(opts.Apps); err != nil {
		return nil, err
	}
	cfg, err := g.newConfig(s)
	if err != nil {
		return nil, err
	}
	if err := g.outbox.init(g); err != nil {
		return nil, err
	}
	g.outbox.use(cfg)
	cfg.stamp(nil, g.now())
	g.config.Store(cfg)
	g.limits.init(opts)
	g.log.init(opts)
	g.admin = g.adminHandler()
	g.fill()
	return g, nil
}

func seedBytes(seed uint64) [32]byte {
	if seed == 0 {
		seed = rand.Uint64()
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	return sha256.Sum256(b[:])
}

func readSchema(dir fs.FS) ([]*description, error) {
	names, err := fs.Glob(dir, "*.json")
	if err != nil || len(names) == 0 {
		return nil, errors.New("schema directory has no describe files (*.json)")
	}
	var out []*description
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path.Base(name), err)
		}
		d, err := expand(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
		out = append(out, d)
	}
	if !slices.ContainsFunc(out, func(d *description) bool { return d.object["name"] == "Organization" }) {
		d, err := expand([]byte(organization))
		if err != nil {
			panic(err) // it is part of the program
		}
		d.unlisted = true
		out = append(out, d)
	}
	return out, nil
}

// fill makes the empty tables, with the org itself and its users as records where the schema has them.
func (g *Org) fill() {
	cfg := g.config.Load()
	g.tables = make([]*table, len(cfg.objects))
	for _, o := range cfg.objects {
		g.tables[o.table] = newTable(o)
	}
	tx := &txn{now: g.now()}
	if o := cfg.object("Organization"); o != nil {
		g.enter(tx, o, g.id, cfg.users[0], g.organizationRow(tx.now))
	}
	if o := cfg.object("User"); o != nil {
		for _, u := range cfg.users {
			g.enter(tx, o, u.ID, u, u.row())
		}
	}
}

// enter puts a record of the org's own into a table, with what of its values the object has fields for. A record
// that is there keeps its other values.
func (g *Org) enter(tx *txn, o *object, id string, by *User, row map[string]string) {
	t := g.tables[o.table]
	r := &record{id: id, values: make([]string, len(o.fields)), at: tx.now, by: by.Username, op: "seed"}
	if old := t.rows[id]; old != nil {
		copy(r.values, old.values)
		r.before, r.depth = old, old.depth+1
	}
	for name, value := range row {
		if f := o.field(name); f != nil {
			r.values[f.index] = value
		}
	}
	stampCreated(o, r.values, tx.now, by.ID)
	tx.put(t, r)
}

// ID returns the organization id, in 18 characters.
func (g *Org) ID() string { return g.id }

// Start listens on an address such as "127.0.0.1:0" and serves until Close.
func (g *Org) Start(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %q is no host:port", addr)
	}
	if !g.opts.AllowRemote && !isLoopback(host) {
		return fmt.Errorf("address %q can be reached from other machines, which has to be allowed first: the simulator's admin interface has no password", addr)
	}
	if g.listener != nil {
		return errors.New("org is started already")
	}
	g.listener, err = net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	g.server = &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader, ConnState: g.unused.saw}
	g.outbox.mu.Lock()
	g.outbox.host = g.URL()
	g.outbox.mu.Unlock()
	go g.server.Serve(g.listener)
	return nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// URL returns the address of a started org, such as http://127.0.0.1:40123. It is the
// instance URL, the login URL, and with /sim/ behind it the admin interface.
func (g *Org) URL() string {
	if g.listener == nil {
		return ""
	}
	return "http://" + g.listener.Addr().String()
}

// Close stops a started org and the sending of outbound messages, lets calls and messages under way finish
// for two seconds and then cuts them off.
func (g *Org) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	sent := make(chan struct{})
	go func() {
		g.outbox.close(ctx)
		close(sent)
	}()
	// A listener may call the org before it answers, so both end at the same time.
	defer func() { <-sent }()
	if g.server == nil {
		return nil
	}
	g.unused.close()
	if err := g.server.Shutdown(ctx); err != nil {
		return g.server.Close()
	}
	return nil
}

// SetOverlay replaces the org's set-up. Records stay as they are, even those that
// a new rule would have refused; calls under way finish under the old set-up.
func (g *Org) SetOverlay(overlay Overlay) error {
	g.overlayMu.Lock()
	defer g.overlayMu.Unlock()
	return g.setOverlay(overlay)
}

func (g *Org) setOverlay(overlay Overlay) error {
	s := g.config.Load().setup
	s.overlay = overlay
	return g.use(s)
}

// reconfigure changes the set-up. do gets a copy of it, and replaces what it changes.
func (g *Org) reconfigure(do func(*setup) error) error {
	g.overlayMu.Lock()
	defer g.overlayMu.Unlock()
	s := g.config.Load().setup
	if err := do(&s); err != nil {
		return err
	}
	return g.use(s)
}

func (g *Org) use(s setup) error {
	cfg, err := g.newConfig(s)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range cfg.objects {
		t := g.tables[o.table]
		t.adopt(o, &g.opts.Assumptions)
		t.use(o)
	}
	cfg.stamp(g.config.Load(), g.now())
	g.config.Store(cfg)
	g.outbox.use(cfg)
	return nil
}

// newConfig prepares a set-up for this org.
func (g *Org) newConfig(s setup) (*config, error) {
	cfg, err := newConfig(s)
	if err != nil {
		return nil, err
	}
	for _, m := range s.overlay.OutboundMessages {
		if err := checkEndpoint(m.Endpoint, g.opts.AllowRemoteEndpoints); err != nil {
			return nil, fmt.Errorf("outbound message %q: %w", m.Name, err)
		}
	}
	return cfg, nil
}

// Overlay returns the org's set-up as it is now.
func (g *Org) Overlay() Overlay { return g.config.Load().overlay }

// Reset empties the org: no records, no faults, no calls in the log, no calls counted against the
// limit, nothing queued to be sent. Sessions, the overlay and the settings of delivery stay.
func (g *Org) Reset() {
	g.mu.Lock()
	g.fill()
	g.outbox.reset()
	g.mu.Unlock()
	g.Heal()
	g.log.init(g.opts)
	g.limits.reset()
}

// float returns a random number from 0 up to 1.
func (g *Org) float() float64 {
	g.randomMu.Lock()
	defer g.randomMu.Unlock()
	return float64(g.random.Uint64()>>11) / (1 << 53)
}
