package main

import (
	"slices"

	"github.com/urfave/cli/v2"
)

func schemaCommand(c *console) *cli.Command {
	from := append([]cli.Flag{
		&cli.StringFlag{Name: "schema", Usage: "look into the describe results in `DIR`"},
		&cli.BoolFlag{Name: "refresh", Usage: "ask the org of --connection, and not what the store knows of it"},
	}, targetFlags()...)
	return &cli.Command{
		Name:  "schema",
		Usage: "objects and fields of an org: look at them, keep them for checks",
		Subcommands: []*cli.Command{
			{
				Name:        "list",
				Usage:       "list the objects",
				Description: "Of a directory of describe results (--schema), of what the store knows of a\nconnection, or of an org.",
				Flags:       append(slices.Clone(from), formatFlag()),
				Action:      func(ctx *cli.Context) error { return c.schemaList(ctx) },
			},
			{
				Name:        "show",
				Usage:       "show the fields of an object, or one field, and what can be written",
				ArgsUsage:   "OBJECT [FIELD]",
				Description: "Of a directory of describe results (--schema), of what the store knows of a\nconnection, or of an org. --format json prints the describe of Salesforce.",
				Flags:       append(slices.Clone(from), formatFlag()),
				Action:      func(ctx *cli.Context) error { return c.schemaShow(ctx) },
			},
			{
				Name:        "export",
				Usage:       "write describe results to a directory, so that check works offline",
				ArgsUsage:   "DIR [OBJECT…]",
				Description: "A directory `schema` beside a rule file is what `sfsync check` looks for. What the\nstore knows of --connection is written without asking the org.",
				Flags: append(targetFlags(),
					&cli.StringSliceFlag{Name: "rules", Usage: "export the objects that the rules in `FILE` or directory name"},
					&cli.BoolFlag{Name: "all", Usage: "export all objects, at one API call for each"},
					&cli.BoolFlag{Name: "refresh", Usage: "ask the org of --connection, and not what the store knows of it"},
					formatFlag()),
				Action: func(ctx *cli.Context) error { return c.schemaExport(ctx) },
			},
			schemaRefreshCommand(c),
			schemaDiffCommand(c),
			schemaImportCommand(c),
		},
	}
}

func saveFlag() cli.Flag {
	return &cli.StringFlag{Name: "save-connection", Usage: "remember the org of --instance under `NAME`; secrets are not kept"}
}
