//go:build unix

package prooftest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// limitFiles bounds how large a file of this process may get, which needs no rights.
func limitFiles(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return fmt.Errorf("cannot read the limit of file sizes: %w", err)
	}
	limit.Cur = bytes
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return fmt.Errorf("cannot limit file sizes: %w", err)
	}
	return nil
}

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
