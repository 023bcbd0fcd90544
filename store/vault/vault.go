package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sfsync/sfsync/store"
)

// Errors that callers tell apart.
var (
	// ErrWrongKey means that the store is sealed with another key than the one given.
	ErrWrongKey = errors.New("wrong key")
	// ErrNoKey means that no key is to be had for a store that is sealed.
	ErrNoKey = errors.New("no key")
	// ErrNoPlace means that a key cannot lie where a setting says.
	ErrNoPlace = errors.New("no place of a key")
	// ErrDamaged means that an entry does not open with the store's own key: it was
	// changed, or copied from another name.
	ErrDamaged = errors.New("sealed entry is damaged")
)

// Options say where the key of the store lies.
type Options struct {
	// Dir is the directory of the store.
	Dir string
	// Key is env, file, file:PATH or keyring; empty lets the surroundings decide, as the
	// package's documentation says.
	Key string
}

// Vault seals and opens the secrets of one store. It is safe for use by many goroutines,
// and by many processes on one store.
type Vault struct {
	kv store.KV
	o  Options

	mu       sync.Mutex
	ring     *ringOf // nil until the store is sealed
	revision uint64  // of the stored ring
}

// Format prints nothing of what is inside.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, sealedText) }

const (
	ringKey      = "vault"
	secretPrefix = "secret/"
)

// Open finds the key of a store and tries it. A store without secrets has none yet; it
// gets one with the first Put.
func Open(ctx context.Context, kv store.KV, o Options) (*Vault, error) {
	if o.Key != "" {
		if _, err := parsePlace(o.Key, o.Dir); err != nil {
			return nil, err
		}
	}
	v := &Vault{kv: kv, o: o}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.load(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

// entry is a sealed secret as it is stored.
type entry struct {
	Format int    `json:"format"`
	Key    string `json:"key"` // id of the data key
	Box    []byte `json:"box"` // nonce and sealed bytes
}

const entryFormat = 1

// binding is what an entry is authenticated with.
func binding(kind, name, dataKey string) string {
	return strings.Join([]string{"sfsync secret 1", kind, name, dataKey}, "\x00")
}

func entryKey(kind, name string) (string, error) {
	if kind == "" || name == "" || strings.ContainsAny(kind, "/\x00") || strings.Contains(name, "\x00") {
		return "", fmt.Errorf("%w name of a secret: %q of kind %q", store.ErrInvalid, name, kind)
	}
	return secretPrefix + kind + "/" + name, nil
}

// Put seals a secret, on the same condition as [store.KV].Put: revision is that of Get,
// 0 for a secret that must not exist, [store.AnyRevision] for whatever is there. When it
// returns, the secret is on disk.
func (v *Vault) Put(ctx context.Context, kind, name string, secret []byte, revision uint64) (uint64, error) {
	k, err := entryKey(kind, name)
	if err != nil {
		return 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	// Another process may have rotated the keys since.
	if err := v.load(ctx); err != nil {
		return 0, err
	}
	if v.ring == nil {
		if err := v.create(ctx); err != nil {
			return 0, err
		}
	}
	value, err := v.sealed(kind, name, secret)
	if err != nil {
		return 0, err
	}
	return v.kv.Put(ctx, store.Entry{Key: k, Value: value, Revision: revision})
}

func (v *Vault) sealed(kind, name string, secret []byte) ([]byte, error) {
	id := v.ring.current()
	return json.Marshal(entry{Format: entryFormat, Key: id, Box: v.ring.data[id].seal(secret, binding(kind, name, id))})
}

// Get opens a secret. It returns [store.ErrNotFound] if there is none of that name.
func (v *Vault) Get(ctx context.Context, kind, name string) (secret Secret, revision uint64, err error) {
	k, err := entryKey(kind, name)
	if err != nil {
		return nil, 0, err
	}
	stored, err := v.kv.Get(ctx, k)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, fmt.Errorf("secret %q of kind %s %w", name, kind, store.ErrNotFound)
	}
	if err != nil {
		return nil, 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	secret, err = v.opened(ctx, kind, name, stored)
	return secret, stored.Revision, err
}

func (v *Vault) opened(ctx context.Context, kind, name string, stored store.Entry) (Secret, error) {
	var e entry
	if json.Unmarshal(stored.Value, &e) != nil || e.Format != entryFormat {
		return nil, fmt.Errorf("%w: %s %q was written in a way that this version cannot read", ErrDamaged, kind, name)
	}
	if v.ring == nil || !v.ring.has(e.Key) {
		if err := v.load(ctx); err != nil {
			return nil, err
		}
	}
	if v.ring == nil || !v.ring.has(e.Key) {
		return nil, fmt.Errorf("%w: %s %q is sealed with the data key %s, which this store does not have", ErrDamaged, kind, name, e.Key)
	}
	secret, err := v.ring.data[e.Key].open(e.Box, binding(kind, name, e.Key))
	if err != nil {
		return nil, fmt.Errorf("%w: %s %q was changed, or copied from another name", ErrDamaged, kind, name)
	}
	return secret, nil
}

// Forget removes a secret, if there is one. It needs no key, so that what a lost key
// sealed can be cleared away.
func Forget(ctx context.Context, kv store.KV, kind, name string) error {
	k, err := entryKey(kind, name)
	if err != nil {
		return err
	}
	return kv.Delete(ctx, k, store.AnyRevision)
}

// Info is what may be known of a vault.
type Info struct {
	// Sealed is false for a store that has held no secret yet; the rest is empty then.
	Sealed bool `json:"sealed"`
	// KeyID is the fingerprint of the key that opened the store, and Place where it was.
	KeyID string `json:"key_id,omitempty"`
	Place string `json:"place,omitempty"`
	// Secrets is how many are sealed.
	Secrets int `json:"secrets"`
	// Rotating is the id of the key to which a rotation has begun to change and not
	// finished; calling Rotate finishes it.
	Rotating string `json:"rotating,omitempty"`
}

// Info tells which key the store has and where it comes from.
func (v *Vault) Info(ctx context.Context) (Info, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.load(ctx); err != nil {
		return Info{}, err
	}
	if v.ring == nil {
		return Info{}, nil
	}
	info := Info{Sealed: true, KeyID: v.ring.key.id(), Place: v.ring.place.String(), Rotating: v.ring.stored.Pending}
	for _, err := range v.kv.List(ctx, secretPrefix) {
		if err != nil {
			return Info{}, err
		}
		info.Secrets++
	}
	return info, nil
}
