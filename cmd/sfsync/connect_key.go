package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/store/vault"
)

func connectKeyCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "key",
		Usage: "the key that seals secrets in the store",
		Subcommands: []*cli.Command{
			{
				Name:  "show",
				Usage: "where the key is, and its fingerprint",
				Flags: []cli.Flag{storeFlag(), formatFlag()},
				Action: func(ctx *cli.Context) error {
					v, done, err := openVault(ctx)
					defer done()
					if err != nil {
						return err
					}
					info, err := v.Info(ctx.Context)
					if err != nil {
						return keyError(err)
					}
					if wantsJSON(ctx) {
						return c.printJSON(info)
					}
					if !info.Sealed {
						fmt.Fprintln(c.out, "The store holds no secret yet, and so it has no key.")
						return nil
					}
					t := table{}
					t.row(cell{"key", c.style.dim}, info.KeyID)
					t.row(cell{"place", c.style.dim}, info.Place)
					t.row(cell{"secrets", c.style.dim}, plural(info.Secrets, "secret"))
					t.write(c.out, 0)
					if info.Rotating != "" {
						fmt.Fprintf(c.out, "A change to key %s was begun: sfsync connect key rotate finishes it.\n", info.Rotating)
					}
					return nil
				},
			},
			{
				Name:  "rotate",
				Usage: "make a new key, and seal every secret with it",
				Description: "Interrupted, it loses nothing, and goes on when it is called again. With the key in\n" +
					"the variable " + vault.KeyVariable + ", the new one is read from " + vault.NextKeyVariable + ".",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "to", Usage: "keep the new key in another `PLACE`: env, file, file:PATH or keyring"},
					storeFlag(), formatFlag(),
				},
				Action: func(ctx *cli.Context) error {
					v, done, err := openVault(ctx)
					defer done()
					if err != nil {
						return err
					}
					r, err := v.Rotate(ctx.Context, ctx.String("to"))
					if err != nil {
						return keyError(err)
					}
					if wantsJSON(ctx) {
						return c.printJSON(r)
					}
					fmt.Fprintf(c.out, "%s sealed with the new key %s (%s). The old key %s opens nothing any more.\n", plural(r.Secrets, "secret"), r.NewKeyID, r.Place, r.OldKeyID)
					if strings.HasSuffix(r.Place, " "+vault.KeyVariable) {
						fmt.Fprintf(c.out, "Put what is in %s into %s now, and start a running sfsync serve again with it.\n", vault.NextKeyVariable, vault.KeyVariable)
					}
					return nil
				},
			},
		},
	}
}

func openVault(ctx *cli.Context) (*vault.Vault, func(), error) {
	kv, done, err := openState(ctx)
	if err != nil {
		return nil, done, err
	}
	o, err := vaultOptions(ctx)
	if err != nil {
		return nil, done, err
	}
	v, err := vault.Open(ctx.Context, kv, o)
	return v, done, keyError(err)
}

// keyError says what is wrong with the key of the store.
func keyError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vault.ErrWrongKey), errors.Is(err, vault.ErrNoKey):
		return outsidef(vault.KeyAdvice, "%w", err)
	case errors.Is(err, vault.ErrNoPlace):
		return usagef("", "%v", err)
	}
	return outsidef("", "%w", err)
}
