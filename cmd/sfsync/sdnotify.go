package main

import (
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// notifySystemd tells systemd the state of the service, as sd_notify(3) describes:
// READY=1, RELOADING=1, STOPPING=1, WATCHDOG=1. Without systemd it does nothing.
func notifySystemd(state ...string) error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	if socket[0] == '@' { // in Linux's abstract namespace
		socket = "\x00" + socket[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(strings.Join(state, "\n")))
	return err
}

// watchdogInterval is how often systemd wants to hear WATCHDOG=1, halved so that one
// may be late; 0 if it does not.
func watchdogInterval() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	us, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || us <= 0 {
		return 0
	}
	return time.Duration(us) * time.Microsecond / 2
}
