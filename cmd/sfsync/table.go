package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// cell is a piece of a line of output: its text, and how it is marked.
type cell struct {
	text string
	mark func(string) string // nil leaves the text as it is
}

func (c cell) String() string {
	if c.mark == nil {
		return c.text
	}
	return c.mark(c.text)
}

// table lines cells up in columns. Marks do not count for the width.
type table struct {
	indent string
	tight  bool // leaves the last column out where there is no room for it
	least  int  // puts the last column below the others where it would get less room than this
	rows   [][]cell
}

// row adds a row of plain cells, or of cells where they are such.
func (t *table) row(values ...any) {
	cells := make([]cell, len(values))
	for i, v := range values {
		if c, ok := v.(cell); ok {
			cells[i] = cell{oneLine(c.text), c.mark}
		} else {
			cells[i] = cell{text: oneLine(fmt.Sprint(v))}
		}
	}
	t.rows = append(t.rows, cells)
}

// write prints the table. The last column is cut where the width ends; a width of 0
// cuts nothing.
func (t *table) write(w io.Writer, width int) {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(row)-1 {
				widths[i] = max(widths[i], runewidth.StringWidth(c.text))
			}
		}
	}
	for _, row := range t.rows {
		var b strings.Builder
		b.WriteString(t.indent)
		used := runewidth.StringWidth(t.indent)
		for i, c := range row {
			if i == len(row)-1 {
				if t.tight && width > 0 && width-used < 8 {
					break
				}
				if width > 0 && width-used < min(t.least, runewidth.StringWidth(c.text)) {
					used = runewidth.StringWidth(t.indent) + 4
					below := strings.TrimRight(b.String(), " ")
					b.Reset()
					b.WriteString(below + "\n" + strings.Repeat(" ", used))
				}
				if width > 0 && t.tight {
					c.text = shorten(c.text, width-used)
				} else if width > 0 {
					c.text = shorten(c.text, max(12, width-used))
				}
				b.WriteString(c.String())
				break
			}
			b.WriteString(c.String())
			pad := widths[i] - runewidth.StringWidth(c.text) + 2
			b.WriteString(strings.Repeat(" ", pad))
			used += widths[i] + 2
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// shorten cuts text to a number of columns.
func shorten(text string, width int) string { return runewidth.Truncate(text, width, "…") }

// wrap breaks a paragraph into lines of a width, each with an indent.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	used := 0
	for _, word := range strings.Fields(printable(text)) {
		n := runewidth.StringWidth(word)
		switch {
		case used == 0:
			b.WriteString(indent)
			used = runewidth.StringWidth(indent)
		case used+1+n > width:
			b.WriteString("\n" + indent)
			used = runewidth.StringWidth(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// hanging wraps a paragraph behind a title, the later lines below its beginning.
func hanging(title, text string, width int) string {
	indent := strings.Repeat(" ", runewidth.StringWidth(title))
	return title + strings.TrimPrefix(wrap(text, indent, width), indent)
}

// enumerate writes a list as "a, b or c", with that last word.
func enumerate[T ~string](words []T, last string) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" " + last + " ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}

// plural writes a number with its noun: "1 rule", "2 rules".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// thousands writes a number with a comma between every three digits.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
