package main

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long rule files must be left alone before they are read: editors
// and deployments write several times.
const settle = 200 * time.Millisecond

// lookAround is how often directories are looked for that stand where watched ones
// stood: nothing tells of a directory that was moved here, or that a link leads to now.
const lookAround = time.Second

// ruleWatcher tells when rule files change. It watches directories and not files,
// since editors put a new file in the place of the old one and a Kubernetes
// ConfigMap swaps a link.
type ruleWatcher struct {
	paths   []string // as the command was given them
	logger  *slog.Logger
	watcher *fsnotify.Watcher
	watched map[string]fs.FileInfo // directories, as they were then
	also    func(name string) bool // other files that concern the rules; may be nil
}

func newRuleWatcher(paths []string, logger *slog.Logger) (*ruleWatcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	out := &ruleWatcher{paths: paths, logger: logger, watcher: w, watched: map[string]fs.FileInfo{}}
	_, err = out.addAll()
	return out, err
}

// addAll watches the directories that there are now, and reports whether one of them is
// new.
func (w *ruleWatcher) addAll() (added bool, err error) {
	add := func(dir string) error {
		fresh, err := w.add(dir)
		added = added || fresh
		return err
	}
	for _, path := range w.paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // reading the rules says so
		}
		if !info.IsDir() {
			if err := add(filepath.Dir(path)); err != nil {
				return added, err
			}
			// A link is followed: what it leads to may change, too.
			if real, err := filepath.EvalSymlinks(path); err == nil {
				if err := add(filepath.Dir(real)); err != nil {
					return added, err
				}
			}
			continue
		}
		err = walkRules(path, func(name string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return nil
			}
			return add(name)
		})
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

// add watches a directory, unless it is watched already.
func (w *ruleWatcher) add(dir string) (fresh bool, err error) {
	dir = filepath.Clean(dir)
	info, err := os.Stat(dir)
	if err != nil {
		return false, nil // it has just gone
	}
	if was := w.watched[dir]; was != nil {
		if os.SameFile(was, info) {
			return false, nil
		}
		w.watcher.Remove(dir) // what stood here before
	}
	if err := w.watcher.Add(dir); err != nil {
		return false, err
	}
	w.watched[dir] = info
	return true, nil
}

// concerns reports whether an event may have changed the rules, and not only what
// lies beside them.
func (w *ruleWatcher) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	name := filepath.Clean(e.Name)
	if filepath.Ext(name) == ruleExtension || filepath.Base(name) == "..data" || w.also != nil && w.also(name) {
		return true
	}
	if w.watched[name] != nil || slices.ContainsFunc(w.paths, func(p string) bool { return filepath.Clean(p) == name }) {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.IsDir() && e.Has(fsnotify.Create)
}

// run calls changed, once a burst of changes, until ctx ends.
func (w *ruleWatcher) run(ctx context.Context, changed func()) {
	defer w.watcher.Close()
	quiet := time.NewTimer(0) // for what changed between reading the rules and watching them
	defer quiet.Stop()
	around := time.NewTicker(lookAround)
	defer around.Stop()
	said := ""
	addAll := func() (added bool) {
		added, err := w.addAll()
		if err == nil {
			said = ""
		} else if err.Error() != said {
			said = err.Error()
			w.logger.Warn("cannot watch a directory of rules; SIGHUP reloads them", "error", err)
		}
		return added
	}
	for {
		select {
		case e := <-w.watcher.Events:
			if !w.concerns(e) {
				continue
			}
			if e.Has(fsnotify.Remove | fsnotify.Rename) {
				delete(w.watched, filepath.Clean(e.Name)) // a directory that comes back is a new one
			}
			quiet.Reset(settle)
		case err := <-w.watcher.Errors:
			// Such as a queue that ran over: some change may have been missed.
			w.logger.Warn("watching the rules is disturbed", "error", err)
			quiet.Reset(settle)
		case <-around.C:
			if addAll() {
				quiet.Reset(settle)
			}
		case <-quiet.C:
			addAll()
			changed()
		case <-ctx.Done():
			return
		}
	}
}
