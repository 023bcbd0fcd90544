//go:build !unix

package main

import "os"

// hangups tells of SIGHUPs, which this system does not have.
func hangups() (signals <-chan os.Signal, stop func()) { return nil, func() {} }
