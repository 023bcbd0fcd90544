//go:build !unix

package lsp

import "os"

// alive reports whether a process is there. Where FindProcess opens the process, as on
// Windows, it says so itself.
func alive(pid int) bool {
	if pid <= 0 {
		return true
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
