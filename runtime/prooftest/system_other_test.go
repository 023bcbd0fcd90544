//go:build !unix

package prooftest

import (
	"errors"
	"os/exec"
	"testing"
)

func limitFiles(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	return errors.New("file sizes cannot be limited here")
}

// asNobody is only asked for where there is a user 0.
func asNobody(t *testing.T, _ string) func(*exec.Cmd) {
	t.Skip("users cannot be changed here")
	return nil
}
