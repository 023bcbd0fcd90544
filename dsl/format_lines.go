package dsl

import (
	"slices"
	"strings"
	"unicode"
)

// What belongs to a line stands indentStep columns to the right of it, and a field
// below the first one indentField columns to the right of their `set`.
const (
	indentStep  = 2
	indentField = len("set ")
)

// layoutLine is a statement or a comment with what the layout makes of it.
type layoutLine struct {
	pieces   []piece
	from     int    // where the line begins in the text
	empty    bool   // an empty line stands above it
	word     string // the keyword it begins with, commentWord, or "" for a field
	odd      bool   // something is wrong with it
	verbatim bool   // it cannot be read, so it stays as it is
	indent   int
	pad      int // blanks that line its `=` up with those around it
}

const commentWord = "#"

// piece is a token with what stands before it.
type piece struct {
	Token
	blank bool // blanks
	wrap  bool // a line break within brackets
}

// layOut writes a file in the style of rules.
func layOut(file *File) string {
	p := &printer{src: file.Source, eol: file.Source.LineBreak()}
	lines := splitLines(file)
	markFaults(lines, file.Faults)
	lines = breakSets(p.src, lines)
	indentLines(lines)
	indentComments(lines)
	alignFields(p.src, lines)
	p.Grow(len(p.src.Text) + len(p.src.Text)/8)
	if strings.HasPrefix(p.src.Text, byteOrderMark) {
		p.WriteString(byteOrderMark)
	}
	for i := range lines {
		if gapAbove(lines, i) {
			p.WriteString(p.eol)
		}
		p.line(&lines[i])
		p.WriteString(p.eol)
	}
	return p.String()
}

// splitLines takes the tokens of a file apart into statements and comments.
func splitLines(file *File) []layoutLine {
	src := file.Source
	pieces := make([]piece, 0, len(file.Tokens))
	var lines []layoutLine
	first, begun := 0, 0
	var empty, blank, wrap bool
	end := func(next int) {
		if first == len(pieces) {
			empty = empty || len(lines) > 0
		} else {
			line := layoutLine{pieces: pieces[first:len(pieces):len(pieces)], from: begun, empty: empty}
			line.read(src)
			lines = append(lines, line)
			empty = false
		}
		first, begun, blank = len(pieces), next, false
	}
	for _, t := range file.Tokens {
		switch t.Kind {
		case KindBlank:
			blank = true
			if t.From == 0 && strings.HasPrefix(src.Text, byteOrderMark) {
				begun = len(byteOrderMark)
			}
			continue
		case KindWrap:
			wrap = true
			continue
		case KindEOL:
			end(t.To)
			continue
		case KindComment:
			t.To = t.From + len(strings.TrimRightFunc(src.Slice(t.Span), unicode.IsSpace))
		}
		pieces = append(pieces, piece{t, blank, wrap})
		blank, wrap = false, false
	}
	end(len(src.Text))
	return lines
}

// read finds out what a line is.
func (l *layoutLine) read(src *Source) {
	head := l.pieces[0]
	text := src.Slice(head.Span)
	switch head.Kind {
	case KindKeyword:
		l.word = text
	case KindNearMiss:
		l.word, _ = nearMiss(text, lineKeywords)
	case KindComment:
		l.word = commentWord
	case KindName:
	default:
		l.verbatim = true
	}
	for _, p := range l.pieces {
		switch p.Kind {
		case KindNearMiss, KindIllegal, KindBadString:
			l.verbatim = true
		}
	}
}

// structural are the codes of faults that are about where a statement stands, and
// not about what is in it.
var structural = []Code{codePlace, codeTwice, codeOrder, codeNoTrigger, codeNoSet, codeNothingSet}

// markFaults finds the lines that something is wrong with.
func markFaults(lines []layoutLine, faults []Diagnostic) {
	for i := range lines {
		l := &lines[i]
		for len(faults) > 0 && (i+1 == len(lines) || faults[0].From < lines[i+1].from) {
			if l.word != commentWord {
				l.odd = true
				l.verbatim = l.verbatim || !slices.Contains(structural, faults[0].Code)
			}
			faults = faults[1:]
		}
	}
}

// breakSets begins a line with `set` when more fields follow on lines of their own,
// so that they stand below each other.
func breakSets(src *Source, lines []layoutLine) []layoutLine {
	out := make([]layoutLine, 0, len(lines)+8)
	for i, l := range lines {
		at := slices.IndexFunc(l.pieces, func(p piece) bool { return p.Kind == KindKeyword && src.Slice(p.Span) == "set" })
		if at <= 0 || l.word == "" || l.odd {
			out = append(out, l)
			continue
		}
		next := i + 1
		for next < len(lines) && lines[next].word == commentWord {
			next++
		}
		if next < len(lines) && lines[next].pieces[0].Kind == KindName {
			head, set := l, l
			head.pieces, set.pieces = l.pieces[:at], l.pieces[at:]
			set.word, set.empty = "set", false
			out = append(out, head, set)
			continue
		}
		out = append(out, l)
	}
	return out
}

// indentLines indents every statement by what it belongs to.
func indentLines(lines []layoutLine) {
	block, action := 0, 0 // the columns of actions, and of the one that clauses belong to
	trigger := false      // the statement above is a trigger, or its guard
	for i := range lines {
		l := &lines[i]
		if l.word == commentWord {
			continue
		}
		switch l.word {
		case "rule", "test":
			block = 0
		case "when", "otherwise":
			block = indentStep
		case "let":
			l.indent = block
		case "create", "update", "upsert":
			l.indent, action = block, block
		case "expect":
			action = 0
		case "if", "using", "where", "set":
			l.indent = action + indentStep
			if trigger && l.word == "if" {
				l.indent = indentStep
				continue
			}
		case "":
			l.indent = action + indentStep + indentField
		}
		trigger = l.word == "on"
	}
}

// indentComments puts comments above the statement that they are about: the one that
// follows, unless a comment stands right below one and apart from the next.
func indentComments(lines []layoutLine) {
	next := 0 // the indent of the statement below
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].word != commentWord {
			next = lines[i].indent
			continue
		}
		end := i + 1
		for i > 0 && !lines[i].empty && lines[i-1].word == commentWord {
			i--
		}
		indent := next
		if i > 0 && !lines[i].empty && (end == len(lines) || lines[end].empty) {
			above := &lines[i-1]
			indent = above.indent
			switch above.word {
			case "set":
				indent += indentField
			case "when", "otherwise":
				indent += indentStep
			}
		}
		for j := i; j < end; j++ {
			lines[j].indent = indent
		}
	}
}

// gapAbove reports whether an empty line belongs above line i.
func gapAbove(lines []layoutLine, i int) bool {
	if i == 0 {
		return false
	}
	above, l := &lines[i-1], &lines[i]
	if l.word == commentWord && above.word != commentWord {
		next := i + 1
		for next < len(lines) && lines[next].word == commentWord && !lines[next].empty {
			next++
		}
		return l.empty || next < len(lines) && !lines[next].empty && lines[next].opens()
	}
	switch {
	case above.word == commentWord || l.verbatim || above.verbatim:
		return l.empty || above.word != commentWord && l.opens()
	case l.opens():
		return true
	case above.word == "when", above.word == "otherwise", above.word == "rule" && l.word == "on":
		return false
	case slices.Contains(clauseKeywords, l.word):
		return false
	}
	return l.empty
}

// opens reports whether a line begins a part of the file that stands apart.
func (l *layoutLine) opens() bool {
	switch l.word {
	case "rule", "test", "when", "otherwise":
		return true
	}
	return false
}

// alignFields lines up the `=` of the fields that one `set` gives a value each.
func alignFields(src *Source, lines []layoutLine) {
	for i := 0; i < len(lines); i++ {
		if lines[i].word != "set" {
			continue
		}
		end := i + 1
		for end < len(lines) && (lines[end].word == "" || lines[end].word == commentWord) {
			end++
		}
		group := lines[i:end]
		width := 0
		for j := range group {
			group[j].pad = group[j].nameWidth(src)
			width = max(width, group[j].pad)
		}
		for j := range group {
			if group[j].pad > 0 {
				group[j].pad = width - group[j].pad
			}
		}
		i = end - 1
	}
}

// nameWidth returns the width of the field of a line that gives a value to one
// field, by `=`, and does nothing else. It is 0 for all other lines.
func (l *layoutLine) nameWidth(src *Source) int {
	if l.verbatim || l.word == commentWord {
		return 0
	}
	pieces := l.pieces
	if l.word == "set" {
		pieces = pieces[1:]
	}
	equals := slices.IndexFunc(pieces, func(p piece) bool { return p.Kind == KindEquals })
	if equals < 1 {
		return 0
	}
	for _, p := range pieces[equals:] {
		switch p.Kind {
		case KindComma, KindKeyword, KindColon:
			return 0
		}
	}
	return columns.StringWidth(src.Slice(Span{pieces[0].From, pieces[equals-1].To}))
}
