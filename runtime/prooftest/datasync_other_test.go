//go:build !linux

package prooftest

import "os"

func datasync(f *os.File) error { return f.Sync() }
