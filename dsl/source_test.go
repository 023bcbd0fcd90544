package dsl

import (
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	for _, test := range []struct {
		text   string
		offset int
		want   Position
	}{
		{"", 0, Position{1, 1, 1}},
		{"abc", 1, Position{1, 2, 2}},
		{"abc", 99, Position{1, 4, 4}},
		{"abc", -1, Position{1, 1, 1}},
		{"a\nb", 1, Position{1, 2, 2}},
		{"a\nb", 2, Position{2, 1, 1}},
		{"a\r\nb", 3, Position{2, 1, 1}},
		{"a\rb", 2, Position{2, 1, 1}},
		{"a\n", 2, Position{2, 1, 1}},
		{"é😀x", len("é😀"), Position{1, 3, 4}}, // an emoji is two UTF-16 units
		{"\ufeffabc", 0, Position{1, 1, 1}},
		{"\ufeffabc", 4, Position{1, 2, 2}},
	} {
		if got := NewSource("", []byte(test.text)).Position(test.offset); got != test.want {
			t.Errorf("%q at %d: got %v, want %v", test.text, test.offset, got, test.want)
		}
	}
}

func TestLines(t *testing.T) {
	src := NewSource("", []byte("\ufeffone\r\ntwo\rthree\n\nfive"))
	want := []string{"one", "two", "three", "", "five"}
	if src.Lines() != len(want) {
		t.Errorf("%d lines", src.Lines())
	}
	for i, w := range want {
		if got := src.Line(i + 1); got != w {
			t.Errorf("line %d: %q", i+1, got)
		}
	}
	if src.Line(0) != "" || src.Line(6) != "" {
		t.Error("lines that do not exist are not empty")
	}
}

// Line ends and a byte order mark change nothing but offsets.
func TestLineEnds(t *testing.T) {
	text := program(40) + "let a = (\n"
	want, _ := Parse(NewSource("", []byte(text)))
	for name, other := range map[string]string{
		"CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":   strings.ReplaceAll(text, "\n", "\r"),
		"BOM":  "\ufeff" + text,
	} {
		got, ds := Parse(NewSource("", []byte(other)))
		if len(ds) != 2 || ds[1].Code != codeBracket {
			t.Errorf("%s: %v", name, summary(ds))
		}
		if dump(got) != dump(want) {
			t.Errorf("%s: another tree", name)
		}
	}
}
