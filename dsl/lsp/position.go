package lsp

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sfsync/sfsync/dsl"
)

// encoding says what the characters of a position count: UTF-16 code units, unless the
// client offers to count bytes.
type encoding string

const (
	utf16Units encoding = "utf-16"
	utf8Bytes  encoding = "utf-8"
)

// position returns the place of a byte offset.
func (e encoding) position(src *dsl.Source, offset int) position {
	p := src.Position(offset)
	if e == utf8Bytes {
		offset = max(src.LineSpan(1).From, min(offset, len(src.Text)))
		return position{p.Line - 1, offset - src.LineSpan(p.Line).From}
	}
	return position{p.Line - 1, p.UTF16 - 1}
}

// span returns the place of a range of bytes.
func (e encoding) span(src *dsl.Source, span dsl.Span) textRange {
	return textRange{e.position(src, span.From), e.position(src, span.To)}
}

// offset returns the byte offset of a place. A character behind the end of its line
// counts as the end, and one within a character as its beginning.
func (e encoding) offset(src *dsl.Source, p position) int {
	if p.Line < 0 {
		return src.LineSpan(1).From
	}
	line := src.LineSpan(p.Line + 1)
	if e == utf8Bytes {
		at := line.From + max(0, min(p.Character, line.To-line.From))
		for at > line.From && at < line.To && !utf8.RuneStart(src.Text[at]) {
			at--
		}
		return at
	}
	units := 0
	for i, r := range src.Text[line.From:line.To] {
		units += max(1, utf16.RuneLen(r))
		if units > p.Character {
			return line.From + i
		}
	}
	return line.To
}

// length returns how many units a text has that stands on one line.
func (e encoding) length(text string) int {
	if e == utf8Bytes {
		return len(text)
	}
	units := 0
	for _, r := range text {
		units += max(1, utf16.RuneLen(r))
	}
	return units
}
