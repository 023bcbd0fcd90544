package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// connectionView is the JSON form of a connection. It has no secret.
type connectionView struct {
	store.Connection
	Rules []string `json:"rules,omitempty"` // that use it, of the files given
}

func connectListCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list connections",
		ArgsUsage: "[RULES…]",
		Description: "With rule files or directories, it tells which rules use each connection, and which\n" +
			"connections rules name that do not exist.",
		Flags: []cli.Flag{storeFlag(), formatFlag()},
		Action: func(ctx *cli.Context) error {
			all, err := allConnections(ctx)
			if err != nil {
				return err
			}
			used, err := c.rulesByConnection(ctx.Args().Slice())
			if err != nil {
				return err
			}
			return c.listConnections(ctx, all, used)
		},
	}
}

// allConnections are those of the store; none if there is no store.
func allConnections(ctx *cli.Context) ([]store.Connection, error) {
	kv, done, err := readState(ctx)
	defer done()
	if err != nil || kv == nil {
		return nil, err
	}
	return store.Connections(ctx.Context, kv)
}

// rulesByConnection are the names of rules by the connection they use.
func (c *console) rulesByConnection(paths []string) (map[string][]string, error) {
	used := map[string][]string{}
	if len(paths) == 0 {
		return used, nil
	}
	sources, err := c.readRules(paths)
	if err != nil {
		return nil, err
	}
	for _, src := range sources {
		f, _ := dsl.Parse(src)
		for _, r := range f.Rules {
			one := &dsl.File{Source: f.Source, Connection: f.Connection, Rules: []*dsl.Rule{r}}
			for _, name := range connectionsOf([]*dsl.File{one}) {
				if name != "" && !slices.Contains(used[name], r.Name.Text) {
					used[name] = append(used[name], r.Name.Text)
				}
			}
		}
	}
	return used, nil
}

func (c *console) listConnections(ctx *cli.Context, all []store.Connection, used map[string][]string) error {
	if wantsJSON(ctx) {
		views := []connectionView{}
		for _, one := range all {
			views = append(views, connectionView{one, used[one.Name]})
		}
		return c.printJSON(views)
	}
	if len(all) == 0 {
		fmt.Fprintln(c.out, "There is no connection yet. sfsync connect add NAME makes one.")
		return nil
	}
	now := time.Now()
	t := table{}
	t.row("NAME", "ENVIRONMENT", "USER", "SIGNED IN BY", "LAST USED", "STATE")
	for _, one := range all {
		t.row(cell{one.Name, c.style.bold}, cmp.Or(one.Environment, "unknown"), cmp.Or(one.User, "–"), flowWord(one), ago(one.LastUsed, now), c.stateCell(one))
	}
	t.write(c.out, c.width)
	for name, rules := range used {
		if !slices.ContainsFunc(all, func(one store.Connection) bool { return one.Name == name }) {
			fmt.Fprintln(c.out, c.style.yellow(fmt.Sprintf("%s use `%s`, which is not there: sfsync connect add %s", plural(len(rules), "rule"), name, name)))
		}
	}
	return nil
}

// stateCell says in a word or a clause how a connection is.
func (c *console) stateCell(one store.Connection) cell {
	switch {
	case one.Stopped != nil:
		return cell{"stopped: " + one.Stopped.Message, c.style.red}
	case one.LastError != nil && one.LastError.At.After(one.LastUsed):
		return cell{"trouble: " + one.LastError.Message, c.style.yellow}
	}
	return cell{"fine", c.style.green}
}

func flowWord(one store.Connection) string { return cmp.Or(one.Flow, "environment") }

func connectShowCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show all that is known of a connection, but its secrets",
		ArgsUsage: "NAME [RULES…]",
		Flags:     []cli.Flag{storeFlag(), formatFlag()},
		Action: func(ctx *cli.Context) error {
			kv, done, err := readState(ctx)
			defer done()
			if err == nil && kv == nil {
				err = unknownConnection(ctx.Args().First())
			}
			if err != nil {
				return err
			}
			one, err := namedConnection(ctx, kv)
			if err != nil {
				return err
			}
			used, err := c.rulesByConnection(ctx.Args().Tail())
			if err != nil {
				return err
			}
			if wantsJSON(ctx) {
				return c.printJSON(connectionView{one, used[one.Name]})
			}
			c.showConnection(one, used[one.Name], time.Now())
			return nil
		},
	}
}

// showConnection prints a connection for a person.
func (c *console) showConnection(one store.Connection, rules []string, now time.Time) {
	org := one.OrgID
	if one.OrgName != "" {
		org = one.OrgName + "  " + one.OrgID
	}
	t := table{indent: "  "}
	row := func(name, value string) {
		if value != "" {
			t.row(cell{name, c.style.dim}, value)
		}
	}
	fmt.Fprintln(c.out, c.style.bold(one.Name))
	row("environment", cmp.Or(one.Environment, "unknown"))
	row("org", org)
	row("address", one.InstanceURL)
	row("user", one.User)
	row("signed in by", signedInBy(one))
	row("scopes", one.Scope)
	row("API version", cmp.Or(one.APIVersion, salesforce.DefaultVersion))
	if q := one.Quota; q != nil {
		row("API calls", fmt.Sprintf("%s of %s left today (%s)", thousands(max(0, q.Max-q.Used)), thousands(q.Max), ago(q.At, now)))
	}
	row("last used", ago(one.LastUsed, now))
	if !one.RefreshedAt.IsZero() {
		row("last token", ago(one.RefreshedAt, now))
	}
	if e := one.LastError; e != nil && one.Stopped == nil {
		row("last error", e.Message+" ("+ago(e.At, now)+")")
	}
	if len(rules) > 0 {
		row("rules", strings.Join(rules, "; "))
	}
	t.write(c.out, 0)
	if s := one.Stopped; s != nil {
		fmt.Fprintln(c.out, c.style.red(hanging("  stopped: ", s.Message+" ("+ago(s.At, now)+")", c.width)))
		fmt.Fprintln(c.out, hanging("  ", s.Advice, c.width))
	}
}

func signedInBy(one store.Connection) string {
	switch one.Flow {
	case connection.Web:
		return "a person in a browser, at " + one.LoginURL
	case connection.JWT:
		return "a private key, at " + one.LoginURL
	case connection.ClientCredentials:
		return "the app's own secret, at " + one.LoginURL
	}
	return "variables of the environment"
}
