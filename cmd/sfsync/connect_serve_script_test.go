package main

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// alertSink keeps the alerts that a daemon sends.
type alertSink struct {
	mu   sync.Mutex
	said []string
}

func (s *alertSink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, string(text))
}

type sinkKey struct{}

// alertsinkCommand takes alerts at a secret address, in $SFSYNC_ALERT_WEBHOOK.
func alertsinkCommand(ts *testscript.TestScript, neg bool, args []string) {
	server := httptest.NewServer(ts.Value(sinkKey{}).(*alertSink))
	ts.Defer(server.Close)
	secret := rand.Text()
	ts.Value(watchKey{}).(*secretWatch).give("address of the alerts", secret)
	ts.Setenv("SFSYNC_ALERT_WEBHOOK", server.URL+"/hook/"+secret)
}

// alertedCommand waits until a message has come that holds a text, and checks how many did:
//
//	alerted COUNT TEXT
func alertedCommand(ts *testscript.TestScript, neg bool, args []string) {
	sink := ts.Value(sinkKey{}).(*alertSink)
	waitFor(ts, "no alert says "+args[1], func() bool {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		n := 0
		for _, text := range sink.said {
			if strings.Contains(text, args[1]) {
				n++
			}
		}
		if n > 0 && strconv.Itoa(n) != args[0] {
			ts.Fatalf("%d alerts: %s", n, sink.said)
		}
		return n > 0
	})
}

// metricCommand waits until the daemon's metrics match:
//
//	metric PATTERN
func metricCommand(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(`(?m)^` + args[0])
	waitFor(ts, "no metric matches "+args[0], func() bool {
		text, err := read(http.Get(ts.Getenv("ADMIN") + "/metrics"))
		return err == nil && pattern.MatchString(text)
	})
}

// writesCommand checks how often a record of the org was changed since it was made:
//
//	writes ID COUNT
func writesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if got := strconv.Itoa(len(orgOf(ts).History(args[0])) - 1); got != args[1] {
		ts.Fatalf("%s was written %s times", args[0], got)
	}
}

// waitsCommand waits until an event waits, for a reason that holds a text:
//
//	waits EVENT TEXT
func waitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	waitFor(ts, args[0]+" does not wait with "+args[1], func() bool {
		if ts.Exec("sfsync", "runs", "show", args[0]) != nil {
			return false
		}
		said := ts.ReadFile("stdout")
		return strings.Contains(said, "waiting") && strings.Contains(said, args[1])
	})
}

func waitFor(ts *testscript.TestScript, otherwise string, condition func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s", otherwise)
		}
	}
}
