package connection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

// Config says where connections are kept.
type Config struct {
	// KV is the State of the store.
	KV store.KV
	// Vault says where the key of the store lies. It is looked for when the first grant
	// is needed, so that a store without grants needs none.
	Vault vault.Options
	// HTTPClient calls the login hosts; nil means the default.
	HTTPClient *http.Client
}

// Manager keeps the connections of one store. It is safe for use by many goroutines, and
// by many processes on one store.
type Manager struct {
	config Config
	flight singleflight.Group

	mu      sync.Mutex
	vault   *vault.Vault
	unsaved map[string]*unsaved // by grant: tokens that could not be written yet
}

// New returns a manager. It reads nothing.
func New(c Config) *Manager { return &Manager{config: c, unsaved: map[string]*unsaved{}} }

// Format prints nothing of what is inside.
func (m *Manager) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "connections") }

const grantKind = "grant"

// open finds the key of the store, once.
func (m *Manager) open(ctx context.Context) (*vault.Vault, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.vault == nil {
		v, err := vault.Open(ctx, m.config.KV, m.config.Vault)
		if err != nil {
			return nil, err
		}
		m.vault = v
	}
	return m.vault, nil
}

// load reads the grant of a connection, and its revision.
func (m *Manager) load(ctx context.Context, c store.Connection) (*grant, uint64, error) {
	if c.Grant == "" {
		return nil, 0, fmt.Errorf("connection %q %w", c.Name, ErrNoGrant)
	}
	v, err := m.open(ctx)
	if err != nil {
		return nil, 0, err
	}
	clear, revision, err := v.Get(ctx, grantKind, c.Grant)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, fmt.Errorf("connection %q %w", c.Name, ErrNoGrant)
	}
	if err != nil {
		return nil, 0, err
	}
	g, err := readGrant(clear)
	if err != nil {
		return nil, 0, fmt.Errorf("connection %q: %w", c.Name, err)
	}
	return g, revision, nil
}

func (m *Manager) save(ctx context.Context, id string, g *grant, revision uint64) (uint64, error) {
	v, err := m.open(ctx)
	if err != nil {
		return 0, err
	}
	clear, err := g.clear()
	if err != nil {
		return 0, err
	}
	return v.Put(ctx, grantKind, id, clear, revision)
}

// ErrNoGrant means that a connection holds no credentials of its own.
var ErrNoGrant = errors.New("is not signed in")

// Credentials returns what a connection signs in with, to sign it in again.
func (m *Manager) Credentials(ctx context.Context, name string) (Credentials, error) {
	c, err := store.GetConnection(ctx, m.config.KV, name)
	if err != nil {
		return Credentials{}, err
	}
	g, _, err := m.load(ctx, c)
	if err != nil {
		return Credentials{}, err
	}
	return g.Credentials, nil
}
