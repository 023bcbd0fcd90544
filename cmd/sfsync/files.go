package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// replaceFile writes a file so that it is there as it was or as it shall be, and
// nothing between, even when the program is killed. It keeps the mode of a file that
// is there, and a symbolic link to it, and leaves a read-only file alone.
func replaceFile(path string, data []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o644)
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return cannotWrite(path, os.WriteFile(path, data, mode)) // a pipe or a device
	case err == nil && info.Mode().Perm()&0o200 == 0:
		return cannotWrite(path, fs.ErrPermission) // its owner wants it to stay as it is
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

// writeNew writes a file that must not be there yet, with its directory.
func writeNew(path, text string) error {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return cannotWrite(path, err)
	}
	_, err = f.WriteString(text)
	return cannotWrite(path, errors.Join(err, f.Close()))
}

func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return outsidef("", "cannot make the directory %s: %s", path, reason(err))
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil // with which some editors begin a file
}

// parseJSON reads what a person has written as JSON. The error says in words what is
// wrong with it.
func parseJSON(data []byte, into any) error {
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(into); err != nil {
		return errors.New(jsonReason(data, err))
	}
	if _, behind := in.Token(); !errors.Is(behind, io.EOF) {
		return errors.New("something stands behind the end of the JSON")
	}
	return nil
}

// jsonReason says in words what is wrong with JSON.
func jsonReason(data []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return "there is nothing in it"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "this is not JSON: it ends before every bracket and quote is closed"
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(data)):
		return "this is not JSON: it ends before every bracket and quote is closed"
	case errors.As(err, &syntax):
		return "line " + lineAt(data, syntax.Offset) + ": this is not JSON"
	case errors.As(err, &kind) && kind.Field != "":
		return "line " + lineAt(data, kind.Offset) + ": `" + kind.Field + "` takes no " + kind.Value
	case errors.As(err, &kind):
		return "line " + lineAt(data, kind.Offset) + ": there is " + withArticle(kind.Value) + ", which does not go there"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

func withArticle(noun string) string {
	if noun != "" && strings.Contains("aeiou", noun[:1]) {
		return "an " + noun
	}
	return "a " + noun
}

// lineAt is the line of an offset into a text.
func lineAt(data []byte, offset int64) string {
	return strconv.Itoa(1 + bytes.Count(data[:min(max(offset-1, 0), int64(len(data)))], []byte("\n")))
}
