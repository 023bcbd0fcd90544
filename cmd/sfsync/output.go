package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file so that it is there as it was or as it shall be, and
// nothing between, even when the program is killed. It keeps the mode of a file that
// is there, and a symbolic link to it.
func replaceFile(path string, data []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o644)
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return cannotWrite(path, os.WriteFile(path, data, mode)) // a pipe or a device
	case err == nil:
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return cannotWrite(path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return cannotWrite(path, err)
}

func cannotWrite(path string, err error) error {
	var at *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return outsidef("", "cannot write %s: it may not be written", path)
	case errors.As(err, &at):
		return outsidef("", "cannot write %s: %w", path, at.Err)
	}
	return outsidef("", "cannot write %s: %w", path, err)
}
