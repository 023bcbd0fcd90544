package main

import (
	"io"
	"os"
	"path/filepath"
)

// eachEventFile opens files of events, those in directories, and standard input for
// "-", one after the other.
func (c *console) eachEventFile(paths []string, do func(name string, r io.Reader) error) error {
	for _, path := range paths {
		if path == "-" {
			if err := do(stdinName, c.in); err != nil {
				return err
			}
			continue
		}
		files, err := eventFiles(path)
		if err != nil {
			return err
		}
		for _, name := range files {
			if err := openEvents(name, do); err != nil {
				return err
			}
		}
	}
	return nil
}

func openEvents(path string, do func(name string, r io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return outsidef("", "cannot read %s: %s", path, reason(err))
	}
	defer f.Close()
	return do(filepath.ToSlash(path), f)
}

// eventFiles returns the file of that name, or the event files in a directory.
func eventFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	var files []string
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".json", ".jsonl", ".ndjson":
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}
