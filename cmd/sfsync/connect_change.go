package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/store"
)

func connectRefreshCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "refresh",
		Usage:     "get a new access token now; sign in again if that does not work any more",
		ArgsUsage: "NAME",
		Flags:     append([]cli.Flag{storeFlag(), formatFlag()}, browserFlags()...),
		Action: func(ctx *cli.Context) error {
			var again *connection.Credentials // to sign in with once more
			var user string
			err := withConnections(ctx, func(m *connection.Manager, kv store.KV) error {
				one, err := namedConnection(ctx, kv)
				if err != nil {
					return err
				}
				if one.Grant == "" {
					return usagef("sfsync connect add "+one.Name, "connection %s signs in with variables of the environment, and has no token to renew", one.Name)
				}
				err = m.Refresh(ctx.Context, one.Name)
				if err != nil && one.Flow == connection.Web {
					if now, getErr := store.GetConnection(ctx.Context, kv, one.Name); getErr == nil && now.Stopped != nil {
						fmt.Fprintf(c.err, "%s %s\n", c.errStyle.yellow("note:"), printable(err.Error()))
						credentials, err := m.Credentials(ctx.Context, one.Name)
						if err != nil {
							return connectionError(one.Name, err)
						}
						again, user = &credentials, one.User
						return nil
					}
				}
				if err != nil {
					return connectionError(one.Name, err)
				}
				if wantsJSON(ctx) {
					one, err = store.GetConnection(ctx.Context, kv, one.Name)
					if err != nil {
						return err
					}
					return c.printJSON(connectionView{Connection: one})
				}
				fmt.Fprintf(c.out, "%s has a new access token.\n", one.Name)
				return nil
			})
			if err != nil || again == nil {
				return err
			}
			return c.signIn(ctx, ctx.Args().First(), user, *again)
		},
	}
}

func connectRenameCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:        "rename",
		Usage:       "give a connection another name",
		ArgsUsage:   "NAME NEW-NAME",
		Description: "Rules go on naming the old one until you change them.",
		Flags:       []cli.Flag{storeFlag(), formatFlag()},
		Action: func(ctx *cli.Context) error {
			if ctx.Args().Len() != 2 {
				return usagef("sfsync connect rename sandbox uat", "name the connection and its new name")
			}
			return withConnections(ctx, func(m *connection.Manager, kv store.KV) error {
				one, err := namedConnection(ctx, kv)
				if err != nil {
					return err
				}
				to := ctx.Args().Get(1)
				if err := newName(to); err != nil {
					return usagef("", "%v", err)
				}
				switch err := m.Rename(ctx.Context, one.Name, to); {
				case errors.Is(err, store.ErrConflict):
					return usagef("", "there is a connection `%s` already", to)
				case errors.Is(err, store.ErrInvalid):
					return usagef("", "%v", err)
				case err != nil:
					return err
				}
				if wantsJSON(ctx) {
					one.Name = to
					return c.printJSON(connectionView{Connection: one})
				}
				fmt.Fprintf(c.out, "%s is now %s. Rules that say `connection %s` or `using %s` have to be changed.\n", one.Name, to, one.Name, one.Name)
				c.mentionServed(ctx, one.Name)
				return nil
			})
		},
	}
}

func connectRemoveCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "revoke a connection's tokens and forget it",
		ArgsUsage: "NAME",
		Description: "Writes of a running sfsync serve that were meant for it wait until a connection of\n" +
			"this name is added again. What is known of its org's schema is forgotten too.",
		Flags: []cli.Flag{storeFlag(), &cli.BoolFlag{Name: "yes", Usage: "do not ask"}, formatFlag()},
		Action: func(ctx *cli.Context) error {
			return withConnections(ctx, func(m *connection.Manager, kv store.KV) error {
				one, err := namedConnection(ctx, kv)
				if err != nil {
					return err
				}
				if !ctx.Bool("yes") {
					if !c.canAsk() {
						return usagef("--yes, or run it at a terminal, where it asks", "%s would be signed out and forgotten, and nobody was asked", one.Name)
					}
					sure, err := c.confirm(ctx.Context, fmt.Sprintf("Remove %s (%s, %s)?", one.Name, one.Environment, one.User), false)
					if err != nil || !sure {
						return err
					}
				}
				err = m.Remove(ctx.Context, one.Name)
				defer c.mentionServed(ctx, one.Name)
				var left *connection.NotRevokedError
				revoked := err == nil && one.Grant != ""
				if err != nil && !errors.As(err, &left) {
					return connectionError(one.Name, err)
				}
				switch {
				case wantsJSON(ctx):
					err = c.printJSON(removedView{one.Name, revoked})
				case revoked:
					_, err = fmt.Fprintf(c.out, "%s is removed, and its tokens are revoked.\n", one.Name)
				case left != nil:
					_, err = fmt.Fprintf(c.out, "%s is removed here.\n", one.Name)
				default:
					_, err = fmt.Fprintf(c.out, "%s is removed.\n", one.Name)
				}
				if left != nil {
					return outsidef("revoke the app for "+one.User+" in Setup, Connected Apps OAuth Usage", "the org did not revoke its tokens: %w", left.Cause)
				}
				return err
			})
		},
	}
}

// removedView is the JSON form of what removing a connection led to.
type removedView struct {
	Name    string `json:"name"`
	Revoked bool   `json:"tokens_revoked"`
}

// mentionServed says what becomes of the rules of a running daemon when the connection
// that they name is gone.
func (c *console) mentionServed(ctx *cli.Context, name string) {
	if n := len(servedRules(ctx)[name]); n > 0 {
		fmt.Fprintf(c.err, "%s the running sfsync serve has %s for %s; once its last access token has run out, their writes wait until the rules name another connection, or there is one called %s again\n",
			c.errStyle.yellow("note:"), plural(n, "rule"), name, name)
	}
}
