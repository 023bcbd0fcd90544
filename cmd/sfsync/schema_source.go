package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

func schemaFlag() cli.Flag {
	return &cli.StringFlag{Name: "schema", Usage: "take objects and fields from the describe results in `DIR`"}
}

// givenSchema is the schema that flags ask for, nil if they ask for none.
func givenSchema(ctx *cli.Context) (given *schema.Schema, from string, err error) {
	dir, name := ctx.String("schema"), ctx.String("connection")
	switch {
	case dir != "" && name != "":
		return nil, "", usagef("", "--schema and --connection exclude each other")
	case dir != "":
		given, err = readSchema(dir)
		return given, dir, err
	case name != "":
		given, err = storedSchema(ctx, name)
		return given, "connection " + name, err
	}
	return nil, "", nil
}

// storedSchema is the schema of a connection as the store remembers it.
func storedSchema(ctx *cli.Context, name string) (*schema.Schema, error) {
	kv, done, err := readState(ctx)
	defer done()
	if err != nil {
		return nil, err
	}
	if kv == nil {
		return nil, unknownConnection(name)
	}
	return schemaOf(ctx.Context, kv, name)
}

func unknownConnection(name string) error {
	return usagef("sfsync connect list tells which there are, sfsync connect add "+name+" adds it", "there is no connection `%s` in the store", name)
}

// schemaOf reads the schema of a connection out of a store.
func schemaOf(ctx context.Context, kv store.KV, name string) (*schema.Schema, error) {
	if _, err := store.GetConnection(ctx, kv, name); errors.Is(err, store.ErrNotFound) {
		return nil, unknownConnection(name)
	} else if err != nil {
		return nil, err
	}
	s, err := keptSchema(ctx, kv, name)
	if err == nil && s == nil {
		err = usagef("sfsync schema refresh --connection "+name+" RULES", "the schema of connection `%s` was not fetched yet", name)
	}
	return s, err
}

// keptSchema is what the store keeps of the schema of a connection, or of an org that
// has none. It is nil if that is nothing.
func keptSchema(ctx context.Context, kv store.KV, name string) (*schema.Schema, error) {
	cached, err := store.Schemas(ctx, kv, name)
	if err != nil || len(cached) == 0 {
		return nil, err
	}
	out := schema.New()
	for _, entry := range cached {
		o, err := schema.ParseDescribe(entry.Describe)
		if err != nil {
			return nil, outsidef("sfsync schema refresh --connection "+name+" RULES", "the stored schema of %s is damaged: %w", entry.Object, err)
		}
		o.FetchedAt, o.LastModified = entry.Fetched, entry.Modified
		out.Add(o)
		if out.FetchedAt.IsZero() || entry.Fetched.Before(out.FetchedAt) {
			out.FetchedAt = entry.Fetched
		}
	}
	return out, nil
}

const schemaDirHelp = "sfsync schema export DIR writes such a directory"

// schemaDir is a directory of describe results.
func schemaDir(dir string) (fs.FS, error) {
	switch info, err := os.Stat(dir); {
	case err != nil:
		return nil, outsidef(schemaDirHelp, "cannot read the schema directory %s: %s", dir, reason(err))
	case !info.IsDir():
		return nil, outsidef(schemaDirHelp, "cannot read the schema directory %s: it is a file", dir)
	}
	return os.DirFS(dir), nil
}

// readSchema reads a directory of describe results.
func readSchema(dir string) (*schema.Schema, error) {
	files, err := schemaDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := schema.ReadDir(files)
	if err != nil {
		var parts []string
		for _, e := range unjoin(err) {
			parts = append(parts, e.Error())
		}
		return nil, outsidef(schemaDirHelp, "cannot read the schema directory %s: %s", dir, strings.Join(parts, "; "))
	}
	if len(s.Names()) == 0 {
		return nil, outsidef(schemaDirHelp, "the schema directory %s has no describe results (*.json)", dir)
	}
	return s, nil
}

// unjoin takes joined errors apart.
func unjoin(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
