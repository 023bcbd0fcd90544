package vault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
	"github.com/sfsync/sfsync/store/vault"
)

func openStore(t *testing.T, dir string) store.KV {
	t.Helper()
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.State()
}

func openVault(t *testing.T, kv store.KV, o vault.Options) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), kv, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func put(t *testing.T, v *vault.Vault, name, secret string) {
	t.Helper()
	if _, err := v.Put(t.Context(), "grant", name, []byte(secret), store.AnyRevision); err != nil {
		t.Fatal(err)
	}
}

func get(ctx context.Context, v *vault.Vault, name string) string {
	secret, _, err := v.Get(ctx, "grant", name)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(secret)
}

// noKeys takes away what the surroundings offer.
func noKeys(t *testing.T) {
	t.Setenv(vault.KeyVariable, "")
	t.Setenv(vault.NextKeyVariable, "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
}

func TestPutAndGet(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	kv := openStore(t, dir)
	v := openVault(t, kv, vault.Options{Dir: dir})
	if info, err := v.Info(t.Context()); err != nil || info.Sealed {
		t.Errorf("a store without secrets: %+v %v", info, err)
	}
	if _, _, err := v.Get(t.Context(), "grant", "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing there: %v", err)
	}
	revision, err := v.Put(t.Context(), "grant", "a", []byte("refresh-1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Put(t.Context(), "grant", "a", []byte("x"), 0); !errors.Is(err, store.ErrConflict) {
		t.Errorf("put over what is there: %v", err)
	}
	secret, at, err := v.Get(t.Context(), "grant", "a")
	if err != nil || string(secret) != "refresh-1" || at != revision {
		t.Errorf("%q at %d, %v", []byte(secret), at, err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %x %v", secret, secret, secret, secret, secret, v); got != "«sealed» «sealed» «sealed» «sealed» «sealed» «sealed»" {
		t.Errorf("printed: %s", got)
	}
	if got := get(t.Context(), openVault(t, kv, vault.Options{Dir: dir}), "a"); got != "refresh-1" {
		t.Errorf("after opening again: %s", got)
	}
	if err := vault.Forget(t.Context(), kv, "grant", "a"); err != nil {
		t.Error(err)
	}
	if _, _, err := v.Get(t.Context(), "grant", "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after Forget: %v", err)
	}
}
