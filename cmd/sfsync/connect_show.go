package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
	connectionUse
}

// connectionUse is who uses a connection.
type connectionUse struct {
	Rules  []string `json:"rules,omitempty"`        // of the files given
	Served []string `json:"served_rules,omitempty"` // of the daemon that has the store
}

// count is how many rules use the connection; those of a file that is served count once.
func (u connectionUse) count() int {
	n := len(u.Rules)
	for _, name := range u.Served {
		if !slices.Contains(u.Rules, name) {
			n++
		}
	}
	return n
}

func connectListCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list connections",
		ArgsUsage: "[RULES…]",
		Description: "It counts the rules that use each connection: those of a running sfsync serve, and\n" +
			"those of the files and directories that are named. It tells which connections rules\n" +
			"name that do not exist.",
		Flags: []cli.Flag{storeFlag(), formatFlag()},
		Action: func(ctx *cli.Context) error {
			all, err := allConnections(ctx)
			if err != nil {
				return err
			}
			used, err := c.usesOf(ctx, ctx.Args().Slice())
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

// usesOf tells who uses which connection: the rules in files, and those that a daemon
// on the same store serves.
func (c *console) usesOf(ctx *cli.Context, paths []string) (map[string]connectionUse, error) {
	used := map[string]connectionUse{}
	files, err := c.parseRules(paths)
	if err != nil {
		return nil, err
	}
	for name, rules := range rulesByConnection(files) {
		if name != "" {
			used[name] = connectionUse{Rules: rules}
		}
	}
	for name, rules := range servedRules(ctx) {
		use := used[name]
		use.Served = rules
		used[name] = use
	}
	return used, nil
}

// rulesByConnection are the names of rules by the connection they use, "" for none.
func rulesByConnection(files []*dsl.File) map[string][]string {
	used := map[string][]string{}
	for _, f := range files {
		for _, r := range f.Rules {
			one := &dsl.File{Source: f.Source, Connection: f.Connection, Rules: []*dsl.Rule{r}}
			for _, name := range connectionsOf([]*dsl.File{one}) {
				if !slices.Contains(used[name], r.Name.Text) {
					used[name] = append(used[name], r.Name.Text)
				}
			}
		}
	}
	return used
}

// servedRules are the rules of the daemon that has the store, by connection. There are
// none without a daemon.
func servedRules(ctx *cli.Context) map[string][]string {
	dir, err := storeDir(ctx)
	if err != nil {
		return nil
	}
	var said servingNow
	if at := readServingFile(dir); at == nil || at.askJSON(ctx.Context, http.MethodGet, "/serving", nil, &said) != nil {
		return nil
	}
	return said.Rules
}

func (c *console) listConnections(ctx *cli.Context, all []store.Connection, used map[string]connectionUse) error {
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
	c.connectionTable(all, used, now).write(c.out, c.width)
	for _, one := range all {
		if s := one.Stopped; s != nil {
			fmt.Fprintln(c.out, "\n"+hanging(c.style.red("✗")+" ", fmt.Sprintf("%s was stopped %s: %s", one.Name, ago(s.At, now), s.Message), c.width))
			fmt.Fprintln(c.out, hanging("  ", s.Advice, c.width))
		} else if e := one.LastError; troubled(one) {
			fmt.Fprintln(c.out, "\n"+hanging(c.style.yellow("!")+" ", fmt.Sprintf("%s had trouble %s: %s", one.Name, ago(e.At, now), e.Message), c.width))
			fmt.Fprintln(c.out, hanging("  ", e.Advice, c.width))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if !slices.ContainsFunc(all, func(one store.Connection) bool { return one.Name == name }) {
			who := plural(used[name].count(), "rule") + " name"
			if used[name].count() == 1 {
				who += "s"
			}
			fmt.Fprintln(c.out, c.style.yellow(fmt.Sprintf("%s the connection `%s`, which is not there: sfsync connect add %s", who, name, name)))
		}
	}
	return nil
}

// connectionTable has a line for each connection. On a narrow terminal it leaves out what
// connect show tells, so that how a connection is stays in sight.
func (c *console) connectionTable(all []store.Connection, used map[string]connectionUse, now time.Time) *table {
	var t table
	row := func(name, environment, user, flow, rules, last, state any) {
		cells := []any{name, environment, user}
		if c.width >= defaultWidth {
			cells = append(cells, flow, rules)
		} else if len(used) > 0 {
			cells = append(cells, rules)
		}
		t.row(append(cells, last, state)...)
	}
	row("NAME", "ENVIRONMENT", "USER", "SIGNED IN BY", "RULES", "LAST USED", "STATE")
	for _, one := range all {
		row(cell{one.Name, c.style.bold}, cmp.Or(one.Environment, "unknown"), cmp.Or(one.User, "–"), flowWord(one), rulesCell(used, one.Name), ago(one.LastUsed, now), c.stateCell(one))
	}
	return &t
}

// rulesCell counts the rules that use a connection, where any are known.
func rulesCell(used map[string]connectionUse, name string) string {
	if len(used) == 0 {
		return "–"
	}
	return strconv.Itoa(used[name].count())
}

// stateCell says in a word how a connection is.
func (c *console) stateCell(one store.Connection) cell {
	switch {
	case one.Stopped != nil:
		return cell{"stopped", c.style.red}
	case troubled(one):
		return cell{"trouble", c.style.yellow}
	}
	return cell{"fine", c.style.green}
}

// troubled reports whether the last thing that is known of a connection is an error.
func troubled(one store.Connection) bool {
	return one.Stopped == nil && one.LastError != nil && one.LastError.At.After(one.LastUsed)
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
			used, err := c.usesOf(ctx, ctx.Args().Tail())
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
func (c *console) showConnection(one store.Connection, use connectionUse, now time.Time) {
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
	row("rules", strings.Join(use.Rules, "; "))
	row("served now", strings.Join(use.Served, "; "))
	t.write(c.out, 0)
	if s := one.Stopped; s != nil {
		fmt.Fprintln(c.out, c.style.red(hanging("  stopped: ", s.Message+" ("+ago(s.At, now)+")", c.width)))
		fmt.Fprintln(c.out, hanging("  ", s.Advice, c.width))
	} else if troubled(one) {
		fmt.Fprintln(c.out, hanging("  ", one.LastError.Advice, c.width))
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
