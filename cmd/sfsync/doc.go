package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl/plan/ruledoc"
)

func docCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "doc",
		Usage:     "say which field is written from what, when, and by which rule",
		ArgsUsage: "FILE|DIR…",
		Description: "For admins who review what surveys write to Salesforce: a table of every object and\n" +
			"field, and every rule in words. --format html makes one page, with a picture of each\n" +
			"rule, that opens anywhere. Labels and types are those of the schema, as `check` finds it.",
		Flags: []cli.Flag{
			schemaFlag(),
			&cli.StringFlag{Name: "connection", Usage: "take labels from the stored schema of the connection `NAME`"},
			storeFlag(),
			formatFlag("markdown", "html", "json"),
			&cli.StringFlag{Name: "output", Usage: "write to `FILE`, or to a file `rules` in a directory, in place of standard output"},
		},
		Action: func(ctx *cli.Context) error { return c.doc(ctx) },
	}
}

// docExtensions are what files of each format end in.
var docExtensions = map[string]string{"markdown": ".md", "html": ".html", "json": ".json"}

func (c *console) doc(ctx *cli.Context) error {
	format := ctx.String("format")
	sets, err := c.ruleSets(ctx)
	if err != nil {
		return err
	}
	var all []ruledoc.Set
	for _, set := range sets {
		set.file = nil // what tests are given does not matter here
		set.compile()
		if set.plan == nil {
			return c.refuse(set.diagnostics)
		}
		all = append(all, ruledoc.Set{Plan: set.plan, Schema: set.schema})
	}
	d := ruledoc.New(all...)
	var out bytes.Buffer
	switch format {
	case "html":
		err = d.HTML(&out)
	case "json":
		err = writeJSON(&out, d)
	default:
		out.WriteString(d.Markdown())
	}
	if err != nil {
		return err
	}
	path := ctx.String("output")
	if path == "" {
		_, err = c.out.Write(out.Bytes())
		return err
	}
	if path, err = docPath(path, docExtensions[format]); err != nil {
		return err
	}
	if err := replaceFile(path, out.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(c.err, "wrote %s: %s\n", path, d.Summary())
	return nil
}

// docPath is the file to write: the one named, or `rules` in a directory, which is made
// if its name ends with a slash.
func docPath(path, extension string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
	case errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(filepath.ToSlash(path), "/"):
		if err := makeDir(path); err != nil {
			return "", err
		}
	default:
		return path, nil
	}
	return filepath.Join(path, "rules"+extension), nil
}
