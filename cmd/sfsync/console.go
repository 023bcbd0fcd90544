package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/sfsync/sfsync/dsl"
)

// console is where a command reads and writes. Results go to out; progress, notes
// and errors go to err, so that a pipe gets only results.
type console struct {
	in       io.Reader
	out, err io.Writer
	style    style // of out
	errStyle style // of err
	progress bool  // whether err is a terminal, and long work shows that it goes on
	width    int   // columns of out

	terminal *os.File      // where a person answers questions; nil if there is nobody
	lines    *bufio.Reader // of terminal
}

// defaultWidth is the width of output that goes to no terminal, so that a file
// looks the same wherever it was made.
const defaultWidth = 100

func newConsole(in, out, errOut *os.File) *console {
	c := &console{in: in, out: out, err: errOut, width: widthOf(out)}
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	if term.IsTerminal(int(out.Fd())) {
		c.style.color = !plain
	}
	if term.IsTerminal(int(errOut.Fd())) {
		c.errStyle.color = !plain
		c.progress = os.Getenv("TERM") != "dumb"
	}
	if term.IsTerminal(int(in.Fd())) {
		c.terminal = in
	}
	return c
}

// widthOf is how many columns a text may have.
func widthOf(out interface{ Fd() uintptr }) int {
	if w, _, err := term.GetSize(int(out.Fd())); err == nil && w > 0 {
		return max(40, min(w, 120))
	}
	return defaultWidth
}

// lineWidth is the width for output of one thing a line. Where it goes to no terminal,
// nothing of it is cut, so that other programs find all of it.
func (c *console) lineWidth() int {
	if f, ok := c.out.(interface{ Fd() uintptr }); ok && term.IsTerminal(int(f.Fd())) {
		return c.width
	}
	return 0
}

// style marks text with ANSI colours, or leaves it alone.
type style struct{ color bool }

func (s style) mark(code, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string   { return s.mark("1", text) }
func (s style) dim(text string) string    { return s.mark("2", text) }
func (s style) red(text string) string    { return s.mark("1;31", text) }
func (s style) green(text string) string  { return s.mark("32", text) }
func (s style) yellow(text string) string { return s.mark("33", text) }
func (s style) cyan(text string) string   { return s.mark("36", text) }

// printable replaces what could steer a terminal: values of events and messages of
// Salesforce are other people's text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !dsl.Printable(r) {
			if r == '\t' || r == '\r' {
				return ' '
			}
			return '�'
		}
		return r
	}, text)
}

// oneLine makes other people's text fit into a line of output.
func oneLine(text string) string {
	return strings.Join(strings.Fields(printable(text)), " ")
}

// printJSON writes one value as indented JSON.
func (c *console) printJSON(v any) error { return writeJSON(c.out, v) }

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
