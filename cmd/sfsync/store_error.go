package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sfsync/sfsync/store"
)

// storeError says why the store in a directory cannot be opened, and what to do
// about just that.
func storeError(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrInUse):
		return &exitError{code: exitOutside, message: "another sfsync has the store in " + dir + " open", help: "wait until it has ended, or give another --store", cause: err}
	case errors.Is(err, store.ErrCorrupt):
		return outsidef("", "the store in %s cannot be used: %w", dir, err)
	}
	path := dir
	if at := new(fs.PathError); errors.As(err, &at) {
		path = at.Path
	}
	var message, help string
	switch {
	case errors.Is(err, syscall.EROFS):
		message = fmt.Sprintf("%s is on a file system that is mounted read-only", path)
		help = "give a --store on a disk that takes writes, or mount that one for writing"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist), isFile(dir):
		message = fmt.Sprintf("%s is a file, where a directory is needed", fileOn(path))
		help = "--store takes a directory; sfsync makes it if it is not there"
	case errors.Is(err, syscall.EISDIR):
		message = fmt.Sprintf("%s is a directory, where a file is needed", path)
		help = "move it away, or give another --store"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		message = fmt.Sprintf("there is no room for %s on its disk", path)
		help = "make room, or give a --store on another disk"
	case errors.Is(err, fs.ErrPermission):
		message, help = denied(path)
	default:
		return outsidef("", "the store in %s cannot be used: %w", dir, err)
	}
	return &exitError{code: exitOutside, message: message, help: help, cause: err}
}

// wayOut is what to do when a daemon's store has failed under it, "" if that is not
// what an error tells of.
func wayOut(err error) string {
	switch {
	case errors.Is(err, store.ErrTakenOver):
		return "nothing is lost; see which other sfsync runs the events of this store, and stop one of the two"
	case errors.Is(err, store.ErrCorrupt):
		return "stop here, and restore the store from a copy, or give another --store"
	case errors.Is(err, store.ErrFull):
		return "raise --store-limit or make room on the disk, and start again; what was acknowledged is kept"
	case errors.Is(err, store.ErrUnavailable):
		return "look at the disk, and start again; what was acknowledged is kept"
	}
	return ""
}

// denied says what of a path this user may not touch, and how that is changed.
func denied(path string) (message, help string) {
	help = "run sfsync as the user who owns it, or give another --store"
	switch info, err := os.Stat(path); {
	case err != nil:
		dir := filepath.Dir(path)
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Sprintf("the user %s may not look into the directory %s", userName(), dir), help
		}
		return fmt.Sprintf("the user %s may not make files in %s", userName(), dir), help
	case info.IsDir():
		return fmt.Sprintf("the user %s may not use the directory %s, which has the mode %v", userName(), path, info.Mode().Perm()), help
	default:
		return fmt.Sprintf("the user %s may not read and write %s, which has the mode %v", userName(), path, info.Mode().Perm()), help
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// fileOn is the part of a path that is a file, though something is looked for in it.
func fileOn(path string) string {
	for at := path; ; at = filepath.Dir(at) {
		if isFile(at) || at == filepath.Dir(at) {
			return at
		}
	}
}
