package dsl

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// RenderGitHub writes diagnostics as workflow commands of GitHub Actions, a line each:
// the log of a workflow that prints them shows as annotations of the changed files.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func RenderGitHub(w io.Writer, ds []Diagnostic) error {
	out := bufio.NewWriter(w)
	for i := range ds {
		d := &ds[i]
		level := d.Severity.String()
		if d.Severity == Info {
			level = "notice"
		}
		properties := []string{}
		if d.Source != nil {
			from, to := d.Source.Position(d.From), d.Source.Position(d.To)
			properties = append(properties, "file="+githubProperty.Replace(d.Source.Path),
				fmt.Sprintf("line=%d,endLine=%d", from.Line, to.Line))
			if from.Line == to.Line { // GitHub takes columns of a single line only
				properties = append(properties, fmt.Sprintf("col=%d,endColumn=%d", from.UTF16, to.UTF16))
			}
		}
		title := string(d.Code)
		if info, ok := Explain(d.Code); ok {
			title += ": " + info.Title
		}
		properties = append(properties, "title="+githubProperty.Replace(title))
		fmt.Fprintf(out, "::%s %s::%s\n", level, strings.Join(properties, ","), githubData.Replace(saidOf(d)))
	}
	return out.Flush()
}

// What stands for itself in neither part of a workflow command.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// saidOf is what a diagnostic says, for readers that show its place themselves.
func saidOf(d *Diagnostic) string {
	text := d.Message
	if d.Help != "" {
		text += "\nhelp: " + d.Help
	}
	for _, n := range d.Notes {
		text += "\nnote: " + n
	}
	return printableLines(text)
}

// printableLines is printable, but for line breaks.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = printable(l)
	}
	return strings.Join(lines, "\n")
}
