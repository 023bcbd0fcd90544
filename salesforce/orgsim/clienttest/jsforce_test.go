package clienttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

func TestJSforce(t *testing.T) {
	org := start(t, orgsim.Options{})
	drive(t, "drive.js", org.URL(), orgsim.DefaultClientID, orgsim.DefaultClientSecret)
	if s := org.Stats(); s.Rows < 400 {
		t.Errorf("jsforce wrote only %d rows", s.Rows)
	}
}

// drive runs a script of the jsforce folder, which ends well only if all that it expects holds.
func drive(t *testing.T, script string, args ...string) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("SFSYNC_REQUIRE_JSFORCE") == "1" {
		missing = t.Fatalf
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("no Node.js: %v", err)
	}
	modules, err := install(t.Context())
	if err != nil {
		missing("jsforce cannot be installed: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), node, append([]string{filepath.Join("jsforce", script)}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "all expectations hold") {
		t.Errorf("%v\n%s", err, out)
	}
}

// install puts the packages of jsforce/package.json into a cache folder that is named for
// them, unless they are there, and returns the folder of the modules.
func install(ctx context.Context) (string, error) {
	manifest, err := os.ReadFile(filepath.Join("jsforce", "package.json"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(manifest)
	dir := filepath.Join(cache, "sfsync-clienttest", hex.EncodeToString(sum[:8]))
	modules, done := filepath.Join(dir, "node_modules"), filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return modules, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), manifest, 0o644); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return modules, os.WriteFile(done, nil, 0o644)
}
