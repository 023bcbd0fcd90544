package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

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
	kv, done, err := openState(ctx)
	defer done()
	if err != nil {
		return err
	}
	targets, err := targetsFor(ctx, kv, files)
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
		if err := keepSchema(ctx.Context, kv, t.name, found); err != nil {
			return err
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

// keepSchema puts what was described of a connection's org into the store.
func keepSchema(ctx context.Context, kv store.KV, connection string, s *schema.Schema) error {
	for _, name := range s.Names() {
		entry := store.Schema{Connection: connection, Object: name, Fetched: s.FetchedAt, Describe: s.Object(name).Raw()}
		if entry.Fetched.IsZero() {
			entry.Fetched = time.Now()
		}
		if err := store.PutSchema(ctx, kv, entry); err != nil {
			return err
		}
	}
	return nil
}
