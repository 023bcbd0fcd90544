// Command sfsync writes what surveys learn back into Salesforce, from rules in a
// small language. `sfsync help` lists its commands, and `sfsync demo` shows
// everything at once without needing a Salesforce org.
//
// The exit code is 0 when all is fine, 1 when the user's rules or events have a
// problem, 2 for wrong usage, and 3 when the outside world stood in the way:
// network, Salesforce, disk.
package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(run(os.Args)) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once. What comes with the first is no second one:
	// whoever started the program may pass on what all have got.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	keepOutOfCoreDumps()
	collectLessOften()
	out := &stdout{File: os.Stdout}
	c := newConsole(os.Stdin, os.Stdout, os.Stderr)
	c.in, c.out = &interruptible{ctx: ctx, from: os.Stdin}, out
	err := execute(ctx, c, args)
	if err == nil || errors.Is(err, problem) {
		err = cmp.Or(out.err(), err)
	}
	return c.exit(err)
}
