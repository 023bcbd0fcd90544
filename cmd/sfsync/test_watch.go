package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"
)

// watch runs the tests now and whenever something changes that they depend on, until
// the user has had enough. What was printed stays.
func (t *tester) watch(ctx *cli.Context) error {
	c := t.console
	w, err := newRuleWatcher(t.watched(ctx), slog.New(slog.NewTextHandler(c.err, nil)))
	if err != nil {
		return outsidef("run sfsync test without --watch", "cannot watch the files: %w", err)
	}
	w.also = func(name string) bool {
		return slices.Contains([]string{".json", ".jsonl", ".ndjson"}, filepath.Ext(name))
	}
	w.run(ctx.Context, func() {
		if _, err := w.addAll(); err != nil {
			fmt.Fprintf(c.err, "%s cannot watch a directory: %v\n", c.errStyle.yellow("note:"), err)
		}
		var said *exitError
		if err := t.once(ctx); err != nil && ctx.Err() == nil && (!errors.As(err, &said) || said.message != "") {
			c.exit(err)
		}
		fmt.Fprintf(c.out, "%s\n", c.style.dim(time.Now().Format("15:04:05")+"  watching; Ctrl-C ends"))
	})
	return nil
}

// watched is what the tests depend on: the rules, and what lies beside them.
func (t *tester) watched(ctx *cli.Context) []string {
	paths := slices.Clone(t.paths)
	if dir := ctx.String("schema"); dir != "" {
		paths = append(paths, dir)
	}
	for _, path := range t.paths {
		files, err := ruleFiles(path)
		if err != nil {
			continue // reading them says so
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			for _, name := range []string{"events", "schema", "org"} {
				if beside := filepath.Join(dir, name); !slices.Contains(paths, beside) {
					paths = append(paths, beside)
				}
			}
		}
	}
	return paths
}
