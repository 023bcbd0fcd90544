package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// textOrJSON are the formats that every command knows that prints for a person.
var textOrJSON = []string{"text", "json"}

// formatFlag is --format: one of the formats, of which the first is meant if there is
// no such flag. Without any it is text or json.
func formatFlag(formats ...string) cli.Flag {
	if len(formats) == 0 {
		formats = textOrJSON
	}
	return &cli.StringFlag{Name: "format", Value: formats[0], Usage: "`FORMAT` of what is printed: " + enumerate(formats, "or"),
		Action: func(_ *cli.Context, value string) error { return checkFormat(value, formats) }}
}

func checkFormat(value string, formats []string) error {
	if slices.Contains(formats, value) {
		return nil
	}
	if better, ok := dsl.Suggest(value, formats); ok {
		return usagef("", "there is no format `%s`; did you mean `%s`?", value, better)
	}
	return usagef("", "there is no format `%s`; it is %s", value, enumerate(formats, "or"))
}

func wantsJSON(ctx *cli.Context) bool { return ctx.String("format") == "json" }

// output is a report that goes to a file.
type output struct{ format, path string }

// write puts a report where it is wanted; - is standard output.
func (o output) write(c *console, report []byte) error {
	if o.path == "-" {
		_, err := c.out.Write(report)
		return err
	}
	return replaceFile(o.path, report)
}

// outputFlag is --output, for further reports beside the one of --format.
func outputFlag(example string) cli.Flag {
	return &cli.StringSliceFlag{Name: "output", Usage: "also write a report to a file, as `FORMAT=FILE`, such as " + example + "; may be repeated"}
}

// readOutputs reads which reports --output asks for.
func readOutputs(ctx *cli.Context, formats []string, example string) ([]output, error) {
	var all []output
	for _, value := range ctx.StringSlice("output") {
		format, path, ok := strings.Cut(value, "=")
		if !ok || path == "" {
			return nil, usagef("--output "+example, "--output takes a format and a file, and not `%s`", value)
		}
		if err := checkFormat(format, formats); err != nil {
			return nil, err
		}
		all = append(all, output{format, path})
	}
	return all, nil
}
