package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/alert"
	"github.com/sfsync/sfsync/runtime/metrics"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func alertFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "alert-mail-to", Usage: "send alerts to `ADDRESS` through the server in " + smtpVariable + "; may be repeated"},
		&cli.StringFlag{Name: "alert-mail-from", Usage: "send alerts by mail as `ADDRESS`"},
		&cli.DurationFlag{Name: "alert-queue-age", Value: time.Hour, Usage: "alert when the oldest event has waited for `TIME`"},
		&cli.DurationFlag{Name: "alert-gather", Value: 10 * time.Second, Usage: "gather alerts for `TIME` into one message"},
	}
}

// alertSenders are those that flags and secrets ask for.
func alertSenders(ctx *cli.Context) ([]alert.Sender, error) {
	var senders []alert.Sender
	if address := os.Getenv(alertWebhookVariable); address != "" {
		hook, err := alert.NewWebhook(address)
		if err != nil {
			return nil, usagef("", "%s: %v", alertWebhookVariable, err)
		}
		senders = append(senders, hook)
	}
	to := ctx.StringSlice("alert-mail-to")
	if len(to) == 0 {
		if ctx.IsSet("alert-mail-from") {
			return nil, usagef("--alert-mail-to ADDRESS", "--alert-mail-from alone sends no mail: nobody is to get it")
		}
		return senders, nil
	}
	server := os.Getenv(smtpVariable)
	if server == "" {
		return nil, usagef("export "+smtpVariable+"=smtps://USER:PASSWORD@HOST", "--alert-mail-to needs a mail server")
	}
	m, err := alert.NewMail(server, cmp.Or(ctx.String("alert-mail-from"), to[0]), to)
	if err != nil {
		return nil, usagef("", "alerts by mail: %v", err)
	}
	return append(senders, m), nil
}

// observer looks at what happens, for the log, the metrics and those to be alerted.
type observer struct {
	logger   *slog.Logger
	metrics  *metrics.Metrics
	alerter  *alert.Alerter
	share    float64              // of the daily API calls that may be used
	queueAge time.Duration        // at which somebody is told
	told     func(runtime.Report) // is told everything; may be nil
	waited   map[string]time.Time // when it was logged last that events wait, by cause
}

// report is told what became of an event. Neither log nor alerts repeat what the
// event or Salesforce said: that is personal data, and stands in the run log.
func (o *observer) report(r runtime.Report) {
	o.metrics.Observe(r)
	if o.told != nil {
		o.told(r)
	}
	event := runEvent(r.Event)
	for i := range r.Runs {
		run := &r.Runs[i]
		show := "sfsync runs show " + event
		switch {
		case run.Why == store.WhyLoopBreaker:
			o.logger.Warn("loop breaker: a rule runs too often for one record", "rule", run.Rule, "event", event)
			o.alerter.Raise(alert.Alert{Kind: alert.LoopBreaker, Subject: run.Rule,
				Message: fmt.Sprintf("the rule %q runs again and again for one record, so its runs wait", run.Rule),
				Help:    "find what fires the outbound message again: the rule itself, or a flow; " + show})
		case !r.Done:
			o.waits(event, run)
		case run.Outcome == store.Failed:
			o.logger.Warn("an event failed", "event", event, "rule", run.Rule, "cause", run.Cause)
			info, _ := salesforce.ExplainCause(salesforce.Cause(run.Cause))
			o.alerter.Raise(alert.Alert{Kind: alert.Failure, Subject: run.Cause + " in " + cmp.Or(run.Rule, "no rule"),
				Message: fmt.Sprintf("events fail with the cause %s in the rule %q", cmp.Or(run.Cause, "unknown"), run.Rule),
				Help:    strings.TrimSpace(info.Advice + " See " + show + ".")})
		case run.Outcome == store.InDoubt:
			o.logger.Warn("an event is in doubt", "event", event, "rule", run.Rule, "cause", run.Cause)
			o.alerter.Raise(alert.Alert{Kind: alert.InDoubt, Subject: run.Rule,
				Message: fmt.Sprintf("whether a record was created is in doubt in the rule %q", run.Rule),
				Help:    "look in Salesforce whether it is there; " + show + " says which. Then discard the run, or retry it with --in-doubt"})
		default:
			o.logger.Debug("an event is done", "event", event, "rule", run.Rule, "outcome", run.Outcome)
		}
	}
}

// waits logs that an event is put off. An outage puts off every event, so it is told
// once a minute for each cause.
func (o *observer) waits(event string, run *store.Run) {
	if run.Outcome != store.Waiting {
		return
	}
	level := slog.LevelDebug
	if now := time.Now(); run.Cause != "" && now.Sub(o.waited[run.Cause]) >= time.Minute {
		o.waited[run.Cause] = now
		level = slog.LevelWarn
	}
	o.logger.Log(context.Background(), level, "an event waits", "event", event, "rule", run.Rule, "cause", run.Cause, "until", run.NotBefore)
}

// client looks at the calls to an org.
func (o *observer) client(connection string, c runtime.Client) runtime.Client {
	return &observedClient{Client: o.metrics.Client(connection, c), observer: o, connection: connection}
}

type observedClient struct {
	runtime.Client
	observer   *observer
	connection string
}

// Unwrap returns the client that is looked at, for what else it can do.
func (c *observedClient) Unwrap() runtime.Client { return c.Client }

func (c *observedClient) Write(ctx context.Context, op salesforce.Op, rows []salesforce.Row) []salesforce.Result {
	results := c.Client.Write(ctx, op, rows)
	for i := range results {
		if err := results[i].Err; err != nil && err.Cause == salesforce.Auth {
			c.observer.signedOut(c.connection, err)
			break
		}
	}
	if u := c.Usage(); u.Max > 0 && float64(u.Used) >= c.observer.share*float64(u.Max) {
		c.observer.alerter.Raise(alert.Alert{Kind: alert.Quota, Subject: c.connection,
			Message: fmt.Sprintf("%s of the %s API calls a day of %s are used; writes wait", thousands(u.Used), thousands(u.Max), c.connection),
			Help:    "nothing is lost; see in Setup which integrations use the calls, or raise --quota-share"})
	}
	return results
}

// signedOut tells that an org does not let us in.
func (o *observer) signedOut(connection string, err error) {
	info, _ := salesforce.ExplainCause(salesforce.Auth)
	help := info.Advice
	if e, ok := errors.AsType[*salesforce.Error](err); ok && e.Advice != "" {
		help = e.Advice
	}
	o.logger.Error("signed out of the org; its writes wait", "connection", connection, "error", err, "try", help)
	o.alerter.Raise(alert.Alert{Kind: alert.Auth, Subject: connection,
		Message: fmt.Sprintf("sfsync is signed out of %s; events are taken, and writes wait", connection), Help: help})
}

// nearlyFull is the share of the store's limit past which somebody is told, and old
// runs go.
const nearlyFull = 0.8

// unkept tells that senders are sent away since nothing can be put on disk.
func (o *observer) unkept() {
	o.alerter.Raise(alert.Alert{Kind: alert.Store, Subject: "refused", Message: "events cannot be put on disk, so senders are asked to send them again",
		Help: "make room on the disk of the store; the log says what is in the way, and sfsync goes on by itself. Salesforce tries for 24 hours"})
}

// health looks at the store.
func (o *observer) health(h store.Health, now time.Time) {
	if h.Failed != nil {
		o.logger.Error("the store takes no writes", "error", h.Failed)
		o.alerter.Raise(alert.Alert{Kind: alert.Store, Subject: "failed", Message: "the store takes no writes, so nothing is accepted: " + h.Failed.Error(), Help: "look at the disk, then restart sfsync"})
	}
	if h.Limit > 0 && float64(h.Used) > nearlyFull*float64(h.Limit) {
		o.alerter.Raise(alert.Alert{Kind: alert.Store, Subject: "full",
			Message: fmt.Sprintf("the store is %d %% full; at 100 %% nothing more is accepted", h.Used*100/h.Limit), Help: "raise --store-limit, or keep runs for less long with --keep-runs"})
	}
	if age := now.Sub(h.Oldest); !h.Oldest.IsZero() && age > o.queueAge {
		o.alerter.Raise(alert.Alert{Kind: alert.QueueAge,
			Message: fmt.Sprintf("the oldest of %s has waited for %s", plural(h.Queued, "event"), age.Round(time.Minute)),
			Help:    "sfsync runs list --outcome waiting says for what"})
	}
}
