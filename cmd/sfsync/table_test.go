package main

import (
	"bytes"
	"strings"
	"testing"
)

// The last column of a list of runs is why something failed: it is not cut down to
// nothing because an id is long.
func TestTableKeepsRoomForItsLastColumn(t *testing.T) {
	long := strings.Repeat("i", 36)
	list := table{indent: " ", least: 20}
	list.row("failed", long, "invalid_value: a reason that is longer than the line it is to stand on")
	list.row("synced", long, "short")
	for width, want := range map[int]string{
		0: " failed  " + long + "  invalid_value: a reason that is longer than the line it is to stand on\n" +
			" synced  " + long + "  short\n",
		70: " failed  " + long + "  invalid_value: a reaso…\n" +
			" synced  " + long + "  short\n",
		60: " failed  " + long + "\n     invalid_value: a reason that is longer than the line i…\n" +
			" synced  " + long + "  short\n",
	} {
		var out bytes.Buffer
		list.write(&out, width)
		if out.String() != want {
			t.Errorf("at a width of %d:\n%s\nand not\n%s", width, &out, want)
		}
	}
}
