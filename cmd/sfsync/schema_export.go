package main

import (
	"context"
	"fmt"
	"slices"
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
	files, err := c.parseRules(ctx.StringSlice("rules"))
	if err != nil {
		return err
	}
	if len(files) == 0 && len(objects) == 0 && !ctx.Bool("all") && ctx.String("org") == "" {
		return usagef("--rules FILE exports what rules need, --all everything", "nothing says which objects to export")
	}
	s, err := storedExport(ctx, files, objects)
	if err == nil && s == nil {
		s, err = c.fetchedExport(ctx, files, objects)
	}
	if err != nil {
		return err
	}
	if err := s.WriteDir(dir); err != nil {
		return outsidef("", "%w", err)
	}
	if wantsJSON(ctx) {
		return c.printJSON(map[string]any{"directory": dir, "objects": orEmpty(s.Described())})
	}
	fmt.Fprintf(c.out, "%s written to %s\n", plural(len(s.Described()), "describe result"), dir)
	return nil
}

// storedExport is what the store knows of a connection, if that is all that is to be
// exported: then no network is needed.
func storedExport(ctx *cli.Context, files []*dsl.File, objects []string) (*schema.Schema, error) {
	if ctx.String("connection") == "" || ctx.Bool("refresh") || ctx.Bool("all") {
		return nil, nil
	}
	kv, done, err := readState(ctx)
	if err != nil || kv == nil {
		return nil, err
	}
	defer done()
	kept, err := keptSchema(ctx.Context, kv, ctx.String("connection"))
	if err != nil || kept == nil {
		return nil, err
	}
	out := schema.New()
	for _, name := range slices.Concat(objects, namedObjects(files), parents(files, kept)) {
		o := kept.Object(name)
		if o == nil {
			return nil, nil
		}
		out.Add(o)
	}
	return out, nil
}

// fetchedExport asks the org for what is to be exported.
func (c *console) fetchedExport(ctx *cli.Context, files []*dsl.File, objects []string) (*schema.Schema, error) {
	t, err := oneTarget(ctx)
	if err != nil {
		return nil, err
	}
	defer t.close()
	s, err := describe(ctx.Context, t, files)
	if err != nil {
		return nil, err
	}
	if ctx.Bool("all") || len(files) == 0 && len(objects) == 0 {
		objects = s.Names()
	}
	if err := describeObjects(ctx.Context, t, s, objects, c.schemaProgress()); err != nil {
		return nil, err
	}
	for _, name := range append(objects, namedObjects(files)...) {
		if o := s.Object(name); o == nil || len(o.Fields) == 0 {
			return nil, noObject(name, s.Names())
		}
	}
	return s, nil
}

// keepSchema puts what was described of a connection's org into the store.
func keepSchema(ctx context.Context, kv store.KV, connection string, s *schema.Schema) error {
	for _, name := range s.Described() {
		o := s.Object(name)
		entry := store.Schema{Connection: connection, Object: name, Fetched: o.FetchedAt, Modified: o.LastModified, Describe: o.Raw()}
		if entry.Fetched.IsZero() {
			entry.Fetched = time.Now()
		}
		if err := store.PutSchema(ctx, kv, entry); err != nil {
			return err
		}
	}
	return nil
}
