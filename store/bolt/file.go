package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// format is the version of both files. A file of a later one is refused.
const format = 1

// lockWait is how long Open waits for another process to let go, which is
// enough for one that is just closing.
const lockWait = 500 * time.Millisecond

var (
	metaBucket = []byte("meta")
	formatKey  = []byte("format")
)

// file is one bbolt file. The lock is for compaction, which swaps db: everyone
// else only shares it.
type file struct {
	path     string
	readOnly bool

	mu sync.RWMutex
	db *bbolt.DB // nil once closed
}

func openFile(path string, readOnly bool, buckets ...[]byte) (*file, error) {
	f := &file{path: path, readOnly: readOnly}
	info, err := os.Stat(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, openError(path, err)
	case err == nil && info.IsDir():
		return nil, openError(path, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR})
	case err == nil && info.Size() > 0:
		if err := verify(path, !readOnly); err != nil {
			return nil, err
		}
	case readOnly:
		return nil, fmt.Errorf("cannot open %s: %w", path, store.ErrNotFound)
	}
	if err := f.open(); err != nil {
		return nil, err
	}
	if err := f.prepare(buckets); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *file) open() error {
	o := &bbolt.Options{
		Timeout:  lockWait,
		ReadOnly: f.readOnly,
		// A synced freelist is rewritten whole by every commit: after a burst
		// of a million events that is megabytes a commit, for ever.
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
	}
	// Address space only, and it spares remaps, which wait for readers. Windows
	// would make the file that long.
	if bits.UintSize == 64 && runtime.GOOS != "windows" {
		o.InitialMmapSize = 1 << 30
	}
	var db *bbolt.DB
	err := guard(func() (err error) {
		db, err = bbolt.Open(f.path, 0o600, o)
		return err
	})
	if err != nil {
		return openError(f.path, err)
	}
	f.db = db
	return nil
}

// prepare writes the format and the buckets into a new file, and refuses one
// that a later sfsync wrote.
func (f *file) prepare(buckets [][]byte) error {
	var found uint64
	err := f.view(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(metaBucket); b != nil {
			found, _ = binary.Uvarint(b.Get(formatKey))
		} else if tx.Cursor().Bucket().Stats().KeyN+tx.Cursor().Bucket().Stats().BucketN > 1 {
			return fmt.Errorf("%w: %s is a bbolt file of another program", store.ErrCorrupt, f.path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if found > format {
		return fmt.Errorf("%w: %s has format %d, written by a later sfsync; this one reads up to %d", store.ErrUnavailable, f.path, found, format)
	}
	if found == format || f.readOnly {
		return nil
	}
	return guard(func() error {
		return f.db.Update(func(tx *bbolt.Tx) error {
			for _, name := range append(buckets, metaBucket) {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			return tx.Bucket(metaBucket).Put(formatKey, binary.AppendUvarint(nil, format))
		})
	})
}

// verify looks at a file before it is opened. For writing, the whole tree is read
// once: bbolt walks it then as well, but in a goroutine of its own, where damage would
// end the process. For reading nobody walks it, and what is damaged shows when it is
// read, so only its length is compared.
func verify(path string, whole bool) error {
	err := guard(func() error {
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return db.View(func(tx *bbolt.Tx) error {
			if info.Size() < tx.Size() {
				return fmt.Errorf("%w: it should have %d bytes and has %d", store.ErrCorrupt, tx.Size(), info.Size())
			}
			if !whole {
				return nil
			}
			return walk(tx.Cursor().Bucket())
		})
	})
	// Of a file that the system can read, bbolt's complaints are about its content.
	var system syscall.Errno
	if err != nil && !errors.As(err, &system) && !errors.Is(err, berrors.ErrTimeout) && !errors.Is(err, store.ErrCorrupt) {
		err = fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return openError(path, err)
}

// walk reads a bucket whole. Keys out of order tell of a damaged page whose head is sound.
func walk(b *bbolt.Bucket) error {
	var before []byte
	return b.ForEach(func(k, v []byte) error {
		if before != nil && bytes.Compare(before, k) >= 0 {
			return fmt.Errorf("%w: its keys are out of order", store.ErrCorrupt)
		}
		before = k
		if v == nil {
			return walk(b.Bucket(k))
		}
		return nil
	})
}

// openError says what is the matter in words that name the way out.
func openError(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%w: another sfsync has %s open", store.ErrInUse, dir)
	case errors.Is(err, store.ErrCorrupt):
		return fmt.Errorf("cannot open %s, restore it from a copy or move it away: %w", path, err)
	default:
		return fmt.Errorf("%w: cannot open %s: %w", store.ErrUnavailable, path, err)
	}
}

// view runs fn in a read transaction. fn must not wait for anything: the pages
// it can see are not reused meanwhile, and a growing file waits for it.
func (f *file) view(fn func(tx *bbolt.Tx) error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.db == nil {
		return store.ErrClosed
	}
	return guard(func() error { return f.db.View(fn) })
}

// guard turns the panics by which bbolt reports damaged pages, and the memory
// faults of a file that was cut short, into ErrCorrupt.
func guard(fn func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", store.ErrCorrupt, r)
		}
	}()
	return fn()
}

// usage returns the bytes that hold something, and the bytes of the file.
func (f *file) usage() (used, size int64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.db == nil {
		return 0, 0
	}
	if info, err := os.Stat(f.path); err == nil {
		size = info.Size()
	}
	f.db.View(func(tx *bbolt.Tx) error {
		used = usedBy(tx)
		return nil
	})
	return used, size
}

// usedBy returns the bytes of the pages that are not free.
func usedBy(tx *bbolt.Tx) int64 {
	stats := tx.DB().Stats()
	free := int64(stats.FreePageN + stats.PendingPageN)
	return tx.Size() - free*int64(tx.DB().Info().PageSize)
}

func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db == nil {
		return nil
	}
	db := f.db
	f.db = nil
	return db.Close()
}

// isFull reports whether a commit failed for want of room, which leaves the
// file as it was.
func isFull(err error) bool {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} { // disk, quota, limit of a process
		// When the file cannot grow, bbolt gives the reason as text only.
		if errors.Is(err, full) || err != nil && strings.HasPrefix(err.Error(), "file resize error: ") && strings.HasSuffix(err.Error(), full.Error()) {
			return true
		}
	}
	// ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL
	return runtime.GOOS == "windows" && (errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112)))
}
