package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestShells asks real shells what they make of the scripts.
func TestShells(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test program is sfsync under that name; see TestMain.
	if err := os.Symlink(self, filepath.Join(bin, "sfsync")); err != nil {
		t.Skip("no symbolic links here")
	}
	for _, test := range []struct{ shell, ask string }{
		{"bash", `source completion/sfsync.bash
			COMP_WORDS=(sfsync schema e) COMP_CWORD=2; _sfsync; printf '%s\n' "${COMPREPLY[@]}"`},
		{"fish", `source completion/sfsync.fish; complete -C 'sfsync schema e'`},
		{"zsh", `autoload -Uz compinit; compinit -D -u
			source completion/sfsync.zsh
			_describe() { print -l -- ${(P)${@[-1]}} }
			words=(sfsync schema e) CURRENT=3; _sfsync`},
	} {
		t.Run(test.shell, func(t *testing.T) {
			shell, err := exec.LookPath(test.shell)
			if err != nil {
				t.Skip("not installed")
			}
			arg := []string{"-c", test.ask}
			if test.shell == "zsh" {
				arg = append([]string{"-f"}, arg...)
			}
			cmd := exec.Command(shell, arg...)
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); len(lines) != 1 || !strings.HasPrefix(lines[0], "export") {
				t.Errorf("completes `schema e` to %q, not to export alone", lines)
			}
		})
	}
}
