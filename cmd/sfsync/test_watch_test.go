package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// heard is what a command has written so far.
type heard struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.Write(p)
}

// wait waits until the command has written a text as often as wanted.
func (h *heard) wait(t *testing.T, text string, times int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		n := strings.Count(h.buf.String(), text)
		h.mu.Unlock()
		if n >= times {
			return
		}
	}
	t.Fatalf("never %d times %q in %s", times, text, h.buf.String())
}

// With --watch, tests run again when rules, events or the schema change.
func TestWatchRunsTestsAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const rules = "rule R\non survey response\nupdate Contact where Id = profile.contact\n  set NPS_Score__c = answers.nps\n\n" +
		"test T\ngiven events/r.json\nexpect update Contact\n  set NPS_Score__c = 9\n"
	const event = `{"id": "r", "type": "survey.response", "answers": {"nps": 9}, "profile": {"contact": "0035g00000Ct001AAB"}}`
	if err := os.Mkdir("events", 0o755); err != nil {
		t.Fatal(err)
	}
	write("rules.sfsync", rules)
	write("events/r.json", event)
	out := &heard{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	c := &console{in: strings.NewReader(""), out: out, err: out, width: defaultWidth}
	go func() { ended <- c.exit(execute(ctx, c, []string{"sfsync", "test", "--watch"})) }()
	out.wait(t, "ok  1 test", 1)
	out.wait(t, "watching", 1)
	write("events/r.json", strings.Replace(event, "9", "8", 1))
	out.wait(t, "FAILED  1 of 1 test", 1)
	out.wait(t, "watching", 2)
	write("rules.sfsync", strings.Replace(rules, "= 9", "= ", 1))
	out.wait(t, "the rules have 1 error", 1)
	out.wait(t, "watching", 3)
	write("rules.sfsync", strings.Replace(rules, "= 9", "= 8", 1))
	out.wait(t, "ok  1 test", 2)
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
