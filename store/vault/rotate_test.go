package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
	"github.com/zalando/go-keyring"
)

// dying is a store whose process is killed before a write.
type dying struct {
	store.KV
	left int
}

var errKilled = errors.New("killed")

func (d *dying) Put(ctx context.Context, e store.Entry) (uint64, error) {
	if d.left == 0 {
		return 0, errKilled
	}
	d.left--
	return d.KV.Put(ctx, e)
}

// TestKilledRotation kills a rotation before each of its writes, in each place of the key,
// and expects that nothing is lost and that the next one finishes it.
func TestKilledRotation(t *testing.T) {
	keyring.MockInit()
	for _, from := range []string{"file", "keyring", "env"} {
		for _, to := range []string{"", "file", "keyring"} {
			for writes, killed := 0, true; killed; writes++ {
				t.Run(fmt.Sprintf("%s to %s after %d", from, to, writes), func(t *testing.T) {
					killed = false // should the test fail
					noKeys(t)
					// So that a daemon that is not told where the key is looks everywhere.
					t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
					if from == "env" {
						t.Setenv(vault.KeyVariable, strings.Repeat("01", 32))
						t.Setenv(vault.NextKeyVariable, strings.Repeat("02", 32))
					}
					dir := t.TempDir()
					kv := openStore(t, dir)
					o := vault.Options{Dir: dir}
					v := openVault(t, kv, vault.Options{Dir: dir, Key: from})
					names := []string{"a", "b", "c", "d"}
					for _, name := range names {
						put(t, v, name, "secret of "+name)
					}
					before := info(t, v).KeyID
					other := openVault(t, kv, o)

					d := &dying{KV: kv, left: writes}
					_, err := openVault(t, d, o).Rotate(t.Context(), to)
					if err != nil && !errors.Is(err, errKilled) {
						t.Fatal(err)
					}
					killed = err != nil
					if killed {
						after := openVault(t, kv, o)
						for _, name := range names {
							if got := get(t.Context(), after, name); got != "secret of "+name {
								t.Fatalf("after the kill, %s: %s", name, got)
							}
						}
						put(t, after, "e", "secret of e")
						if _, err := after.Rotate(t.Context(), to); err != nil {
							t.Fatal(err)
						}
						names = append(names, "e")
					}
					if from == "env" && to == "" {
						t.Setenv(vault.KeyVariable, strings.Repeat("02", 32))
						t.Setenv(vault.NextKeyVariable, "")
					}
					for which, v := range map[string]*vault.Vault{"a new process": openVault(t, kv, o), "another process": other} {
						for _, name := range names {
							if got := get(t.Context(), v, name); got != "secret of "+name {
								t.Errorf("%s, %s: %s", which, name, got)
							}
						}
						if i := info(t, v); i.KeyID == before || i.Rotating != "" || i.Secrets != len(names) {
							t.Errorf("%s: %+v", which, i)
						}
					}
					left, _ := filepath.Glob(filepath.Join(dir, "*.new"))
					if len(left) > 0 {
						t.Errorf("left behind: %v", left)
					}
				})
			}
		}
	}
}

// TestRotationShutsOut checks that the old key opens nothing afterwards.
func TestRotationShutsOut(t *testing.T) {
	noKeys(t)
	dir := t.TempDir()
	kv := openStore(t, dir)
	o := vault.Options{Dir: dir}
	v := openVault(t, kv, o)
	put(t, v, "a", "one")
	old, err := os.ReadFile(filepath.Join(dir, "sfsync.key"))
	if err != nil {
		t.Fatal(err)
	}
	// What a process leaves that is killed while it writes a key.
	if err := os.WriteFile(filepath.Join(dir, ".sfsync-key-123"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	sealed, _ := kv.Get(t.Context(), "secret/grant/a")
	done, err := v.Rotate(t.Context(), "")
	if err != nil || done.Secrets != 1 || done.OldKeyID == done.NewKeyID || done.NewKeyID != info(t, v).KeyID {
		t.Fatalf("%+v %v", done, err)
	}
	if again, _ := kv.Get(t.Context(), "secret/grant/a"); string(again.Value) == string(sealed.Value) {
		t.Error("the secret was not sealed anew")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".sfsync-key-*")); len(left) > 0 {
		t.Errorf("keys are left behind: %v", left)
	}
	kept := filepath.Join(dir, "old.key")
	if err := os.WriteFile(kept, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), kv, vault.Options{Dir: dir, Key: "file:" + kept}); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("the old key: %v", err)
	}
	if _, err := v.Rotate(t.Context(), "file:"+kept); err == nil || !strings.Contains(err.Error(), "may be another store's") {
		t.Errorf("over another key: %v", err)
	}
	if _, err := v.Rotate(t.Context(), "env"); err == nil || !strings.Contains(err.Error(), "SFSYNC_KEY_NEW must be set") {
		t.Errorf("to a variable that is not set: %v", err)
	}
}
