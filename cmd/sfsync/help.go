package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

func init() {
	cli.HelpPrinter = printHelp
	stock := cli.FlagStringer
	cli.FlagStringer = func(f cli.Flag) string { return plainFlag(stock(f)) }
}

var (
	repeated   = regexp.MustCompile(` \[ --.* \]\t`)
	wholeHours = regexp.MustCompile(`(default: \d+[hm])(?:0m)?0s\)`)
	quotedText = regexp.MustCompile(`\(default: "([^"]*)"\)`)
)

// plainFlag leaves out of a line about a flag what tells nobody anything: that a switch
// is off, that a flag may stand twice, which its words say too, and that an hour has no
// minutes.
func plainFlag(text string) string {
	text = repeated.ReplaceAllString(text, "\t")
	text = strings.Replace(text, " (default: false)", "", 1)
	text = wholeHours.ReplaceAllString(text, "$1)")
	return quotedText.ReplaceAllString(text, "(default: $1)")
}

// heading is under which a command stands in the list of all, which its own help need
// not repeat.
var heading = regexp.MustCompile(`(?m)^CATEGORY:\n.*\n\n`)

// helpItem is a flag or a command in a help text: what it is called, and what it does.
var helpItem = regexp.MustCompile(`^( +\S.*? {2,})(\S.*)$`)

// proseLine is a line of a paragraph, or a command.
var proseLine = regexp.MustCompile(`^ {3}[^ ]`)

// commandLine is how a command to be copied begins.
const commandLine = "   sfsync "

// printHelp prints a help text with its paragraphs, flags and commands wrapped to the width.
func printHelp(w io.Writer, templ string, data any) {
	var b bytes.Buffer
	cli.HelpPrinterCustom(&b, templ, data, nil)
	width := defaultWidth
	if f, ok := w.(interface{ Fd() uintptr }); ok {
		width = widthOf(f)
	}
	items := false
	var prose []string // lines of a paragraph
	flush := func() {
		if slices.ContainsFunc(prose, func(l string) bool { return utf8.RuneCountInString(l) > width }) {
			prose = []string{hanging("   ", strings.Join(strings.Fields(strings.Join(prose, " ")), " "), width)}
		}
		for _, l := range prose {
			fmt.Fprintln(w, l)
		}
		prose = nil
	}
	for line := range strings.Lines(heading.ReplaceAllString(b.String(), "")) {
		line = strings.TrimRight(line, "\n ")
		if strings.HasSuffix(line, "OPTIONS:") || line == "COMMANDS:" {
			items = true
		}
		if part := helpItem.FindStringSubmatch(line); items && part != nil {
			line = hanging(part[1], part[2], width)
		}
		if !items && proseLine.MatchString(line) && !strings.HasPrefix(line, commandLine) {
			prose = append(prose, line)
			continue
		}
		flush()
		fmt.Fprintln(w, line)
	}
	flush()
}
