//go:build unix

package prooftest

import (
	"fmt"
	"syscall"
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
