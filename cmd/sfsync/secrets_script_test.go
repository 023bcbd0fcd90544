package main

import (
	"bytes"
	"encoding/base64"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// listener runs scripts, and looks for secrets in what their commands print and leave.
type listener struct {
	*testing.T
	watch *secretWatch
	leak  func(t *testing.T, what string)
}

func (l *listener) Run(name string, f func(testscript.T)) {
	l.T.Run(name, func(t *testing.T) { f(&listener{t, newSecretWatch(), l.leak}) })
}

// Verbose keeps the output of commands that went well.
func (l *listener) Verbose() bool { return true }

// Log is called once, with all that the commands of a script have printed.
func (l *listener) Log(args ...any) {
	l.Helper()
	var said strings.Builder
	for _, a := range args {
		text, _ := a.(string)
		said.WriteString(text)
	}
	for _, what := range l.watch.leaks("the output", []byte(commandOutput(said.String()))) {
		l.leak(l.T, what)
	}
	if testing.Verbose() || l.Failed() {
		l.T.Log(said.String())
	}
}

// commandOutput leaves out what the script itself says, and its environment.
func commandOutput(log string) string {
	_, log, _ = strings.Cut(log, "\n\n")
	var out strings.Builder
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, "> ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// watchSecrets registers what a script gives of its own, and looks through the files of
// its directory when it has ended.
func watchSecrets(env *testscript.Env) *secretWatch {
	l := env.T().(*listener)
	_ = filepath.WalkDir(env.WorkDir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if data, err := os.ReadFile(path); err == nil {
				l.watch.givenFile(path, data)
			}
		}
		return nil
	})
	if script, err := os.ReadFile(filepath.Join("testdata/script", filepath.Base(l.Name())+".txtar")); err == nil {
		l.watch.givenFile("", script)
	}
	env.Defer(func() {
		found, _ := l.watch.leaksBelow(env.WorkDir)
		for _, what := range found {
			l.leak(l.T, what)
		}
	})
	return l.watch
}

// frontOf serves a started org at another address as well, where the watch listens, and
// gives its app and its user secrets that only this test knows.
func frontOf(w *secretWatch, org *orgsim.Org, secret, password string) (*httptest.Server, error) {
	w.give("client_secret", secret)
	w.give("password", password)
	err := org.UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) { a.ClientSecret = secret })
	if err == nil {
		err = org.UpdateUser(orgsim.DefaultUsername, func(u *orgsim.User) { u.Password = password })
	}
	return httptest.NewServer(w.front(org)), err
}

// A script that leaks is found out, wherever and however it does.
func TestLeaksAreFound(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "leaky.txtar")
	if err := os.WriteFile(script, []byte(`exec sfsync connect add production --flow client-credentials --host $ORG
exec sh leak.sh
-- leak.sh --
echo "the secret is $SFSYNC_CLIENT_SECRET"
mkdir -p home/logs
printf '%s' "xy$SFSYNC_CLIENT_SECRET" | base64 -w0 > home/logs/sfsync.log
`), 0o600); err != nil {
		t.Fatal(err)
	}
	var found []string
	p := scriptParams(t)
	p.Dir, p.Files = "", []string{script}
	t.Run("script", func(t *testing.T) {
		testscript.RunT(&listener{t, newSecretWatch(), func(_ *testing.T, what string) { found = append(found, what) }}, p)
	})
	if len(found) != 2 || !strings.HasPrefix(found[0], "home/logs/sfsync.log holds the client_secret") || !strings.HasPrefix(found[1], "the output holds the client_secret") {
		t.Errorf("found %q", found)
	}
}

func TestSecretForms(t *testing.T) {
	const secret = `00D5g!AR8A "q/+&<x>` + "\n" + `ä-end`
	w := newSecretWatch()
	w.give("token", secret)
	if got := w.leaks("a text", []byte("00D5g!AR8A and the rest of it are not there")); got != nil {
		t.Errorf("found %q", got)
	}
	all := forms(secret)
	if len(all) < 10 {
		t.Errorf("only %d forms", len(all))
	}
	for name, form := range all {
		page := bytes.Repeat([]byte{0}, 4096)
		big := append(bytes.Repeat(page, 20), form...)
		if got := w.leaks("a text", big); len(got) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	for _, before := range []string{"", "a", "ab", "abc"} {
		if got := w.leaks("base64", []byte(base64Of(before+secret+"tail"))); len(got) == 0 {
			t.Errorf("not found in base64 behind %q", before)
		}
	}
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
