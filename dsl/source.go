package dsl

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits on the text of a rule file. They keep the time and memory that a file
// can cost within bounds; a file that breaks one gets a diagnostic of code S024.
const (
	MaxSize  = 4 << 20  // bytes in a file
	MaxLine  = 64 << 10 // bytes in a line, and in a statement that spans lines
	MaxDepth = 64       // brackets within brackets in an expression
)

// byteOrderMark is what some editors put before UTF-8 text. It is part of the
// text, so that offsets are those of the file, but belongs to no line.
const byteOrderMark = "\ufeff"

// Source is the text of one rule file. Offsets into it are byte offsets into the
// file as it was read; lines end with "\n", "\r\n" or "\r". A Source must not be
// copied or changed once it is in use.
type Source struct {
	Path string // how the author calls the file; used for display only
	Text string

	once  sync.Once
	lines []int // the offset at which each line starts
}

// NewSource returns the source of a file. Of a text longer than [MaxSize] it keeps
// only as much as [Parse] needs to say that the file is too long.
func NewSource(path string, text []byte) *Source {
	return &Source{Path: path, Text: string(text[:min(len(text), MaxSize+1)])}
}

// Position is a place in a text as people and editors count it.
type Position struct {
	Line   int // from 1
	Column int // from 1, in characters (Unicode code points)
	UTF16  int // from 1, in UTF-16 code units, as editors count
}

// Position returns the line and column of a byte offset. An offset outside of the
// text counts as its nearest end.
func (s *Source) Position(offset int) Position {
	lines := s.table()
	offset = max(lines[0], min(offset, len(s.Text)))
	n := sort.SearchInts(lines, offset+1)
	p := Position{Line: n, Column: 1, UTF16: 1}
	for _, r := range s.Text[lines[n-1]:offset] {
		p.Column++
		p.UTF16 += max(1, utf16.RuneLen(r))
	}
	return p
}

// Lines returns the number of lines. A text that ends with a line break ends with
// an empty line.
func (s *Source) Lines() int { return len(s.table()) }

// LineSpan returns the range of line n, counted from 1, without its line break.
// A line that does not exist has an empty range at the end of the text.
func (s *Source) LineSpan(n int) Span {
	lines := s.table()
	if n < 1 || n > len(lines) {
		return Span{len(s.Text), len(s.Text)}
	}
	from, to := lines[n-1], len(s.Text)
	if n < len(lines) {
		to = lines[n]
	}
	return Span{from, from + len(strings.TrimRight(s.Text[from:to], "\r\n"))}
}

// Line returns the text of line n, counted from 1, without its line break.
func (s *Source) Line(n int) string { return s.Slice(s.LineSpan(n)) }

// LineBreak returns the line break that the file uses: "\r\n" if all of its lines end
// with that, else "\n".
func (s *Source) LineBreak() string {
	if n := strings.Count(s.Text, "\r\n"); n > 0 && n == strings.Count(s.Text, "\n") && n == strings.Count(s.Text, "\r") {
		return "\r\n"
	}
	return "\n"
}

// Slice returns the text of a range.
func (s *Source) Slice(span Span) string { return s.Text[span.From:span.To] }

func (s *Source) table() []int {
	s.once.Do(func() {
		start := 0
		if strings.HasPrefix(s.Text, byteOrderMark) {
			start = len(byteOrderMark)
		}
		s.lines = append(make([]int, 0, 1+strings.Count(s.Text, "\n")), start)
		for i := start; i < len(s.Text); {
			n := strings.IndexAny(s.Text[i:], "\r\n")
			if n < 0 {
				break
			}
			i += n + lineBreak(s.Text[i+n:])
			s.lines = append(s.lines, i)
		}
	})
	return s.lines
}

// lineBreak returns the length of the line break that the text begins with, or 0.
func lineBreak(text string) int {
	switch {
	case strings.HasPrefix(text, "\r\n"):
		return 2
	case text != "" && (text[0] == '\n' || text[0] == '\r'):
		return 1
	}
	return 0
}

// unreadable says why a text is no text that rules could be in, and where.
func unreadable(text string) (at Span, message, help string, ok bool) {
	const save = "save the file as UTF-8 text"
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return Span{0, 2}, "the file is UTF-16 text, and rules are UTF-8", save, true
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return Span{i, i + 1}, "the file is not text: it has a zero byte", "give sfsync a text file with rules", true
	}
	if utf8.ValidString(text) {
		return Span{}, "", "", false
	}
	i := 0
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return Span{i, i + 1}, "the file is not UTF-8: this byte is no character", save, true
}
