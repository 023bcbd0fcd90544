package main

import (
	"os"
	"regexp"
	"testing"
)

func TestNoCoreDumps(t *testing.T) {
	keepOutOfCoreDumps()
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Skip(err)
	}
	if !regexp.MustCompile(`Max core file size +0 `).Match(limits) {
		t.Errorf("core dumps are not off:\n%s", limits)
	}
}
