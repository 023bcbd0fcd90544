package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// isRevision reports whether an argument is REVISION:PATH, and no file.
func isRevision(name string) bool {
	revision, _, ok := strings.Cut(name, ":")
	if !ok || len(revision) < 2 || strings.HasPrefix(revision, "-") { // C:\rules is a file
		return false
	}
	_, err := os.Stat(name)
	return err != nil
}

// maxRevisionFiles bounds how many rule files are read of a revision.
const maxRevisionFiles = 10_000

// revisionRules reads the rule file, or those below the directory, that git has as
// REVISION:PATH.
func revisionRules(ctx context.Context, name string) ([]*dsl.Source, error) {
	kind, err := git(ctx, name, "cat-file", "-t", name)
	if err != nil {
		return nil, err
	}
	files := []string{name}
	if strings.TrimSpace(string(kind)) == "tree" {
		listed, err := git(ctx, name, "ls-tree", "-r", "-z", "--full-tree", "--name-only", name)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, file := range strings.Split(string(listed), "\x00") {
			if path.Ext(file) == ruleExtension {
				files = append(files, strings.TrimSuffix(name, "/")+slashUnlessRoot(name)+file)
			}
		}
	}
	switch {
	case len(files) == 0:
		return nil, usagef("", "there are no rule files (*%s) in %s", ruleExtension, name)
	case len(files) > maxRevisionFiles:
		return nil, usagef("", "there are more than %d rule files in %s", maxRevisionFiles, name)
	}
	var sources []*dsl.Source
	for _, file := range files {
		text, err := git(ctx, file, "cat-file", "blob", file)
		if err != nil {
			return nil, err
		}
		sources = append(sources, dsl.NewSource(file, text))
	}
	return sources, nil
}

// slashUnlessRoot is what stands between a directory of a revision and a file in it.
func slashUnlessRoot(name string) string {
	if strings.HasSuffix(name, ":") {
		return ""
	}
	return "/"
}

// git runs git and returns what it prints, up to the size of a rule file or a list of them.
func git(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, outsidef("", "cannot read %s: there is no such file, and git, which could know it, is not installed", name)
	}
	if err != nil {
		return nil, outsidef("", "cannot run git: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(out, dsl.MaxSize+1))
	io.Copy(io.Discard, out)
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	if err != nil {
		why, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(said.String()), "fatal: "), "\n")
		return nil, outsidef("a path in git begins at the top of the repository, or here with `./`: main:./rules", "cannot read %s: there is no such file, and git says: %s", name, why)
	}
	return text, nil
}
