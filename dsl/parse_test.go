package dsl

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares what was got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

func TestExampleTree(t *testing.T) {
	text, err := os.ReadFile("testdata/example.sfsync")
	if err != nil {
		t.Fatal(err)
	}
	file, ds := Parse(NewSource("example.sfsync", text))
	if len(ds) > 0 {
		t.Fatalf("the example has faults: %v", summary(ds))
	}
	golden(t, "example.tree", dump(file))
}

// expectation is a comment `#! S003 regexp` in a rule file: the line above it that
// is no such comment has this diagnostic. `#!^2` looks two lines further up.
var expectation = regexp.MustCompile(`^\s*#!(?:\^(\d+))? (S\d{3}) (.*)$`)

// Every faulty line of these files says what is wrong with it, and nothing else may
// be reported: as many diagnostics as faults.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.sfsync")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".sfsync"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			src := NewSource(filepath.Base(path), text)
			_, ds := Parse(src)
			for n, line := 1, 0; n <= src.Lines(); n++ {
				m := expectation.FindStringSubmatch(src.Line(n))
				if m == nil {
					line = n
					continue
				}
				up, _ := strconv.Atoi(m[1])
				pattern := regexp.MustCompile(m[3])
				found := false
				for i, d := range ds {
					if src.Position(d.From).Line == line-up && string(d.Code) == m[2] && pattern.MatchString(d.Message) {
						ds = append(ds[:i:i], ds[i+1:]...)
						found = true
						break
					}
				}
				if !found {
					t.Errorf("line %d: no %s %q", line-up, m[2], m[3])
				}
			}
			for _, d := range ds {
				t.Errorf("line %d: not expected: %s %s", src.Position(d.From).Line, d.Code, d.Message)
			}
		})
	}
}
