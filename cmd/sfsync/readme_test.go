package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fence finds the blocks of a Markdown text with their language.
var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// indented finds the commands of a Markdown text that stand indented.
var indented = regexp.MustCompile(`(?m)^    go run \./cmd/sfsync ((?:.*\\\n)*.*)$`)

// blocks returns the blocks of a language in a Markdown file.
func blocks(t *testing.T, file, language string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no block of %s", file, language)
	}
	return out
}

// The rules in the documentation hold against the schema of the examples.
func TestDocumentedRules(t *testing.T) {
	t.Chdir("../..")
	for _, block := range blocks(t, "README.md", "sfsync") {
		out, code := call(t, block, "check", "-", "--schema", "examples/survey/schema", "--strict")
		if code != 0 {
			t.Error(out)
		}
	}
}

// The event in the README is one that the example rules run on.
func TestDocumentedEvent(t *testing.T) {
	t.Chdir("../..")
	for _, block := range blocks(t, "README.md", "json") {
		if !json.Valid([]byte(block)) {
			t.Errorf("no JSON: %s", block)
		}
		out, code := call(t, block, "run", "examples/survey", "--events", "-", "--dry-run")
		if code != 0 || !strings.Contains(out, "update Contact where Id = 0035g00000Ct001AAB") {
			t.Error(out)
		}
	}
}

// The commands in the documentation do what it says.
func TestDocumentedCommands(t *testing.T) {
	t.Chdir("../..")
	t.Setenv(homeVariable, t.TempDir())
	var commands []string
	for _, block := range blocks(t, "README.md", "sh") {
		for line := range strings.Lines(block) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "go run ./cmd/")
			if strings.HasPrefix(line, "sfsync ") {
				commands = append(commands, line)
			}
		}
	}
	text, err := os.ReadFile("examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range indented.FindAllStringSubmatch(string(text), -1) {
		line, _, _ := strings.Cut(strings.ReplaceAll(m[1], "\\\n", ""), "#")
		commands = append(commands, "sfsync "+line)
	}
	if len(commands) < 8 {
		t.Fatalf("only %d commands were found", len(commands))
	}
	for _, command := range commands {
		args := strings.Fields(command)[1:]
		want := 0
		switch {
		case args[0] == "org":
			continue // runs until it is interrupted; a script tries it
		case args[0] == "demo" && testing.Short():
			continue
		case strings.Contains(command, "examples/broken"):
			want = exitProblem
		}
		if out, code := call(t, "", args...); code != want {
			t.Errorf("%s: exit code %d\n%s", command, code, out)
		}
	}
}

// Files and folders that the documentation names are there.
func TestDocumentedLinks(t *testing.T) {
	t.Chdir("../..")
	link := regexp.MustCompile(`\]\(([^):]+)\)`)
	for _, file := range []string{"README.md", "examples/README.md", "CONTRIBUTING.md", "cmd/sfsync/OPERATING.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
}
