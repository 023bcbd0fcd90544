package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// The exit codes of the program.
const (
	exitProblem = 1 // the user's rules or events have a problem
	exitUsage   = 2 // wrong usage
	exitOutside = 3 // the outside world: network, Salesforce, disk
)

// exitError ends a command. An error of any other type is the outside world's.
type exitError struct {
	code    int
	message string // "" when the command has said it all
	help    string // what to do about it: one line, "" for none
	cause   error
}

func (e *exitError) Error() string { return e.message }

func (e *exitError) Unwrap() error { return e.cause }

// problem ends a command that has shown what is wrong with the user's rules or events.
var problem = &exitError{code: exitProblem}

func usagef(help, format string, args ...any) error {
	return &exitError{code: exitUsage, message: fmt.Sprintf(format, args...), help: help}
}

func problemf(help, format string, args ...any) error {
	return &exitError{code: exitProblem, message: fmt.Sprintf(format, args...), help: help}
}

func outsidef(help, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &exitError{code: exitOutside, message: err.Error(), help: help, cause: errors.Unwrap(err)}
}

// exit says on standard error why a command ended, and returns the exit code.
func (c *console) exit(err error) int {
	if err == nil {
		return 0
	}
	// The reader of a pipe, such as head, went away: there is nobody to tell.
	if errors.Is(err, syscall.EPIPE) {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.err, "sfsync: interrupted")
		return exitOutside
	}
	e := &exitError{code: exitOutside, message: err.Error()}
	errors.As(err, &e)
	if e.message != "" {
		fmt.Fprintf(c.err, "%s %s\n", c.errStyle.red("sfsync:"), printable(e.message))
	}
	if e.help != "" {
		fmt.Fprintf(c.err, "%s %s\n", c.errStyle.bold("   try:"), printable(e.help))
	}
	return e.code
}

// cannotRead says why a file could not be read, unless it is that the command was
// interrupted.
func cannotRead(name string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return outsidef("", "cannot read %s: %s", name, reason(err))
}

// reason says in words of the user why a file could not be opened or read.
func reason(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "it may not be read"
	case errors.As(err, &path):
		return path.Err.Error()
	}
	return err.Error()
}
