package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

// privateKeyVariable holds the key of the JWT flow itself, for those who have no file.
const privateKeyVariable = "SFSYNC_PRIVATE_KEY"

func connectAddCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "sign in to an org and keep it under a name, or sign in again",
		ArgsUsage: "NAME",
		Description: "It takes an External Client App in the org: `sfsync connect guide` says how to make\n" +
			"one, for each of the three flows. At a terminal it asks for what no flag says.\n\n" +
			"The consumer secret comes from " + secretVariable + ", from --client-secret-file, or is\n" +
			"asked for; the private key of the JWT flow from --key or " + privateKeyVariable + ".",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "flow", EnvVars: []string{"SFSYNC_FLOW"}, Usage: "`FLOW`: web (a person in a browser, once), jwt (a key file) or client-credentials"},
			&cli.StringFlag{Name: "host", EnvVars: []string{"SFSYNC_HOST"}, Usage: "the org's My Domain, `HOST` such as acme.my.salesforce.com; or login, or test"},
			&cli.StringFlag{Name: "client-id", EnvVars: []string{idVariable}, Usage: "consumer `KEY` of the External Client App"},
			&cli.StringFlag{Name: "client-secret-file", Usage: "`FILE` with the consumer secret; - is standard input"},
			&cli.StringFlag{Name: "key", EnvVars: []string{privateKeyVariable + "_FILE"}, Usage: "PEM `FILE` of the private key, for jwt"},
			&cli.StringFlag{Name: "user", EnvVars: []string{"SFSYNC_USER"}, Usage: "`NAME` of the user to sign in as, for jwt; for web it is filled in on the page"},
			&cli.StringFlag{Name: "audience", Usage: "`URL` that a JWT is made out to, if it is not the login host"},
			versionFlag(),
			storeFlag(),
			formatFlag(),
		}, browserFlags()...),
		Action: func(ctx *cli.Context) error {
			name := ctx.Args().First()
			if name == "" && c.canAsk() {
				var err error
				if name, err = c.ask(ctx.Context, "What is the connection called in rules?", "production", newName); err != nil {
					return err
				}
			}
			if name == "" || ctx.Args().Len() > 1 {
				return usagef("sfsync connect add production --flow web --host acme.my.salesforce.com", "a connection has one name")
			}
			if err := newName(name); err != nil {
				return usagef("sfsync connect add production", "%v", err)
			}
			var known connection.Credentials
			var user string
			err := withConnections(ctx, func(m *connection.Manager, kv store.KV) error {
				o, err := vaultOptions(ctx)
				if err != nil {
					return err
				}
				// Nobody is to sign in for what can then not be sealed.
				if _, err := vault.Open(ctx.Context, kv, o); err != nil {
					return connectionError(name, err)
				}
				if one, err := store.GetConnection(ctx.Context, kv, name); err == nil {
					user = one.User
				}
				known, err = m.Credentials(ctx.Context, name)
				if errors.Is(err, store.ErrNotFound) || errors.Is(err, connection.ErrNoGrant) {
					return nil
				}
				return connectionError(name, err)
			})
			if err != nil {
				return err
			}
			credentials, err := c.credentials(ctx, known)
			if err != nil {
				return connectionError(name, err)
			}
			return c.signIn(ctx, name, user, credentials)
		},
	}
}

// signIn signs a connection in with credentials, stores it and says who we are. User is
// who it was so far, "" if it is new. Nobody has the store open meanwhile: a person takes
// minutes, and a daemon may want to start.
func (c *console) signIn(ctx *cli.Context, name, user string, credentials connection.Credentials) error {
	if err := credentials.Validate(); err != nil {
		return usagef("sfsync connect guide "+credentials.Flow, "%v", err)
	}
	var token *salesforce.Token
	if credentials.Flow == connection.Web {
		var err error
		if token, err = c.signInWithBrowser(ctx, credentials, cmp.Or(credentials.Username, user)); err != nil {
			return connectionError(name, err)
		}
	}
	var saved store.Connection
	err := withConnections(ctx, func(m *connection.Manager, kv store.KV) (err error) {
		saved, err = m.Add(ctx.Context, name, credentials, token, ctx.String("api-version"))
		return connectionError(name, err)
	})
	if err != nil {
		return err
	}
	if user != "" && saved.User != user {
		fmt.Fprintf(c.err, "%s %s signed in as %s before, and its writes are made as %s from now on\n", c.errStyle.yellow("note:"), name, printable(user), printable(saved.User))
	}
	if wantsJSON(ctx) {
		return c.printJSON(connectionView{Connection: saved})
	}
	c.showConnection(saved, connectionUse{}, time.Now())
	fmt.Fprintf(c.out, "\nNext, prove that its user may do what rules need: sfsync connect test %s RULES\n", name)
	return nil
}

// credentials gathers what signs a connection in: of flags and variables, of what is
// stored already, and by asking.
func (c *console) credentials(ctx *cli.Context, known connection.Credentials) (connection.Credentials, error) {
	var err error
	out := known
	if flow := ctx.String("flow"); flow != "" && flow != known.Flow {
		out = connection.Credentials{Flow: flow, Login: known.Login}
	}
	if out.Flow == "" && c.canAsk() {
		if out.Flow, err = c.choose(ctx.Context, "How does it sign in?", connection.Web, []option{
			{connection.Web, "you sign in with a browser, once"},
			{connection.JWT, "with a private key, for servers"},
			{connection.ClientCredentials, "with the app's own secret and Run As user, for servers"},
		}); err != nil {
			return out, err
		}
	}
	switch out.Flow {
	case connection.Web, connection.JWT, connection.ClientCredentials:
	case "":
		return out, missingAnswer("flow", "nothing says how to sign in: web, jwt or client-credentials")
	default:
		return out, usagef("", "there is no flow `%s`; it is web, jwt or client-credentials", out.Flow)
	}
	checkHost := func(answer string) error { _, err := salesforce.ParseLogin(answer); return err }
	host, err := c.answerFor(ctx, "host", "Which host? (the org's My Domain, or login, or test)", out.Login, checkHost)
	if err != nil {
		return out, err
	}
	if out.Login, err = salesforce.ParseLogin(host); err != nil {
		return out, usagef("--host acme.my.salesforce.com, or login, or test", "--host: %v", err)
	}
	if out.ClientID, err = c.answerFor(ctx, "client-id", "Consumer key of the External Client App? (sfsync connect guide "+out.Flow+")", out.ClientID, notEmpty("the consumer key")); err != nil {
		return out, err
	}
	if out.Login != known.Login || out.ClientID != known.ClientID {
		// What is stored was given for one app of one host, and goes to no other.
		out.ClientSecret, out.PrivateKey, out.Audience = "", "", ""
	}
	if ctx.String("audience") != "" {
		out.Audience = ctx.String("audience")
	}
	if out.Flow == connection.JWT {
		return out, c.keyCredentials(ctx, &out)
	}
	return out, c.secretCredentials(ctx, &out)
}

// secretCredentials adds the consumer secret.
func (c *console) secretCredentials(ctx *cli.Context, out *connection.Credentials) error {
	if out.Flow == connection.Web {
		out.Username = ctx.String("user")
	}
	switch path := ctx.String("client-secret-file"); {
	case path != "":
		secret, err := c.readSecret(path)
		if err != nil {
			return err
		}
		out.ClientSecret = salesforce.Secret(secret)
	case os.Getenv(secretVariable) != "":
		out.ClientSecret = salesforce.Secret(os.Getenv(secretVariable))
	case out.ClientSecret != "":
	case c.canAsk():
		question := "Consumer secret?"
		if out.Flow == connection.Web {
			question = "Consumer secret? (empty if the app does not require one)"
		}
		secret, err := c.askSecret(ctx.Context, question)
		if err != nil {
			return err
		}
		out.ClientSecret = salesforce.Secret(secret)
	case out.Flow == connection.ClientCredentials:
		return usagef("export "+secretVariable+"=…, or --client-secret-file FILE", "the client credentials flow needs the consumer secret")
	}
	return nil
}

// keyCredentials adds the private key and whom it signs in.
func (c *console) keyCredentials(ctx *cli.Context, out *connection.Credentials) error {
	var err error
	if out.Username, err = c.answerFor(ctx, "user", "Which user does it sign in as?", out.Username, notEmpty("the name of the user to sign in as")); err != nil {
		return err
	}
	path := ctx.String("key")
	switch {
	case path != "":
	case os.Getenv(privateKeyVariable) != "":
		out.PrivateKey = salesforce.Secret(os.Getenv(privateKeyVariable))
		return nil
	case out.PrivateKey != "":
		return nil
	case c.canAsk():
		if path, err = c.ask(ctx.Context, "Which file holds the private key?", "", notEmpty("the file of the private key")); err != nil {
			return err
		}
	default:
		return missingAnswer("key", "nothing says where the private key is")
	}
	key, err := c.readSecret(path)
	if err != nil {
		return err
	}
	out.PrivateKey = salesforce.Secret(key)
	return nil
}

// answerFor is what a flag says, or else the answer to a question, or what is known.
func (c *console) answerFor(ctx *cli.Context, flag, question, known string, check func(string) error) (string, error) {
	if given := ctx.String(flag); given != "" {
		return given, nil
	}
	if known == "" && c.canAsk() {
		return c.ask(ctx.Context, question, known, check)
	}
	if err := check(known); err != nil {
		return "", missingAnswer(flag, err.Error())
	}
	return known, nil
}

func notEmpty(what string) func(string) error {
	return func(answer string) error {
		if answer == "" {
			return errors.New(what + " is missing")
		}
		return nil
	}
}

func missingAnswer(flag, what string) error {
	return usagef("--"+flag+", or run it at a terminal, where it asks", "%s", what)
}

// maxSecret is more than a key or a secret has.
const maxSecret = 64 << 10

// readSecret reads a secret from a file, or from standard input for "-".
func (c *console) readSecret(path string) (string, error) {
	in := c.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", outsidef("", "cannot read %s: %s", path, reason(err))
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return "", outsidef("", "cannot read %s: %s", path, reason(err))
	}
	if len(text) > maxSecret {
		return "", usagef("", "%s is too long for a secret", path)
	}
	return strings.TrimSpace(string(text)), nil
}
