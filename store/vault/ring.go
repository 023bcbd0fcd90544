package vault

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/store"
)

// storedRing is the data keys of a store as they are stored, each wrapped by the key of
// the store; while that is changed, by the old and by the new one.
type storedRing struct {
	Format  int          `json:"format"`
	Place   string       `json:"place"` // of the key: env, file or keyring
	Keys    []wrappedKey `json:"keys"`  // the last one seals
	Pending string       `json:"pending,omitempty"`
}

type wrappedKey struct {
	ID    string            `json:"id"`
	Made  time.Time         `json:"made"`
	Wraps map[string][]byte `json:"wraps"` // by the id of the wrapping key
}

const ringFormat = 1

// ringOf is an opened ring.
type ringOf struct {
	stored storedRing
	key    key // of the store
	place  place
	data   map[string]key
}

func (r *ringOf) has(id string) bool { _, ok := r.data[id]; return ok }

func (r *ringOf) current() string { return r.stored.Keys[len(r.stored.Keys)-1].ID }

func wrapBinding(dataKey string) string { return "sfsync data key 1\x00" + dataKey }

// sealedWith are the ids of the keys that open the ring.
func (s *storedRing) sealedWith() []string {
	var ids []string
	for id := range s.Keys[len(s.Keys)-1].Wraps {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// open unwraps the data keys. It is false if k is another key.
func (s *storedRing) open(k key, at place) (*ringOf, bool, error) {
	r := &ringOf{stored: *s, key: k, place: at, data: map[string]key{}}
	for _, w := range s.Keys {
		box, ok := w.Wraps[k.id()]
		if !ok {
			return nil, false, nil
		}
		plain, err := k.open(box, wrapBinding(w.ID))
		if err != nil || len(plain) != keySize {
			return nil, false, fmt.Errorf("%w: the data key %s does not open", ErrDamaged, w.ID)
		}
		r.data[w.ID] = key{(*[keySize]byte)(plain)}
	}
	return r, true, nil
}

// load brings the opened ring up to the stored one. It leaves it nil if there is none, or
// one that seals nothing and whose key is lost.
func (v *Vault) load(ctx context.Context) error {
	e, err := v.kv.Get(ctx, ringKey)
	if errors.Is(err, store.ErrNotFound) {
		v.ring, v.revision = nil, 0
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the keys of the store: %w", err)
	}
	if v.ring != nil && e.Revision == v.revision {
		return nil
	}
	var s storedRing
	if json.Unmarshal(e.Value, &s) != nil || s.Format != ringFormat || len(s.Keys) == 0 {
		return fmt.Errorf("%w: the keys of the store were written in a way that this version cannot read", ErrDamaged)
	}
	ring, err := v.unlock(&s)
	if err != nil {
		for _, unread := range v.kv.List(ctx, secretPrefix) {
			return cmp.Or(unread, err)
		}
		ring = nil
	}
	v.ring, v.revision = ring, e.Revision
	return nil
}

// unlock looks for the key that fits, in the places that come into question.
func (v *Vault) unlock(s *storedRing) (*ringOf, error) {
	// The key at hand fits as long as a rotation is not finished.
	if v.ring != nil {
		if ring, ok, err := s.open(v.ring.key, v.ring.place); err != nil || ok {
			return ring, err
		}
	}
	var found, missing []string
	var unreachable error
	for _, p := range v.places(s.Place) {
		k, err := p.read()
		switch {
		case errors.Is(err, errNoKeyHere):
			missing = append(missing, p.String())
			continue
		case err != nil && v.o.Key == "" && errors.Is(err, errNoRing):
			unreachable = err
			continue
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrNoKey, err)
		}
		ring, ok, err := s.open(k, p)
		if err != nil || ok {
			return ring, err
		}
		found = append(found, fmt.Sprintf("%s holds key %s", p, k.id()))
	}
	sealed := "this store is sealed with key " + strings.Join(s.sealedWith(), " or ")
	switch {
	case len(found) > 0:
		return nil, fmt.Errorf("%w: %s; %s", ErrWrongKey, sealed, strings.Join(found, ", "))
	case unreachable != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrNoKey, sealed, unreachable)
	}
	return nil, fmt.Errorf("%w: %s, and there is none in %s", ErrNoKey, sealed, strings.Join(missing, " or "))
}

// places are where to look for the key of a store that is sealed; last is where it was.
func (v *Vault) places(last string) []place {
	if v.o.Key != "" {
		p, _ := parsePlace(v.o.Key, v.o.Dir) // checked by Open
		return []place{p}
	}
	var all []place
	for _, kind := range []string{placeEnv, placeFile, placeRing} {
		p, _ := parsePlace(kind, v.o.Dir)
		if kind == placeRing && last != placeRing && !ringLikely() {
			continue
		}
		all = append(all, p)
	}
	return all
}

// create gives a store its key that has none, or has lost it with all that it sealed.
func (v *Vault) create(ctx context.Context) error {
	k, at, err := v.firstKey()
	if err != nil {
		return err
	}
	ring := &ringOf{stored: storedRing{Format: ringFormat, Place: at.kind}, key: k, place: at, data: map[string]key{}}
	ring.add(k)
	revision, err := v.putRing(ctx, ring, v.revision)
	if errors.Is(err, store.ErrConflict) {
		// Another process was faster; its key must be the one that is found now.
		return v.load(ctx)
	}
	if err != nil {
		return err
	}
	v.ring, v.revision = ring, revision
	return nil
}

// firstKey is the key of a store that has none yet.
func (v *Vault) firstKey() (key, place, error) {
	candidates := []string{placeEnv, placeFile, placeRing}
	if v.o.Key != "" {
		candidates = []string{v.o.Key}
	}
	for _, setting := range candidates {
		p, err := parsePlace(setting, v.o.Dir)
		if err != nil {
			return key{}, place{}, err
		}
		if v.o.Key == "" && p.kind == placeRing && !ringLikely() {
			continue
		}
		k, err := p.read()
		if errors.Is(err, errNoKeyHere) && (v.o.Key != "" || p.kind == placeRing) {
			k, err = p.generate()
		}
		switch {
		case err == nil:
			return k, p, nil
		case v.o.Key == "" && (errors.Is(err, errNoKeyHere) || errors.Is(err, errNoRing)):
		default:
			return key{}, place{}, fmt.Errorf("%w: %w", ErrNoKey, err)
		}
	}
	p, _ := parsePlace(placeFile, v.o.Dir)
	k, err := p.generate()
	return k, p, err
}

// add makes a new data key, wrapped by each of the given keys.
func (r *ringOf) add(by ...key) {
	k := newKey()
	w := wrappedKey{ID: k.id(), Made: time.Now().UTC().Truncate(time.Second), Wraps: map[string][]byte{}}
	for _, wrapper := range by {
		w.Wraps[wrapper.id()] = wrapper.seal(k.bytes[:], wrapBinding(w.ID))
	}
	r.stored.Keys = append(slices.Clone(r.stored.Keys), w)
	r.data[w.ID] = k
}

func (v *Vault) putRing(ctx context.Context, r *ringOf, revision uint64) (uint64, error) {
	value, err := json.Marshal(r.stored)
	if err != nil {
		return 0, fmt.Errorf("cannot encode the keys of the store: %w", err)
	}
	revision, err = v.kv.Put(ctx, store.Entry{Key: ringKey, Value: value, Revision: revision})
	if err != nil {
		return 0, fmt.Errorf("cannot store the keys of the store: %w", err)
	}
	return revision, nil
}
