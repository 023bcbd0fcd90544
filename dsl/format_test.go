package dsl

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each file has a text, and below the line `-- formatted --` how it is written in style.
func TestFormat(t *testing.T) {
	paths, _ := filepath.Glob("testdata/format/*.txt")
	if len(paths) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, want, _ := strings.Cut(string(text), "-- formatted --\n")
		got, ok := Format(NewSource(path, []byte(before)))
		if !ok {
			t.Errorf("%s is not formatted", path)
		}
		if *update {
			if err := os.WriteFile(path, []byte(before+"-- formatted --\n"+got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		checkFormat(t, before)
	}
}

// What is shown to people is in the style that they are asked to write in.
func TestFormatted(t *testing.T) {
	check := func(name, text string) {
		t.Helper()
		got, ok := Format(NewSource(name, []byte(text)))
		if diff := cmp.Diff(text, got); diff != "" || !ok {
			t.Errorf("%s is not formatted (-is +should be):\n%s", name, diff)
		}
	}
	for _, pattern := range []string{"testdata/*.sfsync", "plan/testdata/*.sfsync", "../examples/*/*.sfsync"} {
		paths, _ := filepath.Glob(pattern)
		if len(paths) == 0 {
			t.Errorf("there is no %s", pattern)
		}
		for _, path := range paths {
			check(path, read(t, path))
		}
	}
	block := regexp.MustCompile("(?ms)^```sfsync\n(.*?)^```$")
	for _, path := range []string{"LANGUAGE.md", "../README.md"} {
		blocks := block.FindAllStringSubmatch(read(t, path), -1)
		if len(blocks) == 0 {
			t.Errorf("%s shows no rules", path)
		}
		for _, m := range blocks {
			check(path, m[1])
		}
	}
	for _, info := range Codes() {
		for part := range strings.SplitSeq("\n"+info.Good, "\n-- ") { // several files
			name, text, _ := strings.Cut(part, "\n")
			check("the good example of "+string(info.Code)+" "+name, text)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFormatBytes(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		ok                  bool
	}{
		{"nothing", "", "", true},
		{"only blanks", " \n\t\n", "", true},
		{"only a comment", "\n\n  # note  ", "# note\n", true},
		{"no line break at the end", "rule A", "rule A\n", true},
		{"line breaks of Windows stay", "rule A\r\n  on  survey response\r\n", "rule A\r\non survey response\r\n", true},
		{"mixed line breaks don't", "rule A\r\non survey response\n", "rule A\non survey response\n", true},
		{"old line breaks don't", "rule A\ron survey response\r", "rule A\non survey response\n", true},
		{"byte order mark", "\ufeff  rule  A\n", "\ufeffrule A\n", true},
		{"blanks of other kinds", "rule\u00a0A\u00a0\n\u3000on survey\u00a0response\n", "rule A\non survey response\n", true},
		{"blanks in a survey's id", "rule A\non  survey  response  What  is  it  if  a>b\n", "rule A\non survey response What  is  it if a > b\n", true},
		{"no text", "rule A\x00  \n", "rule A\x00  \n", false},
		{"no UTF-8", "rule  A\xff\n", "rule  A\xff\n", false},
		{"too long a line", "rule  " + strings.Repeat("a", MaxLine) + "\n  connection  c\n", "rule  " + strings.Repeat("a", MaxLine) + "\nconnection c\n", true},
		{"a line that would get too long", "let a=" + strings.Repeat("b+", MaxLine/2-100) + "b\n", "let a=" + strings.Repeat("b+", MaxLine/2-100) + "b\n", false},
	} {
		got, ok := Format(NewSource("", []byte(test.before)))
		if got != test.after || ok != test.ok {
			t.Errorf("%s: got %t %.200q, want %t %.200q", test.name, ok, got, test.ok, test.after)
		}
	}
}

// Time grows with the length of a text only: what took its square would not end here.
func TestFormatLarge(t *testing.T) {
	for piece, size := range map[string]int{
		"#\n": 500_000, "#\n\n": 500_000, "A = b\n\n# c\n\n": 50_000, "set A = b\n": 50_000, "set ": 50_000, "A=b,": 50_000,
		"create A set B = c\nD = e\n# f\n": 50_000, "if (((\n": 50_000,
	} {
		text := strings.Repeat(piece, size/len(piece))
		got, _ := Format(NewSource("", []byte(text)))
		if len(got) < len(text)/2 {
			t.Errorf("%q: only %d bytes of %d are left", piece, len(got), len(text))
		}
	}
}

// The changes of an editor are as small as can be, and come to the same.
func TestFormatEdits(t *testing.T) {
	src := NewSource("", []byte("rule A\non survey response\n\n\nupdate Case  where Id=a.b\n     set A = b  \n      Long=c"))
	file, _ := Parse(src)
	edits := FormatEdits(file)
	want, _ := Format(src)
	if got := apply(src.Text, Fix{Edits: edits}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var changed []string
	for _, e := range edits {
		changed = append(changed, src.Slice(e.Span)+"→"+e.New)
	}
	if diff := cmp.Diff([]string{"\n→", " →", "→ ", "→ ", "   →", "→   ", "  \n      →\n      ", "→ ", "→ ", "→\n"}, changed); diff != "" {
		t.Error(diff)
	}
	file, _ = Parse(NewSource("", []byte(want)))
	if edits := FormatEdits(file); len(edits) > 0 {
		t.Errorf("a formatted text is changed: %v", edits)
	}
}

// checkFormat holds Format to what it promises of any text.
func checkFormat(t interface {
	Helper()
	Errorf(string, ...any)
}, text string) {
	t.Helper()
	src := NewSource("fuzz.sfsync", []byte(text))
	got, ok := Format(src)
	if !ok {
		if got != src.Text {
			t.Errorf("%q is not formatted and yet changed to %q", text, got)
		}
		return
	}
	again, ok := Format(NewSource("fuzz.sfsync", []byte(got)))
	if again != got || !ok {
		t.Errorf("%q is formatted to %q and that to %q", text, got, again)
	}
	before, faults := Parse(src)
	after, newFaults := Parse(NewSource("fuzz.sfsync", []byte(got)))
	if a, b := plainWords(before), plainWords(after); !cmp.Equal(a, b) {
		t.Errorf("%q gets other words: %s", text, cmp.Diff(a, b))
	}
	if a, b := codesOf(faults), codesOf(newFaults); !cmp.Equal(a, b) {
		t.Errorf("%q gets other faults: %s", text, cmp.Diff(a, b))
	}
	if fixed := apply(src.Text, Fix{Edits: FormatEdits(before)}); fixed != got {
		t.Errorf("%q: the edits come to %q and not %q", text, fixed, got)
	}
}

// plainWords returns the words of a file.
func plainWords(file *File) []string {
	var out []string
	for _, t := range file.Tokens {
		text := strings.TrimSpace(file.Source.Slice(t.Span))
		if text != "" && text != byteOrderMark {
			out = append(out, t.Kind.String()+" "+text)
		}
	}
	return out
}

func codesOf(ds []Diagnostic) []Code {
	out := []Code{}
	for _, d := range ds {
		out = append(out, d.Code)
	}
	return out
}

// FuzzFormat holds Format to its promise: the words stay, what is wrong stays, and a
// formatted text is not changed any more.
func FuzzFormat(f *testing.F) {
	addSeeds(f)
	paths, _ := filepath.Glob("testdata/format/*.txt")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) { checkFormat(t, text) })
}
