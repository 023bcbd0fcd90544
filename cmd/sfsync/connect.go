package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

func connectCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "connect",
		Usage: "Salesforce orgs that sfsync stays signed in to",
		Subcommands: []*cli.Command{
			connectAddCommand(c),
			connectListCommand(c),
			connectShowCommand(c),
			connectTestCommand(c),
			connectRefreshCommand(c),
			connectRenameCommand(c),
			connectRemoveCommand(c),
			connectKeyCommand(c),
			connectGuideCommand(c),
		},
	}
}

// vaultOptions are those of the store that a command uses.
func vaultOptions(ctx *cli.Context) (vault.Options, error) {
	dir, err := storeDir(ctx)
	return vault.Options{Dir: dir, Key: os.Getenv(vault.KeyPlaceVariable)}, err
}

// connections is the connections of a store.
func connections(ctx *cli.Context, kv store.KV) (*connection.Manager, error) {
	o, err := vaultOptions(ctx)
	if err != nil {
		return nil, err
	}
	return connection.New(connection.Config{KV: kv, Vault: o}), nil
}

// withConnections opens the store, also one that a daemon has, and does something with
// its connections.
func withConnections(ctx *cli.Context, do func(m *connection.Manager, kv store.KV) error) error {
	kv, done, err := openState(ctx)
	defer done()
	if err != nil {
		return err
	}
	m, err := connections(ctx, kv)
	if err != nil {
		return err
	}
	return do(m, kv)
}

// named is the one connection that arguments name, and the connection of that name.
func namedConnection(ctx *cli.Context, kv store.KV) (store.Connection, error) {
	name := ctx.Args().First()
	if name == "" {
		return store.Connection{}, usagef("sfsync connect list", "name a connection")
	}
	return storedConnection(ctx.Context, kv, name)
}

func storedConnection(ctx context.Context, kv store.KV, name string) (store.Connection, error) {
	saved, err := store.GetConnection(ctx, kv, name)
	if errors.Is(err, store.ErrNotFound) {
		return saved, unknownConnection(name)
	}
	return saved, err
}

// newName checks the name of a connection to be, which rules have to be able to write.
func newName(name string) error {
	if !dsl.IsConnectionName(name) {
		return fmt.Errorf("`%s` is no name of a connection: rules call it by one word of letters, digits, `-`, `_` and `.`", name)
	}
	return nil
}

// connectionError says what kept a connection from being used, and what to do about it.
func connectionError(name string, err error) error {
	var e *salesforce.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*exitError)), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, vault.ErrWrongKey), errors.Is(err, vault.ErrNoKey), errors.Is(err, vault.ErrNoPlace):
		return keyError(fmt.Errorf("connection %s: %w", name, err))
	case errors.Is(err, vault.ErrDamaged):
		return outsidef("sfsync connect remove "+name+", and add it again", "connection %s: %w", name, err)
	case errors.Is(err, connection.ErrOtherOrg):
		return usagef("sfsync connect remove "+name+", or choose another name", "%v", err)
	case errors.As(err, &e):
		message := fmt.Sprintf("connection %s: %v", name, err)
		if strings.HasPrefix(e.Message, "connection ") {
			message = e.Message // which names it already
		}
		return &exitError{code: exitOutside, message: message, help: signInAdvice(name, e), cause: err}
	}
	return outsidef("", "connection %s: %w", name, err)
}

// signInAdvice is what to do about a sign-in that did not work.
func signInAdvice(name string, e *salesforce.Error) string {
	switch {
	case e.Cause == salesforce.Unavailable && e.Advice == "":
		return "again in a moment; status.salesforce.com tells how the instance is"
	case e.Cause == salesforce.Network && e.Advice == "":
		return "look at the spelling of the host first; then at DNS, proxy and firewall. sfsync connect show " + name + " tells a stored connection's host"
	}
	info, _ := salesforce.ExplainCause(e.Cause)
	// Add asks nothing that is known, and works for a connection that is not there yet.
	return strings.ReplaceAll(cmp.Or(e.Advice, info.Advice), "connect refresh NAME", "connect add "+name)
}
