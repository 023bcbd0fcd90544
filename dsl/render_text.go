package dsl

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// TextOptions say how [Render] writes for a person.
type TextOptions struct {
	Color bool // mark with ANSI colours
	Width int  // columns of a source line before it is cut around its mark; 0 means 100
}

// Render writes diagnostics for a person to read: the message, the line with a mark
// below the place, other places that belong to it, and at most one line of help.
// What cannot be printed, such as a control character in the author's text, is
// written as `�`.
func Render(w io.Writer, ds []Diagnostic, opts TextOptions) error {
	if opts.Width <= 0 {
		opts.Width = 100
	}
	out := bufio.NewWriter(w)
	for i := range ds {
		if i > 0 {
			out.WriteByte('\n')
		}
		r := renderer{out, opts, 0}
		r.diagnostic(&ds[i])
	}
	return out.Flush()
}

type renderer struct {
	*bufio.Writer
	opts   TextOptions
	gutter int // the width of the line numbers
}

// The colours, as ANSI escapes.
const (
	plain  = "\x1b[0m"
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	cyan   = "\x1b[1;36m"
	blue   = "\x1b[1;34m"
)

func (r *renderer) colored(color, text string) string {
	if !r.opts.Color || text == "" {
		return text
	}
	return color + text + plain
}

func (s Severity) color() string {
	switch s {
	case Error:
		return red
	case Warning:
		return yellow
	}
	return cyan
}

// mark is a place that a diagnostic shows.
type mark struct {
	src     *Source
	span    Span
	text    string
	primary bool
	at      Position
}

func (r *renderer) diagnostic(d *Diagnostic) {
	fmt.Fprintf(r, "%s%s\n", r.colored(d.Severity.color(), fmt.Sprintf("%s[%s]", d.Severity, d.Code)), r.colored(bold, ": "+printable(d.Message)))
	var marks []mark
	if d.Source != nil {
		marks = append(marks, mark{d.Source, d.Span, "", true, d.Source.Position(d.From)})
	}
	for _, l := range d.Labels {
		if l.Source != nil {
			marks = append(marks, mark{l.Source, l.Span, l.Text, false, l.Source.Position(l.From)})
		}
	}
	for _, m := range marks {
		r.gutter = max(r.gutter, len(strconv.Itoa(m.at.Line)))
	}
	// The diagnostic's own file first, each file from top to bottom.
	slices.SortStableFunc(marks, func(a, b mark) int {
		if a.src != b.src {
			return order(b.src == d.Source, a.src == d.Source, strings.Compare(a.src.Path, b.src.Path))
		}
		return a.at.Line - b.at.Line
	})
	shown := ""
	for i, m := range marks {
		newFile := i == 0 || marks[i-1].src != m.src
		switch {
		case i == 0:
			place := m
			if d.Source != nil {
				place.at = d.Source.Position(d.From)
			}
			r.place("-->", place)
		case newFile:
			r.place(":::", m)
		case m.at.Line > marks[i-1].at.Line+1:
			r.line(blue, "...", "")
		}
		text, column, width := r.window(m)
		if newFile || m.at.Line != marks[i-1].at.Line || text != shown {
			r.source(m.at.Line, text)
			shown = text
		}
		r.underline(m, column, width, d.Severity)
	}
	if d.Help != "" {
		r.remark("help", d.Help)
	}
	for _, n := range d.Notes {
		r.remark("note", n)
	}
}

// order compares two yes-or-no properties, and then falls back.
func order(a, b bool, otherwise int) int {
	switch {
	case a == b:
		return otherwise
	case a:
		return 1
	}
	return -1
}

func (r *renderer) place(arrow string, m mark) {
	fmt.Fprintf(r, "%*s%s %s:%d:%d\n", r.gutter+1, "", r.colored(blue, arrow), printable(m.src.Path), m.at.Line, m.at.Column)
	r.line(blue, "", " |")
}

// line writes the gutter of a line that has no number.
func (r *renderer) line(color, number, bar string) {
	fmt.Fprintf(r, "%s\n", r.colored(color, strings.TrimRight(fmt.Sprintf("%*s%s", r.gutter+1, number, bar), " ")))
}

func (r *renderer) source(line int, text string) {
	fmt.Fprintf(r, "%s", r.colored(blue, fmt.Sprintf("%*d |", r.gutter+1, line)))
	if text != "" {
		fmt.Fprintf(r, " %s", text)
	}
	r.WriteByte('\n')
}

func (r *renderer) underline(m mark, column, width int, severity Severity) {
	line, color := strings.Repeat("^", width), severity.color()
	if !m.primary {
		line, color = strings.Repeat("-", width), blue
	}
	if m.text != "" {
		line += " " + printable(m.text)
	}
	fmt.Fprintf(r, "%s %*s%s\n", r.colored(blue, fmt.Sprintf("%*s |", r.gutter+1, "")), column, "", r.colored(color, line))
}

func (r *renderer) remark(kind, text string) {
	fmt.Fprintf(r, "%s %s: %s\n", r.colored(blue, fmt.Sprintf("%*s =", r.gutter+1, "")), r.colored(bold, kind), printable(text))
}

// window returns what is shown of a mark's line, and the column and width of the
// mark in it. A long line is cut on both sides of the mark.
func (r *renderer) window(m mark) (text string, column, width int) {
	line := m.src.LineSpan(m.at.Line)
	from := max(line.From, min(m.span.From, line.To))
	to := max(from, min(m.span.To, line.To))
	before, marked, after := m.src.Text[line.From:from], m.src.Text[from:to], m.src.Text[to:line.To]
	if line.To-line.From > 16*r.opts.Width || columns.StringWidth(printable(m.src.Slice(line))) > r.opts.Width {
		before, marked = tail(before, r.opts.Width/2), head(marked, r.opts.Width/2)
		if strings.HasSuffix(marked, "…") {
			after = ""
		}
		after = head(after, r.opts.Width-columns.StringWidth(before+marked))
	}
	before, marked = printable(before), printable(marked)
	return strings.TrimRight(before+marked+printable(after), " "), columns.StringWidth(before), max(1, columns.StringWidth(marked))
}

// columns measures text as terminals show it, whatever the environment says.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// head returns the beginning of a text, printable, and cut to a width.
func head(text string, width int) string {
	// A character takes up to four bytes, and marks on it take no room at all.
	if most := 16 * max(width, 1); len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return columns.Truncate(printable(text), max(width, 1), "…")
}

// tail returns the end of a text, printable, and cut to a width.
func tail(text string, width int) string {
	if most := 16 * width; len(text) > most {
		text = strings.ToValidUTF8(text[len(text)-most:], "")
	}
	text = printable(text)
	if w := columns.StringWidth(text); w > width {
		return columns.TruncateLeft(text, w-width+1, "…")
	}
	return text
}
