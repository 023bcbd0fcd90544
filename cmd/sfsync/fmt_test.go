package main

import (
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
)

// A line that spaces would make longer than a line may be stays as it is, and so does
// the whole file: standard output has it all, for an editor that pipes its text through.
func TestFmtKeepsWhatItCannotFormat(t *testing.T) {
	text := "rule  A\non survey response\nlet a=b" + strings.Repeat("+b", (dsl.MaxLine-10)/2) + "\n"
	if out, code := call(t, text, "fmt"); out != text || code != exitProblem {
		t.Errorf("exit code %d, %d bytes of %d", code, len(out), len(text))
	}
}
