package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

func fmtCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "fmt",
		Usage:     "write rules in the one style that all rules have",
		ArgsUsage: "[FILE|DIR…]",
		Description: "Rewrites the files, and prints the names of those that changed. Only blanks and\n" +
			"line breaks change. Without a file, or with -, it formats standard input and writes\n" +
			"to standard output. A statement that cannot be read stays as it is, and what stands\n" +
			"around it is formatted; the exit code is 1 then, in all modes.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "list", Aliases: []string{"l"}, Usage: "print the names of files that would change, and change nothing"},
			&cli.BoolFlag{Name: "diff", Aliases: []string{"d"}, Usage: "print what would change, and change nothing"},
			&cli.BoolFlag{Name: "check", Usage: "like --list, and exit with 1 if there are such files, too"},
			formatFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.fmt(ctx) },
	}
}

// formattedFile is what fmt made of a file.
type formattedFile struct {
	File    string `json:"file"`
	Changed bool   `json:"changed"` // or would be
	Read    bool   `json:"read"`    // false if it cannot be read and formatted, and stays as it is
	Faults  int    `json:"faults"`  // statements with one may stay as they are
	Diff    string `json:"diff,omitempty"`

	before, after string
	line          int // of the first fault
}

func (c *console) fmt(ctx *cli.Context) error {
	paths := ctx.Args().Slice()
	if len(paths) == 0 {
		if c.canAsk() { // nobody means to type rules
			return usagef("sfsync fmt rules"+ruleExtension, "no rule file is named")
		}
		paths = []string{"-"}
	}
	sources, err := c.readRules(paths)
	if err != nil {
		return err
	}
	look := ctx.Bool("list") || ctx.Bool("diff") || ctx.Bool("check")
	files := make([]formattedFile, 0, len(sources))
	changed, faulty := 0, 0
	for _, src := range sources {
		file := formatFile(src, look, ctx.Bool("diff"))
		files = append(files, file)
		if file.Changed {
			changed++
		}
		if !file.Read || file.Faults > 0 {
			faulty++
		}
		if err := c.showFormatted(ctx, file, look); err != nil {
			return err
		}
	}
	if wantsJSON(ctx) {
		err = c.printJSON(struct {
			FormatVersion string          `json:"format_version"`
			Files         []formattedFile `json:"files"`
			Changed       int             `json:"changed"`
		}{dsl.FormatVersion, files, changed})
	}
	if err == nil && (faulty > 0 || changed > 0 && ctx.Bool("check")) {
		return problem
	}
	return err
}

func formatFile(src *dsl.Source, look, wantDiff bool) formattedFile {
	text, ok := dsl.Format(src)
	now := src // as the file is when the command ends
	if !look && ok {
		now = dsl.NewSource(src.Path, []byte(text))
	}
	_, faults := dsl.Parse(now)
	file := formattedFile{File: src.Path, Changed: text != src.Text, Read: ok, Faults: len(faults), before: src.Text, after: text}
	if len(faults) > 0 {
		file.line = now.Position(faults[0].From).Line
	}
	if wantDiff {
		file.Diff = unifiedDiff(src.Path, src.Text, text)
	}
	return file
}

// showFormatted writes a formatted file, or says what would become of it.
func (c *console) showFormatted(ctx *cli.Context, f formattedFile, look bool) error {
	name, again := printable(f.File), printable(f.File)
	stdin := f.File == stdinName
	if stdin {
		again = "-"
	}
	switch {
	case !f.Read && f.Faults == 0:
		fmt.Fprintf(c.err, "%s is left as it is: formatting would change what it says\n", name)
	case !f.Read:
		fmt.Fprintf(c.err, "%s is left as it is: it cannot be read (sfsync check %s)\n", name, again)
	case f.Faults > 0:
		fmt.Fprintf(c.err, "%s:%d: %s; statements that cannot be read are left as they are (sfsync check %s)\n", name, f.line, faultsFromHere(f.Faults), again)
	}
	switch {
	case stdin && !look && !wantsJSON(ctx):
		if len(f.after) > dsl.MaxSize {
			return nil // it was not read to its end
		}
		_, err := io.WriteString(c.out, f.after)
		return err
	case !f.Changed:
		return nil
	case !look && !stdin:
		if err := replaceFile(filepath.FromSlash(f.File), []byte(f.after)); err != nil {
			return err
		}
	}
	if wantsJSON(ctx) {
		return nil
	}
	if ctx.Bool("diff") {
		_, err := io.WriteString(c.out, f.Diff)
		return err
	}
	_, err := fmt.Fprintln(c.out, name)
	return err
}

func faultsFromHere(n int) string {
	if n == 1 {
		return "a fault"
	}
	return "the first of " + plural(n, "fault")
}
