package main

import (
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/sfsync/sfsync/store"
)

// A list of connections fits a terminal of 80 columns, with the state of each in sight.
func TestConnectionTable(t *testing.T) {
	now := time.Now()
	all := []store.Connection{
		{Name: "production", Environment: "production", User: "integration@acme.example", Flow: "client-credentials", LastUsed: now.Add(-26 * time.Hour)},
		{Name: "uat", Environment: "sandbox", User: "integration@acme.example.uat", Flow: "web", Stopped: &store.Stop{}},
	}
	for _, used := range []map[string]connectionUse{nil, {"uat": {Rules: []string{"One"}}}} {
		for width, want := range map[int]bool{80: false, 100: true} {
			var out strings.Builder
			c := &console{width: width}
			c.connectionTable(all, used, now).write(&out, width)
			lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
			if len(lines) != 3 || !strings.HasSuffix(lines[0], "STATE") || !strings.HasSuffix(lines[2], "stopped") || strings.Contains(out.String(), "client-credentials") != want {
				t.Errorf("at %d columns:\n%s", width, out.String())
			}
			for _, line := range lines {
				if runewidth.StringWidth(line) > width {
					t.Errorf("wider than %d columns: %q", width, line)
				}
			}
		}
	}
}
