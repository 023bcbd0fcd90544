package prooftest

import (
	"flag"
	"os"
	"testing"
)

var (
	kills    = flag.Int("kills", 15, "how often TestKill kills the daemon")
	long     = flag.Bool("long", false, "let TestRetryStorm have ten times the messages")
	speed    = flag.Bool("speed", false, "let TestSpeed measure, and print its table")
	profiles = flag.String("profiles", "", "`directory` for TestSpeed to put CPU profiles of the daemon into")
)

// TestMain makes the test binary the daemon when it is started as one.
func TestMain(m *testing.M) {
	if text := os.Getenv(settingsVariable); text != "" {
		os.Exit(serve(text))
	}
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}
