package main

import (
	"errors"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
)

// stdout is standard output that remembers whether all of it could be written, so that
// a command need not look after every line, and a full disk does not go unnoticed.
type stdout struct {
	*os.File
	failed atomic.Pointer[error]
}

func (s *stdout) Write(p []byte) (int, error) {
	n, err := s.File.Write(p)
	return n, s.note(err)
}

func (s *stdout) WriteString(text string) (int, error) {
	n, err := s.File.WriteString(text)
	return n, s.note(err)
}

func (s *stdout) note(err error) error {
	if err == nil {
		return nil
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	err = outsidef("", "cannot write to standard output: %w", err)
	s.failed.CompareAndSwap(nil, &err)
	return err
}

// err is why something could not be written. The reader of a pipe may go away.
func (s *stdout) err() error {
	if failed := s.failed.Load(); failed != nil && !errors.Is(*failed, syscall.EPIPE) {
		return *failed
	}
	return nil
}
