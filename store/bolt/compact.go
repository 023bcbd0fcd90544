package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// Compact writes events.db anew without the room that a burst has left in it,
// and takes the new file's place. Reading goes on meanwhile; writing waits, some
// seconds for each gigabyte that is really in use.
func (s *Store) Compact(ctx context.Context) error {
	return s.toQueue.do(ctx, &request{alone: func() error {
		err := s.events.compact()
		if s.events.db == nil {
			return s.toQueue.fail(err)
		}
		return err
	}})
}

// compact copies the file beside itself and renames the copy. Until the rename
// the old file is whole. db is nil if it could not be opened again. Only the
// committer may call it, since nothing may be written between copying and renaming.
func (f *file) compact() error {
	path := f.path + ".compact"
	if err := f.copyTo(path); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.replaceWith(path)
}

// copyTo writes what is in use into a new file.
func (f *file) copyTo(path string) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	os.Remove(path) // of a compaction that a crash cut short
	copied, err := bbolt.Open(path, 0o600, &bbolt.Options{
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
		NoSync: true, // once, at the end
	})
	if err != nil {
		return fmt.Errorf("%w: cannot make room for a compacted copy: %w", store.ErrUnavailable, err)
	}
	err = guard(func() error { return bbolt.Compact(copied, f.db, batchBytes) })
	if err == nil {
		err = copied.Sync()
	}
	if closeErr := copied.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(path)
		if isFull(err) {
			return fmt.Errorf("%w: no room for a compacted copy of %s: %w", store.ErrFull, f.path, err)
		}
		return fmt.Errorf("%w: cannot compact %s: %w", store.ErrUnavailable, f.path, err)
	}
	return nil
}

// replaceWith puts the copy in the file's place. The lock must be held.
func (f *file) replaceWith(path string) error {
	// Windows renames no open file.
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("%w: cannot close %s: %w", store.ErrUnavailable, f.path, err)
	}
	f.db = nil
	err := os.Rename(path, f.path)
	if err == nil {
		err = syncDir(filepath.Dir(f.path))
	}
	if openErr := f.open(); openErr != nil {
		return openErr
	}
	if err != nil {
		return fmt.Errorf("%w: cannot put the compacted copy of %s in its place: %w", store.ErrUnavailable, f.path, err)
	}
	return nil
}

// syncDir makes a rename outlast a power cut: with the old name back, all that
// was committed since would be gone. Windows has no such call, nor the need.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
