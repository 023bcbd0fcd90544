package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// duration finds what is different in every run.
var duration = regexp.MustCompile(`\b\d+(\.\d+)? (s|ms)\b`)

// TestWalk runs the commands of examples/walk.md one after the other in an empty folder,
// and holds what they print against what stands there.
func TestWalk(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	page, err := filepath.Abs("../../examples/walk.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	bin, dir := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test program is sfsync under that name; see TestMain.
	if err := os.Symlink(self, filepath.Join(bin, "sfsync")); err != nil {
		t.Skip("no symbolic links here")
	}
	run := func(command string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), homeVariable+"="+t.TempDir())
		out, _ := cmd.CombinedOutput() // a command that finds something fails, and says so
		return string(out)
	}
	walked := fence.ReplaceAllStringFunc(string(text), func(block string) string {
		var b strings.Builder
		b.WriteString("```\n")
		lines := strings.Split(fence.FindStringSubmatch(block)[2], "\n")
		for i := 0; i < len(lines); i++ {
			command, ok := strings.CutPrefix(lines[i], "$ ")
			if !ok {
				continue
			}
			b.WriteString(lines[i] + "\n")
			for ; i+1 < len(lines) && strings.HasPrefix(lines[i+1], ">"); i++ {
				command += "\n" + strings.TrimPrefix(lines[i+1][1:], " ")
				b.WriteString(lines[i+1] + "\n")
			}
			b.WriteString(run(command))
		}
		return b.String() + "```"
	})
	if *update {
		if err := os.WriteFile(page, []byte(walked), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	same := func(s string) string { return duration.ReplaceAllString(s, "TIME") }
	if diff := cmp.Diff(same(string(text)), same(walked)); diff != "" {
		t.Errorf("the walk goes another way now; -update writes it down (-page +now):\n%s", diff)
	}
}
