package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// From the outside to Salesforce and back: who may send, what is answered, what is
// written, and what can be seen of it.
func TestServe(t *testing.T) {
	org := testOrg(t)
	t.Setenv(webhookSecretVariable, testSecret)
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--verbose")

	if status, answer := s.soap(message(org.ID(), "04l5g00000Om001AAB", testCase)); status != 200 || !strings.Contains(answer, "<Ack>true</Ack>") {
		t.Fatalf("%d %s", status, answer)
	}
	if status, answer := s.soap(message(org.ID(), "04l5g00000Om001AAB", testCase)); status != 200 || !strings.Contains(answer, "<Ack>true</Ack>") {
		t.Fatalf("again: %d %s", status, answer)
	}
	if status, answer := s.soap(message("00D5g000000NoNe", "04l5g00000Om002AAB", testCase)); status == 200 || strings.Contains(answer, "<Ack>true") {
		t.Errorf("another org: %d %s", status, answer)
	}
	auth := []string{"Authorization", "Bearer " + testToken}
	if status, answer := s.post(s.Distributions, `{"of":"04l5g00000Om001AAB","status":"Failed","time":"2026-11-20T09:01:00Z"}`, auth...); status != 202 {
		t.Errorf("%d %s", status, answer)
	}
	eventually(t, "the case has its status", func() bool { return field(org, "Case", testCase, "Survey_Status__c") == "FAILED" })

	if status, answer := s.event(response("r-1", 9) + "\n" + response("r-2", 8) + "\n{}"); status != 207 || strings.Count(answer, `"accepted"`) != 3 || !strings.Contains(answer, `"rejected"`) {
		t.Errorf("%d %s", status, answer)
	}
	for _, header := range [][]string{nil, {"Authorization", "Bearer wrong-token-of-the-events"}, {"Webhook-Signature", "v1,AAAA", "Webhook-Id", "x", "Webhook-Timestamp", "1"}} {
		if status, _ := s.post(s.Events, response("r-3", 1), header...); status != 401 {
			t.Errorf("%v: %d", header, status)
		}
	}
	eventually(t, "the contact has its score", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "8" })

	t.Run("health", func(t *testing.T) {
		for _, base := range []string{s.URL, s.Admin} {
			for _, path := range []string{"/healthz", "/readyz"} {
				if status, answer := s.get(base + path); status != 200 {
					t.Errorf("%s: %d %s", path, status, answer)
				}
			}
		}
		if status, _ := s.get(s.URL + "/metrics"); status != 404 {
			t.Errorf("metrics are open to the senders: %d", status)
		}
		if status, _ := s.get(s.URL + "/runs"); status != 404 {
			t.Errorf("runs are open to the senders: %d", status)
		}
	})
	t.Run("metrics", func(t *testing.T) {
		eventually(t, "four events are done", func() bool {
			_, text := s.get(s.Admin + "/metrics")
			return strings.Contains(text, "sfsync_events_done_total 4\n")
		})
		_, text := s.get(s.Admin + "/metrics")
		for _, want := range []string{
			`sfsync_events_total{answer="accepted",endpoint="soap"} 1`,
			`sfsync_events_total{answer="duplicate",endpoint="soap"} 1`,
			`sfsync_events_total{answer="accepted",endpoint="events"} 2`,
			`sfsync_events_total{answer="rejected",endpoint="events"} 1`,
			`sfsync_events_total{answer="accepted",endpoint="distributions"} 1`,
			`sfsync_http_requests_total{code="401",endpoint="events"} 3`,
			`sfsync_writes_total{cause="",outcome="synced"} 3`,
			`sfsync_queue_events 0`,
			`sfsync_queue_oldest_age_seconds 0`,
			`sfsync_api_calls_total{connection="production"}`,
			`sfsync_api_quota_left_calls{connection="production"}`,
			`sfsync_batch_rows_count{connection="production",op="update"}`,
			`sfsync_call_duration_seconds_count{connection="production",op="update"}`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no line %s in:\n%s", want, text)
			}
		}
	})
	t.Run("runs", func(t *testing.T) {
		out, code := call(t, "", "runs", "list", "--outcome", "synced")
		if code != 0 || !strings.Contains(out, testCase) || !strings.Contains(out, "r-2") {
			t.Errorf("%d %s", code, out)
		}
		out, code = call(t, "", "runs", "show", "r-2")
		if code != 0 || !strings.Contains(out, "NPS_Score__c") {
			t.Errorf("%d %s", code, out)
		}
		if _, code := call(t, "", "runs", "show", "r-9"); code != exitProblem {
			t.Errorf("exit code %d", code)
		}
		for _, path := range []string{"/runs?ref=ev/r-2", "/runs"} {
			if status, answer := s.get(s.Admin + path); status != 401 || strings.Contains(answer, "NPS") {
				t.Errorf("without the token: %d %s", status, answer)
			}
		}
		req, _ := http.NewRequest(http.MethodGet, s.Admin+"/metrics", nil)
		req.Host = "rebound.example.com"
		if status, _ := s.do(req); status != http.StatusMisdirectedRequest {
			t.Errorf("another host's page may read: %d", status)
		}
	})
	if info, err := os.Stat(filepath.Join(os.Getenv(homeVariable), servingName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	data, _ := os.ReadFile(filepath.Join(os.Getenv(homeVariable), servingName))
	var at servingFile
	if err := json.Unmarshal(data, &at); err != nil || at.Token == "" {
		t.Fatal(err)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv(homeVariable), servingName)); err == nil {
		t.Error("the daemon's address is left behind")
	}
	for _, secret := range []string{testToken, testSecret, orgsim.DefaultClientSecret, at.Token, "session-id-secret", "wrong-token"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(s.log.String(), "stopped") || !strings.Contains(s.log.String(), "another org") {
		t.Error("the log does not say what happened")
	}
	if out, code := call(t, "", "runs", "list"); code != 0 || !strings.Contains(out, "r-2") {
		t.Errorf("after the daemon: %d %s", code, out)
	}
}

// Changed rules hold at once if they pass the check, and not at all otherwise.
func TestServeReload(t *testing.T) {
	org := testOrg(t)
	dir := rulesDir(t, caseRules)
	s := startServe(t, dir, "--instance", org.URL())

	writeRules(t, dir, strings.ReplaceAll(caseRules, "NPS_Score__c = answers.nps", "NPS_Skore__c = answers.nps"))
	eventually(t, "the rules are refused", func() bool { return strings.Contains(s.log.String(), "refused") })
	for _, want := range []string{"S202", "rules.sfsync:11", "NPS_Skore__c"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log does not tell %s", want)
		}
	}
	s.event(response("r-1", 7))
	eventually(t, "the old rules run", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "7" })

	writeRules(t, dir, strings.ReplaceAll(caseRules, "= answers.nps", "= answers.nps + 1")+
		"rule Every message on its case\non outbound message Case\nupdate Case where Id = record.Id set Priority: High\n")
	eventually(t, "the rules are reloaded", func() bool { return strings.Contains(s.log.String(), "rules are reloaded") })
	if !strings.Contains(s.log.String(), `added="[Every message on its case]" changed="[Answers on the contact]" removed=[]`) {
		t.Error("the log does not say what changed")
	}
	s.event(response("r-2", 7))
	eventually(t, "the new rules run", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "8" })
	_, text := s.get(s.Admin + "/metrics")
	if !strings.Contains(text, `sfsync_rules_reloads_total{result="done"} 1`) || !strings.Contains(text, `sfsync_rules_reloads_total{result="refused"} 1`) {
		t.Error(text)
	}

	// A second file, in a directory of its own that is new.
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeRules(t, filepath.Join(dir, "more"), "connection production\nrule More\non survey response other\nupdate Contact where Id = profile.contact set Survey_Status__c: Expired\n")
	eventually(t, "the new file is read", func() bool { return strings.Contains(s.log.String(), "added=[More]") })
	if err := os.Remove(filepath.Join(dir, "more", "rules.sfsync")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file is gone", func() bool { return strings.Contains(s.log.String(), "removed=[More]") })
}

// Rules that are moved into place are followed: a directory in the place of another, and
// where a link leads now.
func TestServeFollowsMovedRules(t *testing.T) {
	org := testOrg(t)
	home := t.TempDir()
	old, new, current := filepath.Join(home, "1"), filepath.Join(home, "2"), filepath.Join(home, "current")
	link := func(to string) {
		t.Helper()
		if err := os.Symlink(to, current+"~"); err != nil {
			t.Skip(err)
		}
		if err := os.Rename(current+"~", current); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{old, new} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(name string) string {
		return "rule " + name + "\non survey response other\nupdate Contact where Id = profile.contact set Survey_Status__c: Expired\n"
	}
	writeRules(t, old, caseRules+rule("Old"))
	writeRules(t, new, caseRules+rule("New"))
	link(old)
	s := startServe(t, current, "--instance", org.URL())
	says := func(text string) {
		t.Helper()
		eventually(t, "the log says "+text, func() bool { return strings.Contains(s.log.String(), text) })
	}
	link(new)
	says("added=[New]")
	writeRules(t, new, caseRules+rule("Newer"))
	says("added=[Newer]")
	if err := os.Rename(new, new+"~"); err != nil {
		t.Fatal(err)
	}
	says("the old ones stay")
	if err := os.Rename(new+"~", new); err != nil {
		t.Fatal(err)
	}
	says("the rules are again those that are used")
	writeRules(t, new, caseRules+rule("Newest"))
	says("added=[Newest]")
	refused := func() int { return strings.Count(s.log.String(), "the old ones stay") }
	if n := refused(); n != 1 {
		t.Errorf("that the rules are gone is said %d times", n)
	}
	// What stands in the way of rules beside their text may have gone when they are put
	// in place once more.
	for n := 2; n < 4; n++ {
		if err := os.WriteFile(filepath.Join(new, "other.sfsync"), []byte("connection other\n"+rule("Other")), 0o644); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the rules are looked at", func() bool { return refused() >= n })
	}
}

// What was accepted while Salesforce is away outlives the daemon.
func TestServeStopsAndGoesOn(t *testing.T) {
	org := testOrg(t)
	dir := rulesDir(t, caseRules)
	s := startServe(t, dir, "--instance", org.URL(), "--save-connection", "production")
	if err := breakOrg(org, []byte(`[{"kind":"unavailable"}]`)); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if status, answer := s.event(response(fmt.Sprint("r-", i), i%10)); status != 202 {
			t.Fatalf("%d %s", status, answer)
		}
	}
	s.soap(message(org.ID(), "04l5g00000Om001AAB", testCase))
	s.post(s.Distributions, `{"of":"04l5g00000Om001AAB","status":"Expired","time":"2026-11-20T09:01:00Z"}`, "Authorization", "Bearer "+testToken)
	if code := s.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}

	// The org is still away, and the daemon starts with what it knows of it.
	again := startServe(t, dir, "--connection", "production")
	if !strings.Contains(again.log.String(), "cannot sign in now") {
		t.Error("it does not say that the org is away")
	}
	if status, answer := again.event(response("r-20", 3) + response("r-1", 1)); status != 202 || !strings.Contains(answer, `"accepted":1,"duplicate":1`) {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := again.soap(message(org.ID(), "04l5g00000Om002AAB", testCase)); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	again.stop()

	org.Heal()
	last := startServe(t, dir, "--connection", "production")
	eventually(t, "all is written", func() bool {
		return field(org, "Contact", testContact, "NPS_Score__c") == "3" && field(org, "Case", testCase, "Survey_Status__c") == "Expired"
	})
	eventually(t, "the queue is empty", func() bool {
		_, text := last.get(last.Admin + "/metrics")
		return strings.Contains(text, "sfsync_queue_events 0\n")
	})
	last.stop()
	out, _ := call(t, "", "runs", "list", "--limit", "0", "--outcome", "synced", "--format", "json")
	if n := strings.Count(out, "\n"); n != 22 {
		t.Errorf("%d runs are synced:\n%s", n, out)
	}
}

// Everybody who fails for the same cause is one alert of one message.
func TestServeAlerts(t *testing.T) {
	org := testOrg(t)
	var mu sync.Mutex
	var messages []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		mu.Lock()
		messages = append(messages, string(data))
		mu.Unlock()
	}))
	defer hook.Close()
	t.Setenv(alertWebhookVariable, hook.URL+"/hooks/secret-path")
	if err := breakOrg(org, []byte(`[{"kind":"row_error","code":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"jane.doe@example.com may not"}]`)); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--alert-gather", "300ms")
	var lines strings.Builder
	for i := range 30 {
		lines.WriteString(response(fmt.Sprint("r-", i), 5) + "\n")
	}
	if status, answer := s.event(lines.String()); status != 202 {
		t.Fatalf("%d %s", status, answer)
	}
	eventually(t, "all have failed", func() bool {
		_, text := s.get(s.Admin + "/metrics")
		return strings.Contains(text, "sfsync_events_done_total 30\n") && strings.Contains(text, `sfsync_alerts_total{result="sent",sender="webhook"} 1`)
	})
	s.stop()
	mu.Lock()
	defer mu.Unlock()
	if len(messages) == 0 || len(messages) > 2 { // the second when it stops, if some failed after the first
		t.Fatalf("%d messages", len(messages))
	}
	var m struct {
		Alerts []struct {
			Kind, Subject string
			Count         int
		}
	}
	if err := json.Unmarshal([]byte(messages[0]), &m); err != nil || len(m.Alerts) != 1 || m.Alerts[0].Kind != "failure" || m.Alerts[0].Subject != "validation_rule in Answers on the contact" || m.Alerts[0].Count < 1 {
		t.Errorf("%v %s", err, messages[0])
	}
	for _, text := range []string{s.log.String(), messages[0]} {
		if strings.Contains(text, "jane.doe") || strings.Contains(text, "secret-path") {
			t.Error("it tells what it must not:", text)
		}
	}
}

// A record whose messages never end is left alone for a while, and somebody is told.
func TestServeBreaksLoops(t *testing.T) {
	org := testOrg(t)
	told := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		told <- string(data)
	}))
	defer hook.Close()
	t.Setenv(alertWebhookVariable, hook.URL)
	s := startServe(t, rulesDir(t, "connection production\nrule Loop\non outbound message Case\nupdate Case where Id = record.Id set Priority: High\n"),
		"--instance", org.URL(), "--alert-gather", "10ms")
	for i := range 21 {
		if status, answer := s.soap(message(org.ID(), fmt.Sprintf("04l5g0000008%03d", i), testCase)); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
	}
	select {
	case m := <-told:
		if !strings.Contains(m, `"kind":"loop_breaker","subject":"Loop"`) {
			t.Error(m)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nobody is told")
	}
}

func TestServeRefusesToStart(t *testing.T) {
	org := testOrg(t)
	dir := rulesDir(t, caseRules)
	secrets := filepath.Join(t.TempDir(), "secrets")
	write := func(text string, mode os.FileMode) {
		os.Remove(secrets)
		if err := os.WriteFile(secrets, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name    string
		secrets string
		mode    os.FileMode
		args    []string
		code    int
		says    string
	}{
		{name: "open address", args: []string{"--addr", "0.0.0.0:0"}, code: exitUsage, says: "--insecure-http"},
		{name: "open admin address", args: []string{"--insecure-http", "--admin-addr", ":0"}, code: exitUsage, says: "--admin-addr"},
		{name: "no address", args: []string{"--addr", "8443"}, code: exitUsage, says: "HOST:PORT"},
		{name: "taken address", args: []string{"--addr", taken.Addr().String()}, code: exitOutside, says: "--addr 127.0.0.1:0"},
		{name: "half of TLS", args: []string{"--tls-cert", "x"}, code: exitUsage, says: "--tls-key"},
		{name: "no certificate", args: []string{"--tls-cert", "nowhere", "--tls-key", "nowhere"}, code: exitOutside, says: "nowhere"},
		{name: "standard input", args: []string{"-"}, code: exitUsage, says: "files"},
		{name: "readable secrets", secrets: "", mode: 0o644, args: []string{"--credentials", secrets}, code: exitUsage, says: "chmod 600"},
		{name: "misspelt secret", secrets: "# mine\nSFSYNC_EVENT_TOKEN=hidden-value\n", mode: 0o600, args: []string{"--credentials", secrets}, code: exitUsage, says: "did you mean SFSYNC_EVENTS_TOKEN"},
		{name: "no secret", secrets: "hidden-value\n", mode: 0o600, args: []string{"--credentials", secrets}, code: exitUsage, says: "line 1"},
		{name: "short token", secrets: "SFSYNC_EVENTS_TOKEN=hidden\n", mode: 0o600, args: []string{"--credentials", secrets}, code: exitUsage, says: "at least 16"},
		{name: "missing secrets", args: []string{"--credentials", "nowhere"}, code: exitOutside, says: "no such file"},
		{name: "network", args: []string{"--soap-network", "everywhere"}, code: exitUsage, says: "no network"},
		{name: "certificate without TLS", args: []string{"--soap-client-pin", strings.Repeat("ab", 32)}, code: exitUsage, says: "need TLS"},
		{name: "mail without server", args: []string{"--alert-mail-to", "ops@example.com"}, code: exitUsage, says: smtpVariable},
		{name: "mail to nobody", args: []string{"--alert-mail-from", "ops@example.com"}, code: exitUsage, says: "nobody is to get it"},
		{name: "share", args: []string{"--quota-share", "80"}, code: exitUsage, says: "at most 1"},
		{name: "small store", args: []string{"--store-limit", "1"}, code: exitUsage, says: "16"},
		{name: "log format", args: []string{"--log-format", "xml"}, code: exitUsage, says: "xml"},
		{name: "two orgs", args: []string{"--org", "sim"}, code: exitUsage, says: "exclude"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.mode != 0 {
				write(c.secrets, c.mode)
				t.Setenv(eventsTokenVariable, testToken) // to be put back
			}
			var out, errOut bytes.Buffer
			con := &console{in: strings.NewReader(""), out: &out, err: &errOut, width: defaultWidth}
			args := append([]string{"sfsync", "serve", dir, "--instance", org.URL(), "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"}, c.args...)
			if code := con.exit(execute(t.Context(), con, args)); code != c.code || !strings.Contains(errOut.String(), c.says) {
				t.Errorf("exit code %d: %s", code, &errOut)
			}
			if strings.Contains(errOut.String(), "hidden") {
				t.Error("it tells a secret:", &errOut)
			}
		})
	}
	writeRules(t, dir, "rule x\nnonsense\n")
	out, code := call(t, "", "serve", dir, "--instance", org.URL())
	if code != exitProblem {
		t.Errorf("broken rules: exit code %d %s", code, out)
	}
}

// Without secrets, /v1 is closed, and the start says so. A simulated org needs nothing else.
func TestServeSimulated(t *testing.T) {
	testOrg(t)
	t.Setenv(eventsTokenVariable, "")
	s := startServe(t, rulesDir(t, caseRules), "--org", "sim")
	if !strings.Contains(s.log.String(), "nobody may post to /v1") || len(s.OpenTo) > 0 {
		t.Error("it does not say that nobody may post")
	}
	if status, answer := s.post(s.Events, response("r-1", 1)); status != 401 || !strings.Contains(answer, "nobody may") {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := s.soap(message(s.Orgs["production"], "04l5g00000Om001AAB", testCase)); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := s.soap(strings.ReplaceAll(message(s.Orgs["production"], "04l5g00000Om002AAB", testCase), "sf:Case", "sf:Nothing__c")); status == 200 {
		t.Errorf("%d %s", status, answer)
	}
}

func TestSystemd(t *testing.T) {
	dir, err := os.MkdirTemp("", "sd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Skip("no unixgram sockets here:", err)
	}
	defer socket.Close()
	heard := make(chan string, 100)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := socket.Read(buf)
			if err != nil {
				return
			}
			heard <- string(buf[:n])
		}
	}()
	wait := func(what string) {
		t.Helper()
		for {
			select {
			case got := <-heard:
				if strings.HasPrefix(got, what) {
					return
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("systemd did not hear %s", what)
			}
		}
	}
	org := testOrg(t)
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "notify"))
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL())
	wait("READY=1\nSTATUS=2 rules")
	wait("WATCHDOG=1")
	go s.stop()
	wait("STOPPING=1")
	s.stop()
	t.Setenv("WATCHDOG_PID", "1")
	if watchdogInterval() != 0 {
		t.Error("another process's watchdog is fed")
	}
}
