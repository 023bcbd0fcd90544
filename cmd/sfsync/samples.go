package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/intake"
)

// maxSamples bounds how many sample events a check looks at.
const maxSamples = 10_000

// eventProblem is an event that cannot be used, with its place.
type eventProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
	Help    string `json:"help,omitempty"`
}

func (p eventProblem) String() string {
	s := fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	if p.Help != "" {
		s += " (" + p.Help + ")"
	}
	return s
}

// problemOf turns an error of reading an event into its problem; ok is false for an
// error of the stream itself.
func problemOf(file string, line int, err error) (p eventProblem, ok bool) {
	var broken *intake.Error
	var unfit *plan.EventError
	switch {
	case errors.As(err, &broken):
		return eventProblem{file, broken.Line, broken.Message, broken.Help}, true
	case errors.As(err, &unfit):
		return eventProblem{file, line, unfit.Message, unfit.Help}, true
	}
	return p, false
}

// addSamples reads sample events: those of the paths given, or else of the directory
// `events` beside each rule file.
func (s *ruleSet) addSamples(paths []string) ([]eventProblem, error) {
	if paths == nil {
		for _, src := range s.sources {
			if dir := beside(src, "events"); dir != "" && !slices.Contains(paths, dir) {
				paths = append(paths, dir)
			}
		}
	}
	var problems []eventProblem
	for _, path := range paths {
		files, err := eventFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			found, err := s.addSampleFile(file)
			if err != nil {
				return nil, err
			}
			problems = append(problems, found...)
		}
	}
	return problems, nil
}

func (s *ruleSet) addSampleFile(path string) ([]eventProblem, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	defer f.Close()
	var problems []eventProblem
	for event, err := range intake.Read(f) {
		if err == nil {
			_, err = plan.ReadEvent(event.Text)
		}
		if err != nil {
			p, ok := problemOf(filepath.ToSlash(path), event.Line, err)
			if !ok {
				return nil, outsidef("", "cannot read %s: %s", path, reason(errors.Unwrap(err)))
			}
			problems = append(problems, p)
			continue
		}
		if s.samples = append(s.samples, event.Text); len(s.samples) == maxSamples {
			break
		}
	}
	return problems, nil
}
