package main

import (
	"context"
	"time"

	"github.com/sfsync/sfsync/runtime/alert"
)

// checkEvery is how often the daemon looks after itself.
const checkEvery = 30 * time.Second

// useRules makes engine and receiver go by the rules that the book holds now.
func (d *daemon) useRules() {
	d.engine.SetPlan(d.book.now().rules.plan)
	d.renewReceiver()
}

// renewReceiver takes up changed connections and credentials.
func (d *daemon) renewReceiver() {
	r, err := d.newReceiver()
	if err != nil {
		d.logger.Error("events are taken as before, since the new settings cannot be used", "error", err)
		return
	}
	d.handler.current.Store(r)
}

func (d *daemon) reloaded(refused string) {
	if refused == "" {
		d.metrics.Reloads.Add(1, "done")
		return
	}
	d.metrics.Reloads.Add(1, "refused")
	d.alerter.Raise(alert.Alert{Kind: alert.Rules, Message: "changed rules are refused, and the old ones stay: " + refused, Help: "sfsync check shows the errors"})
}

func (d *daemon) alertSent(sender string, err error) {
	result := "sent"
	if err != nil {
		result = "failed"
	}
	d.metrics.Alerts.Add(1, sender, result)
}

// reloadOnHangup reads credentials and rules again whenever it is told to, and refused
// rules when what they lacked may be there. The rules may be the same: their orgs may
// have changed, and may let us in again.
func (d *daemon) reloadOnHangup(ctx context.Context) {
	hup, stop := hangups()
	defer stop()
	for {
		select {
		case <-hup:
			d.notify("RELOADING=1")
			if c := d.settings.credentials; c != nil {
				if err := c.load(); err != nil {
					d.logger.Error("changed credentials are refused; the old ones stay", "error", err)
				} else {
					d.renewReceiver()
				}
			}
			d.reconnect()
			d.book.reload(ctx, true)
			d.notify("READY=1")
		case <-d.lookAgain:
			d.book.reload(ctx, true)
		case <-ctx.Done():
			return
		}
	}
}

// reconnect lets what waits for an org try again, with the credentials that are there now.
func (d *daemon) reconnect() {
	j := d.book.now()
	for _, name := range connectionsOf(j.rules.files) {
		d.engine.Reconnect(name)
	}
	for _, t := range j.targets { // of events that began under earlier rules, too
		d.engine.Reconnect(t.name)
	}
}

// lookAfter watches the store, and tells systemd that it still answers.
func (d *daemon) lookAfter(ctx context.Context) {
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	var watchdog <-chan time.Time
	if every := watchdogInterval(); every > 0 {
		t := time.NewTicker(every)
		defer t.Stop()
		watchdog = t.C
	}
	for {
		select {
		case now := <-check.C:
			if h, err := d.store.Health(ctx); err == nil {
				d.observe.health(h, now)
			}
		case <-watchdog:
			if _, err := d.store.Health(ctx); err == nil {
				d.notify("WATCHDOG=1")
			}
		case <-ctx.Done():
			return
		}
	}
}

func (d *daemon) notify(state ...string) {
	if err := notifySystemd(state...); err != nil {
		d.logger.Warn("cannot tell systemd", "error", err)
	}
}
