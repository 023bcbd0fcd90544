package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// homeVariable names the directory in which sfsync keeps what it remembers.
const homeVariable = "SFSYNC_HOME"

func storeFlag() cli.Flag {
	return &cli.StringFlag{Name: "store", Usage: "`DIR` in which sfsync remembers events, runs and connections (default: $" + homeVariable + ", or the user's configuration directory)"}
}

// storeDir is the directory of the store.
func storeDir(ctx *cli.Context) (string, error) {
	if dir := ctx.String("store"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv(homeVariable); dir != "" {
		return dir, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", outsidef("set $"+homeVariable+", or give --store DIR", "there is no home directory to keep the store in")
	}
	return filepath.Join(dir, "sfsync"), nil
}

// openStore opens the store for reading and writing, and makes it if there is none.
func openStore(ctx *cli.Context) (*bolt.Store, error) {
	dir, err := storeDir(ctx)
	if err != nil {
		return nil, err
	}
	s, err := bolt.Open(dir, bolt.Options{})
	return s, storeError(dir, err)
}

// readStore opens the store for reading only. It is nil, without an error, if there is none.
func readStore(ctx *cli.Context) (*bolt.Store, error) {
	dir, err := storeDir(ctx)
	if err != nil {
		return nil, err
	}
	s, err := bolt.Open(dir, bolt.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return s, storeError(dir, err)
}

// openOrAsk opens the store, or finds the daemon that has it open.
func openOrAsk(ctx *cli.Context, open func(*cli.Context) (*bolt.Store, error)) (*bolt.Store, *servingFile, error) {
	if at := daemonOf(ctx); at != nil {
		return nil, at, nil
	}
	s, err := open(ctx)
	if errors.Is(err, store.ErrInUse) {
		if at := daemonOf(ctx); at != nil { // it was just starting
			return nil, at, nil
		}
	}
	return s, nil, err
}

// daemonOf finds the daemon that has the store, nil if there is none that answers.
func daemonOf(ctx *cli.Context) *servingFile {
	dir, err := storeDir(ctx)
	if err != nil {
		return nil
	}
	at := readServingFile(dir)
	if at == nil || !at.answers(ctx.Context) {
		return nil
	}
	return at
}

// openState opens the store's small values for reading and writing, also while a
// daemon has the store. The caller ends with done.
func openState(ctx *cli.Context) (kv store.KV, done func(), err error) {
	return stateOf(openOrAsk(ctx, openStore))
}

// readState opens the store's small values for reading. They are nil, without an
// error, if there is no store. The caller ends with done.
func readState(ctx *cli.Context) (kv store.KV, done func(), err error) {
	return stateOf(openOrAsk(ctx, readStore))
}

func stateOf(s *bolt.Store, at *servingFile, err error) (store.KV, func(), error) {
	switch {
	case at != nil:
		return daemonState{at}, func() {}, nil
	case err != nil || s == nil:
		return nil, func() {}, err
	}
	return s.State(), func() { s.Close() }, nil
}

func schemaFlag() cli.Flag {
	return &cli.StringFlag{Name: "schema", Usage: "check against the describe results in `DIR`"}
}

// givenSchema is the schema that flags ask for, nil if they ask for none.
func (c *console) givenSchema(ctx *cli.Context) (given *schema.Schema, from string, err error) {
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
	return usagef("sfsync connect add "+name, "there is no connection `%s` in the store", name)
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
