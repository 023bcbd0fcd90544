package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func schemaCommand(c *console) *cli.Command {
	from := append([]cli.Flag{&cli.StringFlag{Name: "schema", Usage: "look into the describe results in `DIR`"}}, targetFlags()...)
	return &cli.Command{
		Name:  "schema",
		Usage: "objects and fields of an org: look at them, keep them for checks",
		Subcommands: []*cli.Command{
			{
				Name:        "list",
				Usage:       "list the objects",
				Description: "Of a directory of describe results (--schema), or of an org.",
				Flags:       append(slices.Clone(from), formatFlag()),
				Action:      func(ctx *cli.Context) error { return c.schemaList(ctx) },
			},
			{
				Name:        "show",
				Usage:       "show the fields of an object, and which can be written",
				ArgsUsage:   "OBJECT",
				Description: "Of a directory of describe results (--schema), or of an org.",
				Flags:       append(slices.Clone(from), formatFlag()),
				Action:      func(ctx *cli.Context) error { return c.schemaShow(ctx) },
			},
			{
				Name:        "export",
				Usage:       "write describe results to a directory, so that check works offline",
				ArgsUsage:   "DIR [OBJECT…]",
				Description: "A directory `schema` beside a rule file is what `sfsync check` looks for.",
				Flags: append(targetFlags(),
					&cli.StringSliceFlag{Name: "rules", Usage: "export the objects that the rules in `FILE` or directory name"},
					&cli.BoolFlag{Name: "all", Usage: "export all objects, at one API call for each"},
					formatFlag()),
				Action: func(ctx *cli.Context) error { return c.schemaExport(ctx) },
			},
			{
				Name:        "refresh",
				Usage:       "fetch what rules name into the store, for check --connection",
				ArgsUsage:   "RULES…",
				Description: "The org is the one that the rules name, or that of --connection, or that of\n--instance, which --save-connection then remembers under a name.",
				Flags:       append(targetFlags(), saveFlag(), formatFlag()),
				Action:      func(ctx *cli.Context) error { return c.schemaRefresh(ctx) },
			},
			schemaImportCommand(c),
		},
	}
}

func saveFlag() cli.Flag {
	return &cli.StringFlag{Name: "save-connection", Usage: "remember the org of --instance under `NAME`; secrets are not kept"}
}

func (c *console) schemaList(ctx *cli.Context) error {
	var s *schema.Schema
	if dir := ctx.String("schema"); dir != "" {
		var err error
		if s, err = readSchema(dir); err != nil {
			return err
		}
	} else {
		t, err := oneTarget(ctx)
		if err != nil {
			return err
		}
		defer t.close()
		all, err := t.client.DescribeGlobal(ctx.Context)
		if err != nil {
			return salesforceError(t, err)
		}
		s = schema.New(all...)
	}
	type entry struct {
		Name       string `json:"name"`
		Label      string `json:"label"`
		KeyPrefix  string `json:"key_prefix"`
		Createable bool   `json:"createable"`
		Updateable bool   `json:"updateable"`
		Fields     int    `json:"fields,omitempty"`
	}
	list := []entry{}
	for _, name := range s.Names() {
		o := s.Object(name)
		list = append(list, entry{o.Name, o.Label, o.KeyPrefix, o.Createable, o.Updateable, len(o.Fields)})
	}
	if wantsJSON(ctx) {
		return c.printJSON(list)
	}
	var t table
	for _, e := range list {
		can := "read only"
		switch {
		case e.Createable && e.Updateable:
			can = "create, update"
		case e.Createable:
			can = "create"
		case e.Updateable:
			can = "update"
		}
		t.row(cell{e.Name, c.style.bold}, e.KeyPrefix, can, e.Label)
	}
	t.write(c.out, c.width)
	return nil
}

func (c *console) schemaShow(ctx *cli.Context) error {
	name := ctx.Args().First()
	if name == "" || ctx.NArg() > 1 {
		return usagef("sfsync schema show Contact --schema schema", "one object is needed")
	}
	o, err := c.findObject(ctx, name)
	if err != nil {
		return err
	}
	if wantsJSON(ctx) {
		var out bytes.Buffer
		if err := json.Indent(&out, o.Raw(), "", "  "); err != nil {
			return err
		}
		out.WriteByte('\n')
		_, err := out.WriteTo(c.out)
		return err
	}
	c.printObject(o)
	return nil
}

func (c *console) findObject(ctx *cli.Context, name string) (*schema.Object, error) {
	var s *schema.Schema
	if dir := ctx.String("schema"); dir != "" {
		var err error
		if s, err = readSchema(dir); err != nil {
			return nil, err
		}
	} else {
		t, err := oneTarget(ctx)
		if err != nil {
			return nil, err
		}
		defer t.close()
		d, err := t.client.Describe(ctx.Context, name, time.Time{})
		if err == nil {
			return d.Object, nil
		}
		var e *salesforce.Error
		if !errors.As(err, &e) || e.Cause != salesforce.WrongObject {
			return nil, salesforceError(t, err)
		}
		all, err := t.client.DescribeGlobal(ctx.Context)
		if err != nil {
			return nil, salesforceError(t, err)
		}
		s = schema.New(all...)
	}
	if o := s.Object(name); o != nil && len(o.Fields) > 0 {
		return o, nil
	}
	if better, ok := dsl.Suggest(name, s.Names()); ok {
		return nil, problemf("", "there is no object `%s`; did you mean `%s`?", name, better)
	}
	return nil, problemf("sfsync schema list", "there is no object `%s`, or the user may not see it", name)
}
