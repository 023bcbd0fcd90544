package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/alert"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// schemaWatch keeps what a daemon knows of its orgs' schemas up to date: on a
// schedule, and when Salesforce refuses a write for a reason that smells of drift.
type schemaWatch struct {
	book    *rulebook
	every   time.Duration // 0 for never on schedule
	smelled chan bool     // true if Salesforce itself has said that something is different
}

func newSchemaWatch(b *rulebook, every time.Duration) *schemaWatch {
	return &schemaWatch{book: b, every: every, smelled: make(chan bool, 1)}
}

const (
	// A describe that Salesforce says is unchanged may still hide a permission that
	// was taken away, so once in a while everything is fetched.
	fullRefreshEvery = 24 * time.Hour
	// The first smell is followed at once, further ones after a pause that grows as
	// long as they lead to nothing.
	shortestSmellPause = time.Minute
	longestSmellPause  = time.Hour
)

// run refreshes until ctx ends.
func (w *schemaWatch) run(ctx context.Context) {
	var tick <-chan time.Time
	if w.every > 0 {
		t := time.NewTicker(w.every)
		defer t.Stop()
		tick = t.C
	}
	full := time.Now()
	var smelled time.Time // when a smell was followed last
	var due <-chan time.Time
	pause, strong := shortestSmellPause, false
	for {
		select {
		case now := <-tick:
			all := now.Sub(full) >= fullRefreshEvery
			if all {
				full = now
			}
			w.book.refreshSchemas(ctx, all)
		case said := <-w.smelled:
			strong = strong || said
			if due == nil {
				due = time.After(time.Until(smelled.Add(pause)))
			}
		case <-due:
			due = nil
			if w.book.refreshSchemas(ctx, strong) {
				pause = shortestSmellPause
			} else if !smelled.IsZero() {
				pause = min(2*pause, longestSmellPause)
			}
			smelled, strong = time.Now(), false
		case <-ctx.Done():
			return
		}
	}
}

// driftCodes are the errors of Salesforce that come of a schema which is not as it was.
var driftCodes = map[string]bool{
	"INVALID_FIELD": true, "INVALID_FIELD_FOR_INSERT_UPDATE": true, "INVALID_TYPE": true, "INVALID_TYPE_ON_FIELD_IN_RECORD": true,
	"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": true, "REQUIRED_FIELD_MISSING": true, "STRING_TOO_LONG": true, "NUMBER_OUTSIDE_VALID_RANGE": true,
}

// look is told what became of events. It does not wait.
func (w *schemaWatch) look(r runtime.Report) {
	for i := range r.Runs {
		for j := range r.Runs[i].Writes {
			switch f := &r.Runs[i].Writes[j]; {
			case f.Outcome != store.Failed:
			case driftCodes[f.Code]:
				w.smell(true)
			case f.Code == "" && f.Cause == string(salesforce.InvalidValue):
				w.smell(false) // refused before the call: the org may take the value by now
			}
		}
	}
}

func (w *schemaWatch) smell(said bool) {
	select {
	case w.smelled <- said:
	default: // one is on its way
	}
}

// refreshSchemas asks the orgs what has changed, says what that means for the rules,
// and goes by it. Rules that do not pass the check any more go on as they are. It
// reports whether anything has changed.
func (b *rulebook) refreshSchemas(ctx context.Context, full bool) (changed bool) {
	b.one.Lock()
	defer b.one.Unlock()
	old := b.now()
	if old.recalled {
		return false // the orgs are awaited anyway
	}
	next := &job{rules: &ruleSet{sources: old.rules.sources}, targets: old.targets, users: old.users}
	next.rules.parse()
	var fetched []*refresh
	err := next.compile(ctx, func(ctx context.Context, t *target, files []*dsl.File) (*schema.Schema, error) {
		r := refresh{target: t, known: old.schemaOf(t), files: files, full: full, progress: noProgress}
		if err := r.run(ctx); err != nil {
			return nil, err
		}
		changed = changed || r.changed()
		fetched = append(fetched, &r)
		return r.schema, nil
	})
	if err != nil {
		if ctx.Err() == nil {
			b.logger.Warn("cannot ask the org whether its schema has changed", "error", err)
		}
		return false
	}
	b.logger.Debug("the schema was refreshed", "full", full, "changed", changed)
	if changed {
		b.drifted(next.rules.files, old.rules.schemas, next.rules.schemas)
	}
	// Only now: what nobody was told of must be a change for the next process still.
	for _, r := range fetched {
		if r.target.memory() == "" {
			continue
		}
		if err := r.keep(ctx, b.kv); err != nil {
			b.logger.Warn("cannot remember what the org said about its objects", "org", r.target.where(), "error", err)
		}
	}
	if !changed {
		return false
	}
	if next.rules.plan == nil {
		b.current.Store(old.withSchemas(next.rules.schemas))
		b.logger.Error("the rules do not fit the schema any more, and go on as they were", "errors", b.logErrors(next.rules.diagnostics))
		return true
	}
	b.current.Store(next)
	b.use()
	return true
}

// schemaOf is what is known of the schema of an org.
func (j *job) schemaOf(t *target) *schema.Schema {
	for name, known := range j.rules.schemas {
		if j.targetOf(name) == t {
			return known
		}
	}
	return nil
}

// noteBefore keeps what the store knew of an org, before that is replaced at the start.
func (b *rulebook) noteBefore(ctx context.Context, t *target) {
	if b.now() != nil {
		return
	}
	if s, err := keptSchema(ctx, b.kv, t.memory()); err == nil && s != nil {
		if b.before == nil {
			b.before = map[*target]*schema.Schema{}
		}
		b.before[t] = s
	}
}

// driftedSince says what has changed while no daemon was running.
func (b *rulebook) driftedSince() {
	j := b.now()
	before := map[string]*schema.Schema{}
	for name := range j.rules.schemas {
		before[name] = b.before[j.targetOf(name)]
	}
	b.drifted(j.rules.files, before, j.rules.schemas)
	b.before = nil
}

// drifted says what changed schemas mean for the rules.
func (b *rulebook) drifted(files []*dsl.File, before, after map[string]*schema.Schema) {
	found := plan.CompareSchemas(files, func(name string) *schema.Schema { return before[name] }, func(name string) *schema.Schema { return after[name] })
	for i := range found {
		d := &found[i]
		level, message := slog.LevelInfo, "the schema has changed, and a rule is not affected"
		switch d.Severity {
		case plan.Breaks:
			level, message = slog.LevelError, "the schema has changed, and a rule breaks"
		case plan.ChangesMeaning:
			level, message = slog.LevelWarn, "the schema has changed, and a rule means something else"
		}
		b.logger.Log(context.Background(), level, message, "rule", d.Rule, "at", fmt.Sprintf("%s:%d", d.File, d.Line),
			"field", d.Name(), "change", d.String(), "means", d.Message, "code", string(d.Code), "help", d.Help)
	}
	if b.changed != nil {
		b.changed(found)
	}
}

// maxDriftAlerts is how many lines of the rules one change of the schema alerts about.
const maxDriftAlerts = 10

// schemaChanged alerts of rules that break or mean something else.
func (d *daemon) schemaChanged(found []plan.Drift) {
	for i := range found {
		f := &found[i]
		if f.Severity == plan.Harmless || i == maxDriftAlerts {
			return
		}
		at := fmt.Sprintf("%s:%d", f.File, f.Line)
		message := fmt.Sprintf("Salesforce's schema has changed, and some events of the rule %q (%s) end otherwise: %s", f.Rule, at, driftText(f))
		if f.Severity == plan.Breaks {
			message = fmt.Sprintf("Salesforce's schema has changed, and the rule %q breaks (%s): %s", f.Rule, at, driftText(f))
		}
		d.alerter.Raise(alert.Alert{Kind: alert.Schema, Subject: at + " " + f.Name(), Message: message, Help: f.Help})
	}
}
