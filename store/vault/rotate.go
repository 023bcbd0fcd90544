package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/store"
)

// Rotation is what became of a rotation.
type Rotation struct {
	OldKeyID string `json:"old_key_id"`
	NewKeyID string `json:"new_key_id"`
	Place    string `json:"place"`   // of the new key
	Secrets  int    `json:"secrets"` // sealed anew
	// Resumed is true if it finished what an earlier call had begun.
	Resumed bool `json:"resumed,omitempty"`
}

// Rotate changes the key of the store, and the data key, and seals all secrets anew. The
// new key goes where the old one is, or to another place: env, file, file:PATH or
// keyring. With env, the new key is read from SFSYNC_KEY_NEW, and the caller is to put it
// into SFSYNC_KEY afterwards. A call that fails or is killed has lost nothing: both keys
// open the store until the last step, and the next call goes on.
func (v *Vault) Rotate(ctx context.Context, to string) (Rotation, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.load(ctx); err != nil {
		return Rotation{}, err
	}
	if v.ring == nil {
		if err := v.create(ctx); err != nil {
			return Rotation{}, err
		}
	}
	target := v.ring.place
	if to != "" {
		var err error
		if target, err = parsePlace(to, v.o.Dir); err != nil {
			return Rotation{}, err
		}
	}
	if v.ring.stored.Pending != "" && v.ring.stored.Pending == v.ring.key.id() {
		// Killed after the new key took its place: what is left is to say so.
		done, err := v.complete(ctx, Rotation{Resumed: true}, v.ring.key, v.ring.place)
		if err != nil || target == v.ring.place {
			return done, err
		}
	}
	from := v.ring.place
	done := Rotation{OldKeyID: v.ring.key.id(), Resumed: v.ring.stored.Pending != ""}
	if from != target {
		switch k, err := target.read(); {
		case err == nil && k.id() == v.ring.stored.Pending:
			// Killed as above, and the old key was found first.
			done, err = v.complete(ctx, done, k, target)
			if err == nil {
				from.remove()
			}
			return done, err
		case err == nil && k.id() != v.ring.key.id() && target.kind != placeEnv:
			return done, fmt.Errorf("%s holds key %s already, which may be another store's", target, k.id())
		case err != nil && !errors.Is(err, errNoKeyHere):
			return done, fmt.Errorf("%w: %w", ErrNoKey, err)
		}
	}
	next, err := nextKey(target)
	if err != nil {
		return done, err
	}
	if next.id() == v.ring.key.id() {
		return done, fmt.Errorf("%s holds the key that the store has already; a rotation needs a new one", target.next())
	}
	if err := v.begin(ctx, next); err != nil {
		return done, err
	}
	if done.Secrets, err = v.reseal(ctx); err != nil {
		return done, err
	}
	if err := target.promote(next); err != nil {
		return done, err
	}
	if done, err = v.complete(ctx, done, next, target); err != nil {
		return done, err
	}
	if from != target {
		from.remove()
	}
	return done, nil
}

// complete ends a rotation whose new key is in its place.
func (v *Vault) complete(ctx context.Context, done Rotation, next key, at place) (Rotation, error) {
	done.NewKeyID, done.Place = next.id(), at.String()
	// What other processes sealed with the old data key meanwhile.
	n, err := v.reseal(ctx)
	done.Secrets += n
	if err != nil {
		return done, err
	}
	return done, v.finish(ctx, next, at)
}

// nextKey is the key to change to: the one that an earlier call left beside its place,
// or a new one.
func nextKey(target place) (key, error) {
	at := target.next()
	k, err := at.read()
	if errors.Is(err, errNoKeyHere) {
		k, err = at.generate()
	}
	if err != nil {
		return key{}, fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	return k, nil
}

// change stores a changed ring.
func (v *Vault) change(ctx context.Context, r *ringOf) error {
	revision, err := v.putRing(ctx, r, v.revision)
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("another process changes the keys of this store: %w", err)
	}
	if err != nil {
		return err
	}
	v.ring, v.revision = r, revision
	return nil
}

func (r *ringOf) clone() *ringOf {
	out := *r
	out.data = maps.Clone(r.data)
	out.stored.Keys = slices.Clone(r.stored.Keys)
	for i := range out.stored.Keys {
		out.stored.Keys[i].Wraps = maps.Clone(out.stored.Keys[i].Wraps)
	}
	return &out
}

// begin lets both keys open the store, and makes the data key that seals from now on.
func (v *Vault) begin(ctx context.Context, next key) error {
	if v.ring.stored.Pending == next.id() {
		return nil
	}
	r := v.ring.clone()
	for i := range r.stored.Keys {
		w := &r.stored.Keys[i]
		// Of a rotation whose new key was lost before it was used.
		if r.stored.Pending != "" {
			delete(w.Wraps, r.stored.Pending)
		}
		w.Wraps[next.id()] = next.seal(r.data[w.ID].bytes[:], wrapBinding(w.ID))
	}
	if r.stored.Pending == "" {
		r.add(r.key, next)
	}
	r.stored.Pending = next.id()
	return v.change(ctx, r)
}

// reseal seals what is sealed with an older data key.
func (v *Vault) reseal(ctx context.Context) (n int, err error) {
	var old []string
	for e, err := range v.kv.List(ctx, secretPrefix) {
		if err != nil {
			return n, err
		}
		var stored entry
		if json.Unmarshal(e.Value, &stored) != nil || stored.Key != v.ring.current() {
			old = append(old, e.Key)
		}
	}
	for _, k := range old {
		kind, name, _ := strings.Cut(strings.TrimPrefix(k, secretPrefix), "/")
		for {
			e, err := v.kv.Get(ctx, k)
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil {
				return n, err
			}
			secret, err := v.opened(ctx, kind, name, e)
			if err != nil {
				return n, err
			}
			if e.Value, err = v.sealed(kind, name, secret); err != nil {
				return n, err
			}
			if _, err = v.kv.Put(ctx, e); err == nil {
				n++
				break
			}
			if !errors.Is(err, store.ErrConflict) {
				return n, err
			}
		}
	}
	return n, nil
}

// finish lets the new key alone open the store, and forgets all data keys but the last
// two.
func (v *Vault) finish(ctx context.Context, next key, at place) error {
	r := v.ring.clone()
	r.key, r.place = next, at
	r.stored.Place, r.stored.Pending = at.kind, ""
	for len(r.stored.Keys) > 2 {
		delete(r.data, r.stored.Keys[0].ID)
		r.stored.Keys = r.stored.Keys[1:]
	}
	for i := range r.stored.Keys {
		w := &r.stored.Keys[i]
		w.Wraps = map[string][]byte{next.id(): w.Wraps[next.id()]}
	}
	return v.change(ctx, r)
}
