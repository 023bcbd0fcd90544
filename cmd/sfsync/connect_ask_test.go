package main

import (
	"bytes"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// answering runs a command with a person at its terminal, who answers each question with
// the text that is set for it.
func answering(t *testing.T, terminal, keyboard *os.File, answers map[string]string, args ...string) (out, errOut *safeBuffer, code int) {
	t.Helper()
	out, errOut = &safeBuffer{}, &safeBuffer{}
	c := &console{in: terminal, out: out, err: errOut, width: defaultWidth, terminal: terminal}
	ended := make(chan int, 1)
	go func() { ended <- c.exit(execute(t.Context(), c, append([]string{"sfsync"}, args...))) }()
	asked := map[string]bool{}
	eventually(t, "it ends: "+strings.Join(args, " "), func() bool {
		select {
		case code = <-ended:
			return true
		default:
		}
		said := errOut.String()
		for question, answer := range answers {
			if !asked[question] && strings.HasSuffix(said, question+" ") {
				asked[question] = true
				if _, err := keyboard.WriteString(answer + "\n"); err != nil {
					t.Error(err)
				}
			}
		}
		return false
	})
	for question := range answers {
		if !asked[question] {
			t.Errorf("it did not ask %q:\n%s", question, errOut)
		}
	}
	return out, errOut, code
}

// TestConnectAsks is a newcomer at a terminal who gives no flag. What must not be seen is
// not shown.
func TestConnectAsks(t *testing.T) {
	org := testOrg(t)
	t.Setenv(idVariable, "")
	t.Setenv(secretVariable, "")
	keyboard, terminal := openTerminal(t)
	secret := rand.Text()
	if err := org.UpdateApp(orgsim.DefaultClientID, func(a *orgsim.App) { a.ClientSecret = secret }); err != nil {
		t.Fatal(err)
	}
	shown := echoed(keyboard)
	out, errOut, code := answering(t, terminal, keyboard, map[string]string{
		"What is the connection called in rules? [production]": "",
		"Which? [web]": "client-c",
		"Which host? (the org's My Domain, or login, or test)":                                                              org.URL(),
		"Consumer key of the External Client App? (sfsync connect guide client-credentials)":                                "",
		"  the consumer key is missing\nConsumer key of the External Client App? (sfsync connect guide client-credentials)": orgsim.DefaultClientID,
		"Consumer secret?": secret,
	}, "connect", "add")
	if code != 0 || !strings.Contains(out.String(), "signed in by  the app's own secret") {
		t.Errorf("exit code %d: %s%s", code, out, errOut)
	}
	all := out.String() + errOut.String() + shown()
	if !strings.Contains(all, orgsim.DefaultClientID) {
		t.Errorf("what is typed is not shown: %q", all)
	}
	if strings.Contains(all, secret) {
		t.Errorf("the secret is shown: %q", all)
	}

	// Everything is known now.
	if _, errOut, code := answering(t, terminal, keyboard, nil, "connect", "add", "production"); code != 0 || errOut.String() != "" {
		t.Errorf("exit code %d: %s", code, errOut)
	}
	out, _, code = answering(t, terminal, keyboard, map[string]string{"Remove production (production, " + orgsim.DefaultUsername + ")? [no]": ""}, "connect", "remove", "production")
	if code != 0 || out.String() != "" {
		t.Errorf("exit code %d: %s", code, out)
	}
	out, _, code = answering(t, terminal, keyboard, map[string]string{"Remove production (production, " + orgsim.DefaultUsername + ")? [no]": "yes"}, "connect", "remove", "production")
	if code != 0 || !strings.Contains(out.String(), "production is removed") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// TestConnectPasted has its browser on another machine, where localhost leads nowhere.
func TestConnectPasted(t *testing.T) {
	org := testOrg(t)
	t.Setenv(secretVariable, orgsim.DefaultClientSecret)
	terminal, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close(); keyboard.Close() })
	out, errOut := &safeBuffer{}, &safeBuffer{}
	c := &console{in: terminal, out: out, err: errOut, width: defaultWidth, terminal: terminal}
	ended := make(chan int, 1)
	go func() {
		ended <- c.exit(execute(t.Context(), c, []string{"sfsync", "connect", "add", "production", "--flow", "web", "--host", org.URL(), "--no-browser", "--redirect-port", "0"}))
	}()
	const question = "paste the address at which it ended: "
	eventually(t, "it asks", func() bool { return strings.HasSuffix(errOut.String(), question) })
	keyboard.WriteString("https://acme.lightning.force.com/lightning/page/home\n")
	eventually(t, "it asks again", func() bool { return strings.Count(errOut.String(), question) == 2 })
	if !strings.Contains(errOut.String(), "this is not that address") {
		t.Error(errOut)
	}
	end, err := browse(addressIn(errOut.String()), "copy", orgsim.DefaultPassword)
	if err != nil || !strings.HasPrefix(end, "http://localhost:") {
		t.Fatal(end, err)
	}
	keyboard.WriteString(end + "\n")
	if code := <-ended; code != 0 || !strings.Contains(out.String(), "a person in a browser") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}

// echoed collects what a terminal shows, and returns it.
func echoed(keyboard *os.File) func() string {
	shown := &safeBuffer{}
	go func() {
		var b [4096]byte
		for {
			n, err := keyboard.Read(b[:])
			shown.Write(bytes.Clone(b[:n]))
			if err != nil {
				return
			}
		}
	}()
	return shown.String
}
