package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/alert"
	"github.com/sfsync/sfsync/store"
)

// serveSettings are what a daemon goes by, whoever asks for it.
type serveSettings struct {
	rules serveRules
	orgs  serveOrgs

	dir        string // of the store; "" for one that ends with the daemon
	storeLimit int64  // bytes
	keepRuns   time.Duration
	keepEvents bool

	addr, adminAddr   string
	certFile, keyFile string // "" for plain HTTP
	senders           senders
	tokens, secrets   func() []string // that open /v1, as they are now
	credentials       *credentials    // read again when told to; nil for none

	quotaShare float64
	verify     bool
	grace      time.Duration

	alertTo     []alert.Sender
	alertGather time.Duration
	alertAge    time.Duration // of the oldest event

	schemaRefresh time.Duration // 0 for never

	logger *slog.Logger
	ready  func(*greeting) error // is told once that the daemon serves
	report func(runtime.Report)  // is told what became of events; may be nil
}

// serveRules is where rules come from.
type serveRules struct {
	read  func() ([]*dsl.Source, error)
	watch []string // files and directories whose change makes the daemon read again
}

// serveOrgs is where the orgs come from that rules write to.
type serveOrgs struct {
	of    func(context.Context, store.KV, []*dsl.File) ([]*target, error)
	named func(context.Context, store.KV, string) (*target, error) // for a connection that changed rules name
	// one means that one org was given, which stands for all connections of the rules.
	one bool
}

// readServeSettings takes the settings from flags and the environment.
func (c *console) readServeSettings(ctx *cli.Context) (_ *serveSettings, err error) {
	s := &serveSettings{
		rules: serveRules{
			read:  func() ([]*dsl.Source, error) { return c.readRules(ctx.Args().Slice()) },
			watch: ctx.Args().Slice(),
		},
		orgs: serveOrgs{
			of: func(_ context.Context, kv store.KV, files []*dsl.File) ([]*target, error) {
				return targetsFor(ctx, kv, files)
			},
			named: func(_ context.Context, kv store.KV, name string) (*target, error) {
				return connectionTarget(ctx, kv, name, false)
			},
			one: ctx.String("connection") != "" || ctx.String("instance") != "" || ctx.String("org") != "",
		},
		storeLimit: int64(ctx.Int("store-limit")) << 20,
		keepRuns:   time.Duration(ctx.Int("keep-runs")) * 24 * time.Hour,
		keepEvents: ctx.Bool("keep-events"),
		addr:       ctx.String("addr"), adminAddr: ctx.String("admin-addr"),
		certFile: ctx.String("tls-cert"), keyFile: ctx.String("tls-key"),
		tokens:     func() []string { return secretsOf(eventsTokenVariable) },
		secrets:    func() []string { return secretsOf(webhookSecretVariable) },
		quotaShare: ctx.Float64("quota-share"), verify: ctx.Bool("verify"), grace: ctx.Duration("grace"),
		alertGather: ctx.Duration("alert-gather"), alertAge: ctx.Duration("alert-queue-age"),
		schemaRefresh: ctx.Duration("schema-refresh"),
		logger:        c.newLogger(ctx),
		ready:         func(g *greeting) error { return c.printGreeting(ctx, g) },
	}
	if s.senders, err = readSenders(ctx); err != nil {
		return nil, err
	}
	if s.alertTo, err = alertSenders(ctx); err != nil {
		return nil, err
	}
	if ctx.String("org") == "" || ctx.String("store") != "" {
		s.dir, err = storeDir(ctx)
	}
	return s, err
}
