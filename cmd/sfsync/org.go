package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/orgsim"
)

func orgCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "org",
		Usage: "a simulated Salesforce org, to try rules without a real one",
		Subcommands: []*cli.Command{{
			Name:  "start",
			Usage: "start a simulated org and keep it running until Ctrl-C",
			Description: "It has records, users, permissions, limits and a log-in page, refuses what Salesforce\n" +
				"refuses, and breaks as you tell it to. When records change it sends the outbound\n" +
				"messages that --overlay defines, as {\"outboundMessages\": [{\"name\": \"Case_closed\",\n" +
				"\"object\": \"Case\", \"endpoint\": \"http://127.0.0.1:8443/soap/production\"}]}. Everything\n" +
				"can be looked at and changed while it runs: the page /sim/ of its address tells how.",
			Flags:  slices.Concat(orgFlags(), simFlags(), []cli.Flag{formatFlag()}),
			Action: func(ctx *cli.Context) error { return c.startOrg(ctx) },
		}},
	}
}

// simFlags are the flags that set a simulated org up.
func simFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "org-schema", Usage: "make the simulated org of the describe results in `DIR`"},
		&cli.StringFlag{Name: "seed", Usage: "put the records in `FILE` into the simulated org: {\"Contact\": [{…}]}"},
		&cli.StringFlag{Name: "overlay", Usage: "set permissions and rules of the simulated org up as in `FILE`"},
		&cli.StringFlag{Name: "faults", Usage: "break the simulated org as in `FILE`: a list of faults"},
	}
}

// simulate makes the simulated org that flags describe. It does not listen yet.
func simulate(ctx *cli.Context) (*orgsim.Org, error) {
	options, err := orgOptions(ctx)
	if err != nil {
		return nil, err
	}
	org, err := orgsim.New(options)
	switch {
	case errors.Is(err, orgsim.ErrRemoteEndpoint):
		return nil, problemf("--remote-endpoints", "cannot make the simulated org: %v", err)
	case err != nil:
		return nil, problemf("", "cannot make the simulated org: %v", err)
	}
	if err := setSpeeds(ctx, org); err != nil {
		return nil, err
	}
	return org, setUp(org, ctx.String("seed"), ctx.String("faults"))
}

// setUp fills an org with records and breaks it, as the files say; "" says nothing.
func setUp(org *orgsim.Org, seed, faults string) error {
	if seed != "" {
		data, err := readFile(seed)
		if err != nil {
			return err
		}
		if err := seedOrg(org, data); err != nil {
			return problemf(seedHelp(org, data), "%s: %v", seed, err)
		}
	}
	if faults != "" {
		data, err := readFile(faults)
		if err != nil {
			return err
		}
		if err := breakOrg(org, data); err != nil {
			return problemf(`it is written [{"kind": "row_lock", "record": "003…", "times": 2}]`, "%s: %v", faults, err)
		}
	}
	return nil
}

func seedOrg(org *orgsim.Org, data []byte) error {
	var records map[string][]map[string]any
	if err := parseJSON(data, &records); err != nil {
		return err
	}
	for _, object := range slices.Sorted(maps.Keys(records)) {
		if _, err := org.Seed(object, records[object]...); err != nil {
			return err
		}
	}
	return nil
}

// seedHelp is what to do about records that an org does not take.
func seedHelp(org *orgsim.Org, data []byte) string {
	var records map[string][]map[string]any
	if parseJSON(data, &records) != nil {
		return `it is written {"Contact": [{"LastName": "Lovelace"}]}`
	}
	known := slices.Sorted(maps.Keys(org.Stats().Records))
	for _, object := range slices.Sorted(maps.Keys(records)) {
		if !slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, object) }) {
			if meant, ok := dsl.Suggest(object, known); ok {
				return meant
			}
			return strings.Join(known, ", ")
		}
	}
	return ""
}

func breakOrg(org *orgsim.Org, data []byte) error {
	var faults []orgsim.Fault
	if err := parseJSON(data, &faults); err != nil {
		return err
	}
	for _, f := range faults {
		if _, err := org.Break(f); err != nil {
			return err
		}
	}
	return nil
}

func (c *console) startOrg(ctx *cli.Context) error {
	if err := onThisMachine(ctx.String("addr"), "--addr", "--addr 127.0.0.1:0, which takes a free port"); err != nil {
		return err
	}
	org, err := simulate(ctx)
	if err != nil {
		return err
	}
	if err := setApp(ctx, org); err != nil {
		return err
	}
	if err := org.Start(ctx.String("addr")); err != nil {
		return outsidef("--addr 127.0.0.1:0, which takes a free port", "cannot start the simulated org: %w", err)
	}
	defer org.Close()
	if wantsJSON(ctx) {
		app, user := firstLogin(org)
		err = c.printJSON(map[string]string{
			"instance_url": org.URL(), "client_id": app.ClientID, "client_secret": app.ClientSecret,
			"username": user.Username, "password": user.Password, "organization_id": org.ID(), "inspect": org.URL() + "/sim/",
		})
	} else {
		c.greet(org)
	}
	if err != nil {
		return err
	}
	begun := time.Now()
	<-ctx.Done()
	if !wantsJSON(ctx) {
		stats := org.Stats()
		fmt.Fprintf(c.out, "\nStopped after %s and %s.\n", span(time.Since(begun).Round(time.Second)), plural(stats.Calls, "call"))
	}
	return nil
}

// firstLogin is an app that lets programs in by its secret, and whom it acts as, or
// else the first of each. Their secrets open nothing but the simulated org.
func firstLogin(org *orgsim.Org) (orgsim.App, orgsim.User) {
	apps, users := org.Apps(), org.Users()
	app, user := apps[max(0, slices.IndexFunc(apps, func(a orgsim.App) bool { return a.RunAs != "" }))], users[0]
	if i := slices.IndexFunc(users, func(u orgsim.User) bool { return strings.EqualFold(u.Username, app.RunAs) }); i >= 0 {
		user = users[i]
	}
	return app, user
}

// greet says how to use a simulated org.
func (c *console) greet(org *orgsim.Org) {
	url := org.URL()
	app, user := firstLogin(org)
	fmt.Fprintf(c.out, "A simulated Salesforce org is listening. Ctrl-C stops it; nothing of it is kept.\n\n")
	t := table{indent: "  "}
	t.row("instance URL", cell{url, c.style.cyan})
	t.row("client id", app.ClientID)
	if app.ClientSecret != "" {
		t.row("client secret", app.ClientSecret)
	}
	t.row("acts as", user.Username)
	t.row("password", user.Password)
	t.row("organization", org.ID())
	t.row("look inside", url+"/sim/")
	for _, m := range org.OutboundStatus() {
		t.row("sends messages", "of "+m.Object+" to "+m.Endpoint)
	}
	t.write(c.out, 0)
	fmt.Fprintf(c.out, "\nIn another terminal:\n\n")
	if app.ClientSecret != "" {
		fmt.Fprintf(c.out, "  export SFSYNC_CLIENT_ID=%s SFSYNC_CLIENT_SECRET=%s\n", app.ClientID, app.ClientSecret)
		for _, command := range []string{"schema show Contact", "schema export schema --all", "run rules.sfsync --events events.jsonl", "serve rules.sfsync"} {
			fmt.Fprintf(c.out, "  sfsync %s --instance %s\n", command, url)
		}
	}
	fmt.Fprintf(c.out, "  sfsync connect add trial --flow web --host %s --client-id %s\n", url, app.ClientID)
	if app.Certificate != "" {
		fmt.Fprintf(c.out, "  sfsync connect add trial --flow jwt --host %s --client-id %s --user %s --key sfsync.key.pem\n", url, app.ClientID, user.Username)
	}
}
