//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// Whoever rotates the secret of an org writes the new one into the file and hangs up:
// what has waited for it goes on.
func TestServeTakesNewCredentialsOfAnOrg(t *testing.T) {
	org := testOrg(t)
	secret := func(s string) []byte {
		return []byte(fmt.Sprintf("# of the org\n%s=%s\n%s=%s\n", idVariable, orgsim.DefaultClientID, secretVariable, s))
	}
	file := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(file, secret(orgsim.DefaultClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--credentials", file)
	const rotated = "rotated-secret-of-the-app"
	if err := org.UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) { a.ClientSecret = rotated }); err != nil {
		t.Fatal(err)
	}
	org.RevokeSessions()
	if status, answer := s.event(response("r-1", 9)); status != 202 {
		t.Fatalf("%d %s", status, answer)
	}
	eventually(t, "the event waits", func() bool {
		out, _ := call(t, "", "runs", "list", "--outcome", "waiting", "--format", "json")
		return strings.Contains(out, `"cause":"auth"`)
	})
	if err := os.WriteFile(file, secret(rotated), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the contact has its score", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "9" })
	if strings.Contains(s.log.String(), rotated) {
		t.Error("the log holds the secret")
	}
}

// A secret that is taken out of the file opens nothing any more, and a file with a
// mistake changes nothing.
func TestCredentialsAreTakenBack(t *testing.T) {
	t.Setenv(idVariable, "from outside")
	os.Unsetenv(eventsTokenVariable)
	t.Cleanup(func() { os.Unsetenv(eventsTokenVariable) })
	c := &credentials{path: filepath.Join(t.TempDir(), "secrets")}
	for _, step := range []struct{ text, bad, id, token string }{
		{idVariable + "='a b'\nexport " + eventsTokenVariable + "=t1", "", "a b", "t1"},
		{idVariable + "=c\n" + eventsTokenVariable + "=t2\nnonsense", "line 3", "a b", "t1"},
		{eventsTokenVariable + "=t2\nSFSYNC_EVENT_TOKEN=x", "did you mean SFSYNC_EVENTS_TOKEN", "a b", "t1"},
		{eventsTokenVariable + "=t2", "", "from outside", "t2"},
		{"", "", "from outside", ""},
	} {
		if err := os.WriteFile(c.path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.load(); (err == nil) != (step.bad == "") || err != nil && !strings.Contains(err.Error(), step.bad) {
			t.Errorf("%q: %v", step.text, err)
		}
		if id, token := os.Getenv(idVariable), os.Getenv(eventsTokenVariable); id != step.id || token != step.token {
			t.Errorf("%q: id %q, token %q", step.text, id, token)
		}
	}
	if err := os.Chmod(c.path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.load(); err == nil || !strings.Contains(err.Error(), "others may read") {
		t.Errorf("a file that others may read: %v", err)
	}
}

// Whoever was signed out and may sign in again tells the daemon so by SIGHUP, and need not
// wait until it tries by itself.
func TestHangupSignsInAgain(t *testing.T) {
	org := testOrg(t)
	dir := rulesDir(t, caseRules)
	startServe(t, dir, "--instance", org.URL()).stop()
	freeze := func(frozen bool) {
		t.Helper()
		if err := org.UpdateUser(orgsim.DefaultUsername, func(u *orgsim.User) { u.Frozen = frozen }); err != nil {
			t.Fatal(err)
		}
	}
	freeze(true)
	s := startServe(t, dir, "--instance", org.URL())
	s.event(response("r-1", 4))
	eventually(t, "the event waits", func() bool { return strings.Contains(s.log.String(), "an event waits") })
	freeze(false)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is written", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "4" })
}
