package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
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
		},
	}
}

func saveFlag() cli.Flag {
	return &cli.StringFlag{Name: "save-connection", Usage: "remember the org of --instance under `NAME`; secrets are not kept"}
}

// oneTarget is the org that flags name; without any it ends the command.
func oneTarget(ctx *cli.Context) (*target, error) {
	var opened store.Store
	t, err := givenTarget(ctx, func() (store.KV, error) {
		s, err := readStore(ctx)
		if err == nil && s == nil {
			err = unknownConnection(ctx.String("connection"))
		}
		if err != nil {
			return nil, err
		}
		opened = s
		return s.State(), nil
	})
	if opened != nil {
		opened.Close()
	}
	if err == nil && t == nil {
		err = usagef("--instance URL, --connection NAME or --org sim", "no org is named")
	}
	return t, err
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

func (c *console) schemaExport(ctx *cli.Context) error {
	dir := ctx.Args().First()
	if dir == "" {
		return usagef("sfsync schema export schema --rules rules.sfsync --instance URL", "no directory is named")
	}
	objects := ctx.Args().Tail()
	var files []*dsl.File
	if paths := ctx.StringSlice("rules"); len(paths) > 0 {
		sources, err := c.readRules(paths)
		if err != nil {
			return err
		}
		for _, src := range sources {
			f, _ := dsl.Parse(src)
			files = append(files, f)
		}
	}
	if len(files) == 0 && len(objects) == 0 && !ctx.Bool("all") && ctx.String("org") == "" {
		return usagef("--rules FILE exports what rules need, --all everything", "nothing says which objects to export")
	}
	t, err := oneTarget(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	s, err := describe(ctx.Context, t, files)
	if err != nil {
		return err
	}
	if ctx.Bool("all") || len(files) == 0 && len(objects) == 0 {
		objects = s.Names()
	}
	if err := describeObjects(ctx.Context, t, s, objects); err != nil {
		return err
	}
	for _, name := range append(objects, namedObjects(files)...) {
		if o := s.Object(name); o == nil || len(o.Fields) == 0 {
			if better, ok := dsl.Suggest(name, s.Names()); ok {
				return problemf("", "there is no object `%s`; did you mean `%s`?", name, better)
			}
			return problemf("", "there is no object `%s`, or the user may not see it", name)
		}
	}
	s = described(s)
	if err := s.WriteDir(dir); err != nil {
		return err
	}
	if wantsJSON(ctx) {
		return c.printJSON(map[string]any{"directory": dir, "objects": s.Names()})
	}
	fmt.Fprintf(c.out, "%s written to %s\n", plural(len(s.Names()), "describe result"), dir)
	return nil
}

func (c *console) schemaRefresh(ctx *cli.Context) error {
	sources, err := c.readRules(ctx.Args().Slice())
	if err != nil {
		return err
	}
	var files []*dsl.File
	for _, src := range sources {
		f, _ := dsl.Parse(src)
		files = append(files, f)
	}
	s, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	targets, err := targetsFor(ctx, s.State(), files)
	if err != nil {
		return err
	}
	type refreshed struct {
		Connection string   `json:"connection"`
		Objects    []string `json:"objects"`
	}
	list := []refreshed{}
	for _, t := range targets {
		defer t.close()
		if t.name == "" {
			return usagef("--save-connection NAME", "the schema of an org without a name cannot be remembered")
		}
		found, err := describe(ctx.Context, t, files)
		if err != nil {
			return err
		}
		found = described(found)
		for _, name := range found.Names() {
			entry := store.Schema{Connection: t.name, Object: name, Fetched: found.FetchedAt, Describe: found.Object(name).Raw()}
			if entry.Fetched.IsZero() {
				entry.Fetched = time.Now()
			}
			if err := store.PutSchema(ctx.Context, s.State(), entry); err != nil {
				return err
			}
		}
		list = append(list, refreshed{t.name, orEmpty(found.Names())})
	}
	if wantsJSON(ctx) {
		return c.printJSON(list)
	}
	for _, r := range list {
		fmt.Fprintf(c.out, "connection %s: %s\n", r.Connection, plural(len(r.Objects), "object"))
		for _, name := range r.Objects {
			fmt.Fprintf(c.out, "  %s\n", name)
		}
	}
	return nil
}

// targetsFor are the orgs that rules write to: the one that flags name, or else those
// of the connections that the rules name. The first of them is returned first.
func targetsFor(ctx *cli.Context, kv store.KV, files []*dsl.File) ([]*target, error) {
	names := connectionsOf(files)
	t, err := givenTarget(ctx, func() (store.KV, error) { return kv, nil })
	if err != nil {
		return nil, err
	}
	if t == nil {
		return namedTargets(ctx, kv, names)
	}
	// One org must not get what is meant for another.
	if len(names) > 1 && t.sim == nil {
		return nil, usagef("leave --instance and --connection out", "the rules write to several connections: %s", quoted(names))
	}
	if name := ctx.String("save-connection"); name != "" {
		if t.sim != nil || t.name != "" {
			t.close()
			return nil, usagef("", "--save-connection goes with --instance")
		}
		if err := saveConnection(ctx, kv, t, name); err != nil {
			return nil, err
		}
		t.name = name
	}
	return []*target{t}, nil
}

func namedTargets(ctx *cli.Context, kv store.KV, names []string) ([]*target, error) {
	if ctx.String("save-connection") != "" {
		return nil, usagef("", "--save-connection goes with --instance")
	}
	var out []*target
	for _, name := range names {
		if name == "" {
			return nil, usagef("--instance URL, --connection NAME or --org sim", "no org is named, neither by a flag nor by the rules")
		}
		t, err := connectionTarget(ctx, kv, name, len(names) == 1)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, usagef("--instance URL, --connection NAME or --org sim", "no org is named, neither by a flag nor by the rules")
	}
	return out, nil
}

func quoted(names []string) string {
	s := ""
	for i, name := range names {
		if i > 0 {
			s += ", "
		}
		if name == "" {
			s += "one without a name"
			continue
		}
		s += "`" + name + "`"
	}
	return s
}
