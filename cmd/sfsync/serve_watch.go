package main

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long rule files must be left alone before they are read: editors
// and deployments write several times.
const settle = 200 * time.Millisecond

// ruleWatcher tells when rule files change. It watches directories and not files,
// since editors put a new file in the place of the old one and a Kubernetes
// ConfigMap swaps a link.
type ruleWatcher struct {
	paths   []string // as the command was given them
	logger  *slog.Logger
	watcher *fsnotify.Watcher
	watched map[string]bool
	also    func(name string) bool // other files that concern the rules; may be nil
}

func newRuleWatcher(paths []string, logger *slog.Logger) (*ruleWatcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	out := &ruleWatcher{paths: paths, logger: logger, watcher: w, watched: map[string]bool{}}
	return out, out.addAll()
}

// addAll watches the directories that there are now.
func (w *ruleWatcher) addAll() error {
	for _, path := range w.paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // reading the rules says so
		}
		if !info.IsDir() {
			if err := w.add(filepath.Dir(path)); err != nil {
				return err
			}
			// A link is followed: what it leads to may change, too.
			if real, err := filepath.EvalSymlinks(path); err == nil {
				if err := w.add(filepath.Dir(real)); err != nil {
					return err
				}
			}
			continue
		}
		err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil || !e.IsDir():
				return nil
			case name != path && strings.HasPrefix(e.Name(), "."):
				return fs.SkipDir
			}
			return w.add(name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *ruleWatcher) add(dir string) error {
	dir = filepath.Clean(dir)
	if w.watched[dir] {
		return nil
	}
	if err := w.watcher.Add(dir); err != nil {
		return err
	}
	w.watched[dir] = true
	return nil
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
	if w.watched[name] || slices.ContainsFunc(w.paths, func(p string) bool { return filepath.Clean(p) == name }) {
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
		case <-quiet.C:
			if err := w.addAll(); err != nil {
				w.logger.Warn("cannot watch a directory of rules; SIGHUP reloads them", "error", err)
			}
			changed()
		case <-ctx.Done():
			return
		}
	}
}
