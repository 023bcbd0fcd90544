package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// The variables of the environment by which a store gets its key.
const (
	KeyVariable      = "SFSYNC_KEY"
	NextKeyVariable  = "SFSYNC_KEY_NEW"   // the key that a rotation changes to
	KeyPlaceVariable = "SFSYNC_KEY_PLACE" // what programs take for [Options].Key
)

// KeyAdvice is what to do about [ErrWrongKey] and [ErrNoKey].
const KeyAdvice = "give the key by " + KeyVariable + ", or say with " + KeyPlaceVariable + " where it is; " +
	"if it is lost, remove all connections and add them again, which makes a new key"

// The places of a key.
const (
	placeEnv  = "env"
	placeFile = "file"
	placeRing = "keyring"
)

const (
	keyFile = "sfsync.key"
	// unfinishedKeys are files that become keys once they are whole.
	unfinishedKeys = ".sfsync-key-*"

	ringService = "sfsync"
	nextSuffix  = ".new"
	// ringTimeout is how long the key ring may take. It may ask the user to unlock it.
	ringTimeout = time.Minute
	maxKeyText  = 1 << 10
)

// place is where the key of a store lies. A key that a rotation changes to lies beside
// it until it takes its place.
type place struct {
	kind string
	name string // of the variable, file or entry of the key ring
}

var errNoKeyHere = errors.New("there is no key")

func (p place) String() string {
	switch p.kind {
	case placeEnv:
		return "the environment variable " + p.name
	case placeFile:
		return "the file " + p.name
	}
	return "the key ring of the operating system"
}

// parsePlace reads a setting: env, file, file:PATH or keyring.
func parsePlace(setting, dir string) (place, error) {
	kind, path, _ := strings.Cut(setting, ":")
	switch {
	case kind == placeEnv && path == "":
		return place{placeEnv, KeyVariable}, nil
	case kind == placeFile && path != "":
		return place{placeFile, path}, nil
	case setting == placeFile:
		return place{placeFile, filepath.Join(dir, keyFile)}, nil
	case kind == placeRing && path == "":
		full, err := filepath.Abs(dir)
		if err != nil {
			full = dir
		}
		return place{placeRing, full}, nil
	}
	return place{}, fmt.Errorf("%q is %w: env, file, file:PATH or keyring", setting, ErrNoPlace)
}

// next is where the key lies that is to take this place.
func (p place) next() place {
	if p.kind == placeEnv {
		return place{placeEnv, NextKeyVariable}
	}
	return place{p.kind, p.name + nextSuffix}
}

// read returns the key, or errNoKeyHere.
func (p place) read() (key, error) {
	var text string
	var err error
	switch p.kind {
	case placeEnv:
		text = os.Getenv(p.name)
	case placeFile:
		text, err = readKeyFile(p.name)
	case placeRing:
		text, err = ring(func() (string, error) { return keyring.Get(ringService, p.name) })
	}
	if err != nil {
		return key{}, err
	}
	if text == "" {
		return key{}, errNoKeyHere
	}
	k, err := parseKey(text)
	if err != nil {
		return key{}, fmt.Errorf("what %s holds %w", p, err)
	}
	return k, nil
}

func readKeyFile(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("cannot read the key: %w", err)
	}
	// Windows has no such modes; the store's directory is the user's own there.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return "", fmt.Errorf("others can read the key in %s (mode %04o): chmod 600 %s, and rotate the key if they may have", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyText))
	if err != nil {
		return "", fmt.Errorf("cannot read the key: %w", err)
	}
	if len(text) == 0 {
		return "", fmt.Errorf("the key in %s is empty: put it back from a copy", path)
	}
	return string(text), nil
}

// write puts a key where there is none yet.
func (p place) write(k key) error {
	switch p.kind {
	case placeFile:
		return writeKeyFile(p.name, k.text())
	case placeRing:
		_, err := ring(func() (string, error) { return "", keyring.Set(ringService, p.name, k.text()) })
		return err
	}
	return fmt.Errorf("%s must be set: openssl rand -base64 32 prints a key", p.name)
}

// generate puts a new key where there is none. If another process was faster, it is that
// one's.
func (p place) generate() (key, error) {
	k := newKey()
	err := p.write(k)
	if errors.Is(err, fs.ErrExist) {
		return p.read()
	}
	return k, err
}

// writeKeyFile writes a file whole or not at all, and replaces none.
func writeKeyFile(path, text string) error {
	fail := func(err error) error { return fmt.Errorf("cannot write the key: %w", err) }
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), unfinishedKeys) // mode 0600
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text + "\n")
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Link(f.Name(), path)
		if _, missing := os.Lstat(path); err != nil && errors.Is(missing, fs.ErrNotExist) {
			// A file system without links.
			err = os.Rename(f.Name(), path)
		}
	}
	if err != nil {
		return fail(err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// promote puts the next key in place of this one.
func (p place) promote(k key) error {
	switch p.kind {
	case placeFile:
		if err := os.Rename(p.next().name, p.name); err != nil {
			return fmt.Errorf("cannot put the new key in place: %w", err)
		}
		// Copies of keys that processes left which were killed while they wrote them.
		left, _ := filepath.Glob(filepath.Join(filepath.Dir(p.name), unfinishedKeys))
		for _, path := range left {
			_ = os.Remove(path)
		}
		syncDir(filepath.Dir(p.name))
	case placeRing:
		if err := p.write(k); err != nil {
			return err
		}
		p.next().remove()
	}
	return nil
}

// remove forgets a key that opens nothing any more.
func (p place) remove() {
	switch p.kind {
	case placeFile:
		_ = os.Remove(p.name)
	case placeRing:
		_, _ = ring(func() (string, error) { return "", keyring.Delete(ringService, p.name) })
	}
}

// syncDir makes a name durable. Where a directory cannot be synced, the system does so
// in its own time.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

var errNoRing = errors.New("the key ring of the operating system cannot be reached from here")

// ring asks the key ring. An entry that is not there is an empty text.
func ring(ask func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := ask()
		done <- answer{text, err}
	}()
	timer := time.NewTimer(ringTimeout)
	defer timer.Stop()
	select {
	case a := <-done:
		switch {
		case errors.Is(a.err, keyring.ErrNotFound):
			return "", nil
		case a.err != nil:
			return "", fmt.Errorf("%w: %w", errNoRing, a.err)
		}
		return a.text, nil
	case <-timer.C:
		return "", fmt.Errorf("%w: it did not answer", errNoRing)
	}
}

// ringLikely is false where asking for the key ring would start a session bus that
// nobody uses: on a server.
func ringLikely() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	return os.Getenv("DBUS_SESSION_BUS_ADDRESS") != ""
}
