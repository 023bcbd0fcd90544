package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

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
