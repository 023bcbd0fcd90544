package main

import (
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/sfsync/sfsync/dsl"
)

// maxFixRounds bounds how often rules are checked again after fixes, since a fix may
// lay something open that has a fix of its own.
const maxFixRounds = 10

// fixedFinding is a finding that a fix mended.
type fixedFinding struct {
	File    string   `json:"file"`
	Line    int      `json:"line"` // at the time when it was mended
	Code    dsl.Code `json:"code"`
	Message string   `json:"message"`
	Fix     string   `json:"fix"`
}

// fixedFile is a file that fixes change.
type fixedFile struct{ path, before, after string }

// fix applies the safe fixes to the rules in memory and compiles what comes of it.
func (s *ruleSet) fix() (fixed []fixedFinding, files []fixedFile) {
	before := map[string]string{}
	for range maxFixRounds {
		s.compile()
		changed := false
		for i, src := range s.sources {
			text, mended := dsl.ApplyFixes(src, s.diagnostics)
			if len(mended) == 0 {
				continue
			}
			for _, d := range mended {
				f := fixedFinding{File: src.Path, Line: src.Position(d.From).Line, Code: d.Code, Message: d.Message}
				for _, fix := range d.Fixes {
					if fix.Safe {
						f.Fix = fix.Title
						break
					}
				}
				fixed = append(fixed, f)
			}
			if _, ok := before[src.Path]; !ok {
				before[src.Path] = src.Text
			}
			s.sources[i], changed = dsl.NewSource(src.Path, []byte(text)), true
		}
		if !changed {
			break
		}
		s.files, s.diagnostics, s.plan = nil, nil, nil
	}
	s.compile()
	for _, src := range s.sources {
		if was, ok := before[src.Path]; ok && was != src.Text {
			files = append(files, fixedFile{src.Path, was, src.Text})
		}
	}
	return fixed, files
}

// write replaces the file.
func (f fixedFile) write() error {
	return replaceFile(filepath.FromSlash(f.path), []byte(f.after))
}

func (f fixedFile) diff() string { return unifiedDiff(f.path, f.before, f.after) }

// unifiedDiff says how a file would change, as `patch` reads it.
func unifiedDiff(path, before, after string) string {
	return string(diff.Diff(path+".orig", []byte(before), path, []byte(after)))
}
