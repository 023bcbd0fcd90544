package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// rulebook is the rules that a daemon serves, with their orgs. Rules are replaced as
// a whole, or not at all.
type rulebook struct {
	rules   serveRules
	orgs    serveOrgs
	console *console
	kv      store.KV
	logger  *slog.Logger
	current atomic.Pointer[job]
	refused atomic.Bool // whether the files hold other rules than are used

	one  sync.Mutex // one reload at a time
	last struct {   // what the last reload has read, used or refused
		sources []*dsl.Source
		failure string
	}
	use  func()               // makes the engine go by the rules that hold now
	said func(refused string) // is told of every reload, with "" if it was done
	met  func()               // is told that orgs which were away answer again

	changed func([]plan.Drift)         // is told what changed schemas mean for the rules; may be nil
	before  map[*target]*schema.Schema // what the store knew at the start
}

// now is the rules that hold now.
func (b *rulebook) now() *job { return b.current.Load() }

func (b *rulebook) schema(connection string) *schema.Schema { return b.now().rules.schemas[connection] }

// load reads the rules for the first time. Errors in them end the command.
func (b *rulebook) load(ctx context.Context) error {
	sources, err := b.rules.read()
	if err != nil {
		return err
	}
	rules := &ruleSet{sources: sources}
	rules.parse()
	if dsl.HasErrors(rules.diagnostics) {
		return b.console.refuse(rules.diagnostics)
	}
	targets, err := b.orgs.of(ctx, b.kv, rules.files)
	if err != nil {
		return err
	}
	j := &job{rules: rules, targets: targets}
	if err = j.signIn(ctx, b.kv); away(err) {
		err = b.recall(ctx, j, err)
	} else if err == nil {
		err = b.remember(ctx, j)
	}
	if err == nil {
		err = j.compile(ctx, b.describe)
	}
	if err == nil && rules.plan == nil {
		err = b.console.refuse(rules.diagnostics)
	}
	if err != nil {
		closeAll(targets)
		return err
	}
	b.console.mentionWarnings(rules.diagnostics)
	b.last.sources = sources
	b.current.Store(j)
	return nil
}

// reload reads the rules again and uses them if they are without errors. Unless it is
// forced, it does nothing while their text is the same as it read last.
func (b *rulebook) reload(ctx context.Context, forced bool) {
	b.one.Lock()
	defer b.one.Unlock()
	begun := time.Now()
	sources, err := b.rules.read()
	old := b.now()
	if fresh := b.fresh(sources, err); !fresh && !forced {
		return
	}
	if err == nil && !forced && sameText(old.rules.sources, sources) {
		b.refused.Store(false)
		b.logger.Info("the rules are again those that are used")
		return
	}
	next := &job{rules: &ruleSet{sources: sources}}
	if err == nil {
		if err = b.prepare(ctx, old, next); err != nil {
			b.last.sources = nil // what is in their way may go, so they are looked at again
		}
	}
	b.refused.Store(err != nil || next.rules.plan == nil)
	if err != nil {
		if ctx.Err() == nil {
			b.logger.Error("changed rules are refused; the old ones stay", "error", err)
			b.said(err.Error())
		}
		return
	}
	b.drifted(next.rules.files, old.rules.schemas, next.rules.schemas)
	if next.rules.plan == nil {
		if next.rules.schemas != nil && sameText(old.rules.sources, sources) {
			b.current.Store(old.withSchemas(next.rules.schemas))
		}
		n := b.logErrors(next.rules.diagnostics)
		b.logger.Error("changed rules are refused; the old ones stay", "errors", n)
		b.said("the rules have " + plural(n, "error"))
		return
	}
	b.current.Store(next)
	b.use()
	added, changed, removed := ruleChanges(old.rules.files, next.rules.files)
	b.logger.Info("rules are reloaded", "rules", next.rules.rules(), "added", added, "changed", changed, "removed", removed, "took", time.Since(begun))
	b.said("")
}

// fresh notes what was read, and reports whether it is other than before.
func (b *rulebook) fresh(sources []*dsl.Source, err error) bool {
	failure := ""
	if err != nil {
		failure, sources = err.Error(), nil
	}
	same := failure == b.last.failure && sameText(sources, b.last.sources)
	b.last.sources, b.last.failure = sources, failure
	return !same
}

// withSchemas is the same rules in orgs that have changed so that the rules no longer
// pass the check. They stay as they were compiled; what the orgs say now tells the
// causes of failures apart.
func (j *job) withSchemas(schemas map[string]*schema.Schema) *job {
	rules, out := *j.rules, *j
	rules.schemas, out.rules = schemas, &rules
	return &out
}

// prepare compiles changed rules. An org that is known already stays the same, also
// if no rule names it any more: what waits may still have to go there.
func (b *rulebook) prepare(ctx context.Context, old, next *job) error {
	next.rules.parse()
	if dsl.HasErrors(next.rules.diagnostics) {
		return nil
	}
	next.targets, next.users, next.recalled = slices.Clone(old.targets), old.users, old.recalled
	if b.orgs.one {
		if names := connectionsOf(next.rules.files); len(names) > 1 && next.targets[0].sim == nil {
			return usagef("", "the rules write to several connections, and a flag names one org: %s", quoted(names))
		}
		return next.compile(ctx, b.describe)
	}
	for _, name := range connectionsOf(next.rules.files) {
		if slices.ContainsFunc(next.targets, func(t *target) bool { return t.name == name }) {
			continue
		}
		if name == "" {
			return usagef("", "%s names no connection, and no flag names an org; it needs a line `connection NAME`", nameless(next.rules.files))
		}
		t, err := b.orgs.named(ctx, b.kv, name)
		if err != nil {
			return err
		}
		next.targets = append(next.targets, t)
	}
	if len(next.targets) > len(old.targets) {
		if err := next.signIn(ctx, b.kv); err != nil {
			return err
		}
		if err := b.remember(ctx, next); err != nil {
			return err
		}
	}
	return next.compile(ctx, b.describe)
}

func (b *rulebook) logErrors(found []dsl.Diagnostic) (n int) {
	for _, d := range found {
		if d.Severity != dsl.Error {
			continue
		}
		if n++; n > maxShown {
			continue
		}
		at := d.Source.Position(d.From)
		b.logger.Error("error in the rules", "code", string(d.Code), "at", fmt.Sprintf("%s:%d:%d", d.Source.Path, at.Line, at.Column), "message", d.Message, "help", d.Help)
	}
	return n
}

func sameText(a, b []*dsl.Source) bool {
	return slices.EqualFunc(a, b, func(a, b *dsl.Source) bool { return a.Path == b.Path && a.Text == b.Text })
}

// ruleChanges tells by name which rules are new, different or gone. Comments do not
// count.
func ruleChanges(old, new []*dsl.File) (added, changed, removed []string) {
	before, after := ruleTexts(old), ruleTexts(new)
	for name, text := range after {
		if was, ok := before[name]; !ok {
			added = append(added, name)
		} else if was != text {
			changed = append(changed, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			removed = append(removed, name)
		}
	}
	slices.Sort(added)
	slices.Sort(changed)
	slices.Sort(removed)
	return added, changed, removed
}

// ruleTexts is what the rules say, by name, with what their files say for all of them.
func ruleTexts(files []*dsl.File) map[string]string {
	texts := map[string]string{}
	for _, f := range files {
		var starts []int
		for _, r := range f.Rules {
			starts = append(starts, r.From)
		}
		for _, t := range f.Tests {
			starts = append(starts, t.From)
		}
		slices.Sort(starts)
		for _, r := range f.Rules {
			end := len(f.Source.Text)
			if i, _ := slices.BinarySearch(starts, r.From+1); i < len(starts) {
				end = starts[i]
			}
			var lines []string
			for line := range strings.Lines(f.Source.Text[r.From:end]) {
				if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
					lines = append(lines, line)
				}
			}
			texts[r.Name.Text] = f.Connection.Text + "\n" + strings.Join(lines, "\n")
		}
	}
	return texts
}
