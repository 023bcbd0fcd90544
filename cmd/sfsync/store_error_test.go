package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// Each thing that keeps a store closed has its own way out.
func TestStoreErrors(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "notes.txt")
	odd := filepath.Join(home, "odd")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.MkdirAll(filepath.Join(odd, "state.db"), 0o700)); err != nil {
		t.Fatal(err)
	}
	at := func(path string, err error) error {
		return fmt.Errorf("%w: cannot open %s: %w", store.ErrUnavailable, path, &fs.PathError{Op: "open", Path: path, Err: err})
	}
	open := func(dir string, o bolt.Options) error {
		s, err := bolt.Open(dir, o)
		if err == nil {
			s.Close()
		}
		return err
	}
	state := filepath.Join(home, "state.db")
	locked := filepath.Join(home, "locked")
	busy, err := bolt.Open(locked, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, c := range map[string]struct {
		dir        string
		err        error
		says, help string
	}{
		"in use":              {locked, open(locked, bolt.Options{}), "another sfsync has the store in " + locked + " open", "wait until it has ended"},
		"a file":              {file, open(file, bolt.Options{}), file + " is a file", "takes a directory"},
		"a file, reading":     {file, open(file, bolt.Options{ReadOnly: true}), file + " is a file", "takes a directory"},
		"below a file":        {filepath.Join(file, "x"), open(filepath.Join(file, "x"), bolt.Options{}), file + " is a file", "takes a directory"},
		"a directory in it":   {odd, open(odd, bolt.Options{}), "state.db is a directory", "move it away"},
		"read-only disk":      {home, at(state, syscall.EROFS), "mounted read-only", "disk that takes writes"},
		"full disk":           {home, at(state, syscall.ENOSPC), "no room for " + state, "make room"},
		"not ours":            {home, at(file, syscall.EACCES), "may not read and write " + file + ", which has the mode -rw-------", "user who owns it"},
		"directory not ours":  {home, at(state, syscall.EACCES), "may not make files in " + home, "user who owns it"},
		"directory of others": {home, at(home, syscall.EACCES), "may not use the directory " + home, "user who owns it"},
		"something else":      {home, at(state, syscall.EIO), "cannot open " + state, ""},
	} {
		err := storeError(c.dir, c.err)
		var e *exitError
		if !errors.As(err, &e) || e.code != exitOutside {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(e.message, c.says) || !strings.Contains(e.help, c.help) || c.help == "" && e.help != "" {
			t.Errorf("%s: %s\n\ttry: %s", name, e.message, e.help)
		}
		if !strings.Contains(name, "in use") && strings.Contains(e.help, "has ended") {
			t.Errorf("%s: there is nobody to wait for", name)
		}
	}
}

// What the system refuses for want of a right is told by what it is about.
func TestStorePermissions(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("this user may do everything")
	}
	home := t.TempDir()
	s, err := bolt.Open(home, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for path, c := range map[string]struct {
		mode fs.FileMode
		says string
	}{
		filepath.Join(home, "state.db"):  {0o400, "state.db, which has the mode -r--------"},
		filepath.Join(home, "events.db"): {0, "events.db, which has the mode ----------"},
		home:                             {0, "may not look into the directory " + home},
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err = bolt.Open(home, bolt.Options{})
		if told := storeError(home, err); told == nil || !strings.Contains(told.Error(), c.says) {
			t.Errorf("%s: %v", path, told)
		}
		os.Chmod(path, info.Mode().Perm())
	}
}

// A daemon whose events another process takes over ends, and says what to do.
func TestWayOut(t *testing.T) {
	err := outsidef(wayOut(store.ErrTakenOver), "cannot run events any more: %w", store.ErrTakenOver)
	log := &safeBuffer{}
	c := &console{out: log, err: log, width: defaultWidth}
	if code := c.exit(err); code != exitOutside || !strings.Contains(log.String(), "stop one of the two") {
		t.Errorf("exit code %d: %s", code, log)
	}
	for _, err := range []error{store.ErrCorrupt, store.ErrFull, store.ErrUnavailable} {
		if wayOut(err) == "" {
			t.Errorf("%v has no way out", err)
		}
	}
	if help := wayOut(errors.New("cannot serve any more")); help != "" {
		t.Errorf("of a port: %s", help)
	}
}
