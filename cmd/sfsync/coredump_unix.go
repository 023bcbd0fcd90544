//go:build linux || darwin

package main

import "syscall"

// keepOutOfCoreDumps lets this process leave no core dump, in which its secrets would lie
// on the disk in clear. Go makes one only where GOTRACEBACK=crash asks for it.
func keepOutOfCoreDumps() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &limit) == nil {
		limit.Cur = 0
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &limit)
	}
}
