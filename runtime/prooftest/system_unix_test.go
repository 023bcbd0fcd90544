//go:build unix

package prooftest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// asNobody makes the daemon somebody for whom permissions count.
func asNobody(t *testing.T, dir string) func(*exec.Cmd) {
	t.Helper()
	const nobody = 65534
	err := filepath.Walk(filepath.Dir(dir), func(path string, _ os.FileInfo, err error) error {
		if err == nil {
			err = os.Chown(path, nobody, nobody)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}
