package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

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

func TestWrongKey(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	kv := openStore(t, dir)
	o := vault.Options{Dir: dir}
	put(t, openVault(t, kv, o), "a", "one")
	id := info(t, openVault(t, kv, o)).KeyID
	file := filepath.Join(dir, "sfsync.key")
	kept := filepath.Join(dir, "kept.key")
	if err := os.Rename(file, kept); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), kv, o); !errors.Is(err, vault.ErrNoKey) || !strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), file) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a key was made for a store that has another")
	}
	t.Setenv(vault.KeyVariable, strings.Repeat("0f", 32))
	if _, err := vault.Open(t.Context(), kv, o); !errors.Is(err, vault.ErrWrongKey) || !strings.Contains(err.Error(), "this store is sealed with key "+id+"; the environment variable SFSYNC_KEY holds key ") {
		t.Errorf("with another key: %v", err)
	}
	t.Setenv(vault.KeyVariable, "0f0f0f0f")
	if _, err := vault.Open(t.Context(), kv, o); err == nil || strings.Contains(err.Error(), "0f0f0f0f") {
		t.Errorf("with a text that is no key: %v", err)
	}
	t.Setenv(vault.KeyVariable, "")
	if got := get(t.Context(), openVault(t, kv, vault.Options{Dir: dir, Key: "file:" + kept}), "a"); got != "one" {
		t.Errorf("the key at another place: %s", got)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(kept, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), kv, vault.Options{Dir: dir, Key: "file:" + kept}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	if _, err := vault.Open(t.Context(), kv, vault.Options{Dir: dir, Key: "pocket"}); err == nil || !strings.Contains(err.Error(), "env, file, file:PATH or keyring") {
		t.Errorf("an unknown place: %v", err)
	}
}

// TestLostKey is a store whose key is gone: once all that it sealed is forgotten, the
// store gets a new one.
func TestLostKey(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	kv := openStore(t, dir)
	o := vault.Options{Dir: dir}
	put(t, openVault(t, kv, o), "a", "one")
	put(t, openVault(t, kv, o), "b", "two")
	before := info(t, openVault(t, kv, o)).KeyID
	if err := os.Remove(filepath.Join(dir, "sfsync.key")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if _, err := vault.Open(t.Context(), kv, o); !errors.Is(err, vault.ErrNoKey) {
			t.Fatalf("with %s still there: %v", name, err)
		}
		if err := vault.Forget(t.Context(), kv, "grant", name); err != nil {
			t.Fatal(err)
		}
	}
	v := openVault(t, kv, o)
	if i := info(t, v); i.Sealed {
		t.Errorf("%+v", i)
	}
	put(t, v, "a", "three")
	if got := get(t.Context(), openVault(t, kv, o), "a"); got != "three" {
		t.Error(got)
	}
	if i := info(t, v); i.KeyID == before || i.Secrets != 1 {
		t.Errorf("%+v", i)
	}
	// Two that find it so at once end with one key.
	if err := os.Remove(filepath.Join(dir, "sfsync.key")); err != nil {
		t.Fatal(err)
	}
	if err := vault.Forget(t.Context(), kv, "grant", "a"); err != nil {
		t.Fatal(err)
	}
	one, two := openVault(t, kv, o), openVault(t, kv, o)
	put(t, one, "a", "four")
	put(t, two, "b", "five")
	for name, want := range map[string]string{"a": "four", "b": "five"} {
		if got := get(t.Context(), openVault(t, kv, o), name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func info(t *testing.T, v *vault.Vault) vault.Info {
	t.Helper()
	i, err := v.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestPlaces lets the surroundings decide where the key is.
func TestPlaces(t *testing.T) {
	noKeys(t)
	keyring.MockInit()
	for name, c := range map[string]struct {
		set   func(dir string)
		o     vault.Options
		place string
	}{
		"a new file":   {func(string) {}, vault.Options{}, "the file "},
		"the variable": {func(string) { t.Setenv(vault.KeyVariable, "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=") }, vault.Options{}, "the environment variable SFSYNC_KEY"},
		"the key ring": {func(string) { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere") }, vault.Options{}, "the key ring"},
		"a setting":    {func(string) { t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere") }, vault.Options{Key: "file"}, "the file "},
	} {
		t.Run(name, func(t *testing.T) {
			noKeys(t)
			dir := t.TempDir()
			c.set(dir)
			c.o.Dir = dir
			kv := openStore(t, dir)
			put(t, openVault(t, kv, c.o), "a", "one")
			v := openVault(t, kv, c.o)
			if got := get(t.Context(), v, "a"); got != "one" {
				t.Error(got)
			}
			if i := info(t, v); !strings.HasPrefix(i.Place, c.place) || !i.Sealed || i.Secrets != 1 || len(i.KeyID) != 12 {
				t.Errorf("%+v", i)
			}
			if _, err := os.Stat(filepath.Join(dir, "sfsync.key")); (err == nil) != strings.HasPrefix(c.place, "the file") {
				t.Errorf("key file: %v", err)
			}
		})
	}
	keyring.MockInitWithError(errors.New("no such bus"))
	defer keyring.MockInit()
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	v := openVault(t, openStore(t, dir), vault.Options{Dir: dir})
	put(t, v, "a", "one")
	if i := info(t, v); !strings.HasPrefix(i.Place, "the file ") {
		t.Errorf("a key ring that does not work: %+v", i)
	}
}

// TestMoved copies one entry over another.
func TestMoved(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	kv := openStore(t, dir)
	v := openVault(t, kv, vault.Options{Dir: dir})
	put(t, v, "a", "one")
	put(t, v, "b", "two")
	e, err := kv.Get(t.Context(), "secret/grant/a")
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"secret/grant/b", "secret/other/a"} {
		if _, err := kv.Put(t.Context(), store.Entry{Key: to, Value: e.Value, Revision: store.AnyRevision}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := v.Get(t.Context(), "grant", "b"); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("one entry opened as another: %v", err)
	}
	if _, _, err := v.Get(t.Context(), "other", "a"); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("one kind opened as another: %v", err)
	}
}
