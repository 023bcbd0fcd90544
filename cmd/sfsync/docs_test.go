package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// documents are what is written for people, from the root of the repository.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "dsl/LANGUAGE.md", "cmd/sfsync/*.md", "cmd/sfsync/guide/*.md", "examples/*.md", "dsl/editors/*/README.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(text)
		}
	}
	return texts
}

var (
	// commandText finds what is a command: in the text between backticks, or on a line of its own.
	commandText = regexp.MustCompile("(?m)`sfsync ([^`]+)`|^[ \t>$]*(?:go run \\./cmd/|sudo -u sfsync )?sfsync ((?:.*\\\\\n)*.*)$")
	flagText    = regexp.MustCompile("(?:^|[\\s`(])--([a-z][a-z-]*)")
)

// Commands and flags that the documentation names are there.
func TestDocumentedFlags(t *testing.T) {
	t.Chdir("../..")
	app := newApp(newConsole(nil, nil, nil))
	found := 0
	for file, text := range documents(t) {
		for _, m := range commandText.FindAllStringSubmatch(text, -1) {
			line := strings.ReplaceAll(m[1]+m[2], "\\\n", " ")
			cmd := commandOf(app, strings.Fields(line))
			if cmd == nil {
				continue // a sentence that begins with the program's name
			}
			found++
			for _, f := range flagText.FindAllStringSubmatch(line, -1) {
				if !hasFlag(cmd, f[1]) {
					t.Errorf("%s: `sfsync %s`: there is no --%s", file, line, f[1])
				}
			}
		}
		if file == "README.md" || strings.HasPrefix(file, "cmd/") {
			for _, f := range flagText.FindAllStringSubmatch(text, -1) {
				if !anyHasFlag(app.Commands, f[1]) && !strings.Contains(otherFlags, " "+f[1]+" ") {
					t.Errorf("%s: there is no --%s", file, f[1])
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d commands were found", found)
	}
}

// otherFlags are flags of other programs in the documentation.
const otherFlags = " system create-home home-dir shell "

func anyHasFlag(commands []*cli.Command, name string) bool {
	return slices.ContainsFunc(commands, func(cmd *cli.Command) bool { return hasFlag(cmd, name) || anyHasFlag(cmd.Subcommands, name) })
}

// commandOf returns the command that words name, nil if there is none.
func commandOf(app *cli.App, words []string) *cli.Command {
	if len(words) == 0 {
		return nil
	}
	cmd := app.Command(words[0])
	for _, word := range words[1:] {
		name, _, _ := strings.Cut(word, "|")
		at := -1
		if cmd != nil {
			at = slices.IndexFunc(cmd.Subcommands, func(sub *cli.Command) bool { return sub.Name == name })
		}
		if at < 0 {
			break
		}
		cmd = cmd.Subcommands[at]
	}
	return cmd
}

func hasFlag(cmd *cli.Command, name string) bool {
	return name == "help" || slices.ContainsFunc(cmd.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

// The guide for operators names each metric, each kind of alert, and each file of a store,
// and no others.
func TestDocumentedOperation(t *testing.T) {
	text, err := os.ReadFile("OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, name := range regexp.MustCompile("`(sfsync_[a-z_]+)`").FindAllStringSubmatch(string(text), -1) {
		documented[name[1]] = true
	}
	source, err := os.ReadFile("../../runtime/metrics/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"(sfsync_[a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !documented[m[1]] {
			t.Errorf("the metric %s is not documented", m[1])
		}
		delete(documented, m[1])
	}
	for name := range documented {
		t.Errorf("there is no metric %s", name)
	}
	alerts, err := os.ReadFile("../../runtime/alert/alert.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Kind = "([a-z_]+)"`).FindAllStringSubmatch(string(alerts), -1) {
		if !strings.Contains(string(text), "| `"+m[1]+"` |") {
			t.Errorf("the alert %s is not documented", m[1])
		}
	}
}
