package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/alert"
	"github.com/sfsync/sfsync/runtime/metrics"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// daemon is everything that serve runs.
type daemon struct {
	settings *serveSettings
	logger   *slog.Logger
	dir      string // of the store; "" for one that ends with the daemon
	store    *bolt.Store
	book     *rulebook
	engine   *runtime.Engine
	metrics  *metrics.Metrics
	alerter  *alert.Alerter
	observe  *observer
	schemas  *schemaWatch

	events    net.Listener
	admin     net.Listener
	handler   swapHandler
	secure    *tls.Config // nil for plain HTTP
	stopping  atomic.Bool
	lookAgain chan struct{} // wishes that refused rules be looked at again
	undo      []func()      // what close does, the last first
}

// shutdownWait is for requests in flight.
const shutdownWait = 15 * time.Second

// newDaemon prepares everything and listens, but takes no event yet.
func (c *console) newDaemon(ctx context.Context, s *serveSettings) (_ *daemon, err error) {
	d := &daemon{settings: s, logger: s.logger, dir: s.dir, lookAgain: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.secure, err = d.tlsConfig(); err != nil {
		return nil, err
	}
	if err = d.openStore(); err != nil {
		return nil, err
	}
	d.book = &rulebook{rules: s.rules, orgs: s.orgs, console: c, kv: d.store.State(), logger: d.logger, use: d.useRules, said: d.reloaded, met: d.reconnect}
	if err = d.book.load(ctx); err != nil {
		return nil, err
	}
	d.undo = append(d.undo, func() { closeAll(d.book.now().targets) })
	host, _ := os.Hostname()
	d.metrics = metrics.New(metrics.Config{Health: d.store.Health, Orgs: d.orgs, Version: buildVersion().Version})
	d.alerter = alert.New(alert.Config{Senders: s.alertTo, Source: "sfsync on " + host, Gather: s.alertGather, Logger: d.logger, Sent: d.alertSent})
	d.observe = &observer{logger: d.logger, metrics: d.metrics, alerter: d.alerter, share: s.quotaShare, queueAge: s.alertAge, told: s.report, waited: map[string]time.Time{}}
	d.book.changed = d.schemaChanged
	d.book.driftedSince()
	d.schemas = newSchemaWatch(d.book, s.schemaRefresh)
	d.engine, err = runtime.New(runtime.Config{
		Store: d.store, Plan: d.book.now().rules.plan, Org: d.org, Schema: d.book.schema,
		Observe: func(r runtime.Report) { d.observe.report(r); d.schemas.look(r) }, Logger: d.logger, QuotaShare: s.quotaShare, Grace: s.grace, Verify: s.verify, KeepRuns: s.keepRuns, KeepEvents: s.keepEvents,
		// The oldest runs go before the store refuses new events.
		KeepBytes: int64(nearlyFull * float64(s.storeLimit)),
	})
	if err != nil {
		return nil, err
	}
	r, err := d.newReceiver()
	if err != nil {
		return nil, err
	}
	d.handler.current.Store(r)
	if d.events, err = d.listen("--addr", s.addr); err != nil {
		return nil, err
	}
	d.admin, err = d.listen("--admin-addr", s.adminAddr)
	return d, err
}

func (d *daemon) openStore() (err error) {
	if d.dir == "" {
		var done func()
		if d.store, done, err = temporaryStore(); err == nil {
			d.undo = append(d.undo, done)
		}
		return err
	}
	if d.store, err = bolt.Open(d.dir, bolt.Options{MaxSize: d.settings.storeLimit}); err != nil {
		return storeError(d.dir, err)
	}
	d.undo = append(d.undo, func() { d.store.Close() })
	return nil
}

func (d *daemon) listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, outsidef(flag+" 127.0.0.1:0 takes a free port", "cannot listen: %w", err)
	}
	d.undo = append(d.undo, func() { l.Close() })
	return l, nil
}

func (d *daemon) close() {
	for _, undo := range slices.Backward(d.undo) {
		undo()
	}
	d.undo = nil
}

// org is what the engine knows of a connection.
func (d *daemon) org(_ context.Context, connection string) (runtime.Org, error) {
	j := d.book.now()
	t := j.targetOf(connection)
	return runtime.Org{Client: d.observe.client(connectionName(connection, t), t.client), UserID: j.users[t].UserID}, nil
}

func (d *daemon) orgs() []metrics.Org {
	var out []metrics.Org
	all := d.book.now().byConnection()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name].client
		out = append(out, metrics.Org{Connection: name, Calls: c.Calls(), Usage: c.Usage(), Share: d.settings.quotaShare})
	}
	return out
}

// ready says why the daemon cannot do its work now.
func (d *daemon) ready() error {
	if d.stopping.Load() {
		return errors.New("sfsync is stopping")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	h, err := d.store.Health(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("the store does not answer: %w", err)
	case h.Failed != nil:
		return fmt.Errorf("the store takes no writes: %w", h.Failed)
	case h.Limit > 0 && h.Used >= h.Limit:
		return store.ErrFull
	}
	return nil
}

// run serves until ctx ends or something breaks for good.
func (d *daemon) run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	server := d.handler.current.Load().Server(d.secure)
	server.Handler = &d.handler
	serving := newServingFile(d.admin.Addr().String())
	admin := &http.Server{Handler: d.adminHandler(serving.Token), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(d.logger.Handler(), slog.LevelWarn)}
	if d.dir != "" {
		remove, err := serving.write(d.dir)
		if err != nil {
			return outsidef("", "%w", err)
		}
		defer remove()
	}
	watcher, err := newRuleWatcher(d.settings.rules.watch, d.logger)
	if err != nil {
		return outsidef("", "cannot watch the rules: %w", err)
	}

	var aside sync.WaitGroup // ends with ctx
	aside.Go(func() { watcher.run(ctx, func() { d.book.reload(ctx, false) }) })
	aside.Go(func() { d.reloadOnHangup(ctx) })
	aside.Go(func() { d.lookAfter(ctx) })
	aside.Go(func() { d.schemas.run(ctx) })
	aside.Go(func() { d.book.awaitOrgs(ctx) })
	alerting, quiet := context.WithCancel(context.WithoutCancel(ctx))
	alerted := make(chan struct{})
	go func() { defer close(alerted); d.alerter.Run(alerting) }()
	running, rest := context.WithCancel(context.WithoutCancel(ctx))
	defer rest()
	ran := make(chan error, 1)
	go func() {
		err := d.engine.Run(running)
		if err != nil {
			fail(fmt.Errorf("cannot run events any more: %w", err))
		}
		ran <- err
	}()
	serve := func(s *http.Server, l net.Listener, secure bool) {
		var err error
		if secure {
			err = s.ServeTLS(l, "", "")
		} else {
			err = s.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("cannot serve any more: %w", err))
		}
	}
	go serve(server, d.events, d.secure != nil)
	go serve(admin, d.admin, false)
	if err := d.greet(); err != nil {
		fail(err)
	}

	<-ctx.Done()
	d.stopping.Store(true)
	d.logger.Info("stopping: calls in flight finish, the rest stays on disk")
	d.notify("STOPPING=1")
	shut(server)
	rest()
	failed := <-ran
	aside.Wait()
	quiet()
	<-alerted
	shut(admin)
	if h, err := d.store.Health(context.Background()); err == nil {
		d.logger.Info("stopped", "queued", h.Queued)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return outsidef(wayOut(cause), "%w", cause)
	}
	if failed != nil {
		return outsidef(wayOut(failed), "%w", failed)
	}
	return nil
}

// shut lets the requests in flight finish.
func shut(s *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownWait)
	defer cancel()
	if s.Shutdown(ctx) != nil {
		s.Close()
	}
}

// greet says what is served, to whoever started the daemon.
func (d *daemon) greet() error {
	j := d.book.now()
	base := "http://" + d.events.Addr().String()
	if d.secure != nil {
		base = "https://" + d.events.Addr().String()
	}
	g := &greeting{
		URL: base, Admin: "http://" + d.admin.Addr().String(), Events: base + "/v1/events", Distributions: base + "/v1/distributions",
		Soap: map[string]string{}, Orgs: map[string]string{}, OpenTo: []string{}, Rules: []string{}, Alerts: []string{}, Store: d.dir, PID: os.Getpid(),
	}
	for name, t := range j.byConnection() {
		g.Soap[name] = base + "/soap/" + url.PathEscape(name)
		g.Orgs[name] = j.users[t].OrganizationID
	}
	if n := len(d.settings.tokens()); n > 0 {
		g.OpenTo = append(g.OpenTo, "a bearer token")
	}
	if n := len(d.settings.secrets()); n > 0 {
		g.OpenTo = append(g.OpenTo, "a Standard Webhooks signature")
	}
	for _, f := range j.rules.files {
		for _, r := range f.Rules {
			g.Rules = append(g.Rules, r.Name.Text)
		}
	}
	for _, s := range d.alerter.Senders() {
		g.Alerts = append(g.Alerts, s.Name())
	}
	if len(g.OpenTo) == 0 {
		d.logger.Warn("nobody may post to /v1: set " + eventsTokenVariable + " or " + webhookSecretVariable)
	}
	for name, address := range g.Soap {
		d.logger.Info("taking outbound messages", "connection", name, "url", address, "org", g.Orgs[name])
	}
	d.logger.Info("ready", "events", g.Events, "rules", len(g.Rules), "store", g.Store, "metrics", g.Admin+"/metrics")
	d.notify("READY=1", fmt.Sprintf("STATUS=%d rules, events at %s", len(g.Rules), g.Events))
	return d.settings.ready(g)
}
