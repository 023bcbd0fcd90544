package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

func serveCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "serve",
		Usage:     "take events over HTTP and run rules over them, until stopped",
		ArgsUsage: "RULES…",
		Description: "Salesforce sends outbound messages to /soap/CONNECTION; the survey suite posts\n" +
			"events to /v1/events and statuses to /v1/distributions, with a bearer token of\n" +
			"$" + eventsTokenVariable + " or a Standard Webhooks secret of $" + webhookSecretVariable + ".\n" +
			"Whatever is acknowledged is on disk. Rules are reloaded when their files change\n" +
			"or on SIGHUP, if they pass the check. SIGTERM lets calls in flight finish and\n" +
			"leaves the rest on disk for the next start.",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:8443", Usage: "take events on `HOST:PORT`; port 0 takes a free one"},
			&cli.StringFlag{Name: "admin-addr", Value: "127.0.0.1:8444", Usage: "serve /metrics, /healthz and /readyz on `HOST:PORT` of this machine"},
			&cli.StringFlag{Name: "tls-cert", Usage: "serve HTTPS with the certificate, and what it was issued by, in `FILE`; a new one is taken up by itself"},
			&cli.StringFlag{Name: "tls-key", Usage: "the certificate's key in `FILE`"},
			&cli.BoolFlag{Name: "insecure-http", Usage: "serve other machines without TLS, as behind a proxy that ends it"},
			credentialsFlag(),
		}, senderFlags(), []cli.Flag{
			&cli.Float64Flag{Name: "quota-share", Value: 0.8, Usage: "use at most this `SHARE` of an org's daily API calls"},
			&cli.BoolFlag{Name: "verify", Usage: "read every record again after it was written, and tell what differs"},
			&cli.DurationFlag{Name: "schema-refresh", Value: time.Hour, Usage: "ask every `TIME` whether the orgs' schemas have changed, and tell what that means for the rules; 0 for never"},
			&cli.IntFlag{Name: "keep-runs", Value: 30, Usage: "keep what became of events for `DAYS`, and so long what failed can be tried again"},
			&cli.BoolFlag{Name: "keep-events", Usage: "keep the text of all events as long as their runs, for diff --replay-runs"},
			&cli.IntFlag{Name: "store-limit", Value: 4096, Usage: "let the store grow to `MEGABYTES`, then drop old runs, and at last refuse events"},
			&cli.DurationFlag{Name: "grace", Value: time.Minute, Usage: "let calls in flight go on for `TIME` when stopped"},
			&cli.StringFlag{Name: "log-format", Value: "text", Usage: "`FORMAT` of the log on standard error: text or json"},
			&cli.BoolFlag{Name: "verbose", Usage: "log every event"},
		}, alertFlags(), targetFlags(), []cli.Flag{saveFlag(), formatFlag()}),
		Action: func(ctx *cli.Context) error { return c.serve(ctx) },
	}
}

func (c *console) serve(ctx *cli.Context) error {
	if err := checkServeFlags(ctx); err != nil {
		return err
	}
	var secrets *credentials
	if path := ctx.String("credentials"); path != "" {
		secrets = &credentials{path: path}
		if err := secrets.load(); err != nil {
			return err
		}
	}
	settings, err := c.readServeSettings(ctx)
	if err != nil {
		return err
	}
	settings.credentials = secrets
	d, err := c.newDaemon(ctx.Context, settings)
	if err != nil {
		return err
	}
	defer d.close()
	return d.run(ctx.Context)
}

func checkServeFlags(ctx *cli.Context) error {
	if slices.Contains(ctx.Args().Slice(), "-") {
		return usagef("", "the daemon reads its rules again when they change, so they have to be files")
	}
	if (ctx.String("tls-cert") == "") != (ctx.String("tls-key") == "") {
		return usagef("", "--tls-cert and --tls-key go together")
	}
	if f := ctx.String("log-format"); !slices.Contains(textOrJSON, f) {
		return usagef("", "there is no log format `%s`; it is text or json", f)
	}
	if share := ctx.Float64("quota-share"); share <= 0 || share > 1 {
		return usagef("", "--quota-share is more than 0 and at most 1")
	}
	if ctx.Int("keep-runs") < 1 || ctx.Int("store-limit") < 16 {
		return usagef("", "--keep-runs is at least 1 day, and --store-limit at least 16 megabytes")
	}
	if ctx.Duration("schema-refresh") < 0 {
		return usagef("", "--schema-refresh is 0, for never, or more")
	}
	if ctx.Duration("grace") <= 0 || ctx.Duration("alert-gather") <= 0 || ctx.Duration("alert-queue-age") <= 0 {
		return usagef("", "--grace, --alert-gather and --alert-queue-age are more than 0")
	}
	if ctx.String("tls-cert") == "" && !ctx.Bool("insecure-http") {
		if err := onThisMachine(ctx.String("addr"), "--addr", "--tls-cert FILE --tls-key FILE, or --insecure-http behind a proxy that ends TLS"); err != nil {
			return err
		}
	}
	return onThisMachine(ctx.String("admin-addr"), "--admin-addr", "127.0.0.1:8444; a proxy can pass /metrics on")
}

// onThisMachine checks that an address is of the loopback interface.
func onThisMachine(address, flag, help string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usagef("", "%s is no HOST:PORT: `%s`", flag, address)
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return usagef(help, "%s %s would open an unencrypted port to other machines", flag, address)
}

func (c *console) newLogger(ctx *cli.Context) *slog.Logger {
	options := &slog.HandlerOptions{}
	if ctx.Bool("verbose") {
		options.Level = slog.LevelDebug
	}
	if ctx.String("log-format") == "json" {
		return slog.New(slog.NewJSONHandler(c.err, options))
	}
	return slog.New(slog.NewTextHandler(c.err, options))
}

// greeting is what a daemon says when it is ready.
type greeting struct {
	URL           string            `json:"url"`
	Admin         string            `json:"admin"`
	Soap          map[string]string `json:"soap"` // by connection, for outbound messages
	Events        string            `json:"events"`
	Distributions string            `json:"distributions"`
	OpenTo        []string          `json:"open_to"` // how events may be sent; nobody may if empty
	Orgs          map[string]string `json:"orgs"`    // organization id by connection
	Rules         []string          `json:"rules"`
	Store         string            `json:"store"`  // its directory; "" if it ends with the daemon
	Alerts        []string          `json:"alerts"` // who is told
	PID           int               `json:"pid"`
}

func (c *console) printGreeting(ctx *cli.Context, g *greeting) error {
	if wantsJSON(ctx) {
		return c.printJSON(g)
	}
	kept := "what is accepted stays in " + g.Store
	if g.Store == "" {
		kept = "nothing of a simulated org is kept"
	}
	fmt.Fprintf(c.out, "sfsync serves %s. Ctrl-C stops it; %s.\n\n", plural(len(g.Rules), "rule"), kept)
	t := table{indent: "  "}
	for _, name := range slices.Sorted(maps.Keys(g.Soap)) {
		t.row("outbound messages", cell{g.Soap[name], c.style.cyan}, "of the org "+cmp.Or(g.Orgs[name], "?"))
	}
	who := "nobody may: " + eventsTokenVariable + " and " + webhookSecretVariable + " are not set"
	if len(g.OpenTo) > 0 {
		who = "with " + strings.Join(g.OpenTo, " or ")
	}
	t.row("survey events", cell{g.Events, c.style.cyan}, who)
	t.row("statuses", cell{g.Distributions, c.style.cyan}, who)
	t.row("metrics", cell{g.Admin + "/metrics", c.style.cyan}, "/healthz, /readyz")
	if len(g.Alerts) > 0 {
		t.row("alerts", enumerate(g.Alerts, "and"), "")
	}
	for i, name := range g.Rules {
		t.row([]string{"rules", ""}[min(i, 1)], name, "")
	}
	t.write(c.out, 0)
	return nil
}
