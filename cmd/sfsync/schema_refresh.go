package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

func schemaRefreshCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "refresh",
		Usage:     "fetch what rules name into the store, and say what has changed",
		ArgsUsage: "[RULES…]",
		Description: "The org is the one that the rules name, or that of --connection, or that of\n" +
			"--instance, which --save-connection then remembers under a name. Objects that the\n" +
			"store knows already are asked about, too, and cost little if they are as before.\n" +
			"Says what a change means for the rules, line by line; exits with 1 if they have errors.",
		Flags: append(targetFlags(),
			&cli.StringSliceFlag{Name: "object", Usage: "fetch the object `NAME`, which no rule may name; may be repeated"},
			&cli.BoolFlag{Name: "full", Usage: "fetch everything, also what Salesforce says has not changed"},
			saveFlag(), formatFlag()),
		Action: func(ctx *cli.Context) error { return c.schemaRefresh(ctx) },
	}
}

// refreshReport is what a refresh has shown.
type refreshReport struct {
	Connections []refreshedOrg `json:"connections"`
	Drift       []plan.Drift   `json:"drift"`  // what it means for the rules
	Errors      int            `json:"errors"` // in the rules, held against what was fetched
	first       bool           // nothing was known before
}

type refreshedOrg struct {
	Connection string        `json:"connection"`
	Calls      int64         `json:"api_calls"`
	Objects    []objectState `json:"objects"`
}

func (c *console) schemaRefresh(ctx *cli.Context) error {
	files, err := c.parseRules(ctx.Args().Slice())
	if err != nil {
		return err
	}
	kv, done, err := openState(ctx)
	if err != nil {
		return err
	}
	defer done()
	targets, err := targetsFor(ctx, kv, files)
	if err != nil {
		return err
	}
	defer closeAll(targets)
	report := refreshReport{Connections: []refreshedOrg{}, first: true}
	before, after := map[string]*schema.Schema{}, map[string]*schema.Schema{}
	var fetched []*refresh
	for _, t := range targets {
		if t.sim != nil {
			return usagef("sfsync schema export DIR --org sim", "a simulated org is gone when the command ends, and its schema is not remembered")
		}
		if t.name == "" {
			return usagef("--save-connection NAME", "the schema of an org without a name cannot be remembered")
		}
		known, err := keptSchema(ctx.Context, kv, t.name)
		if err != nil {
			return err
		}
		names := append(namedObjects(files), ctx.StringSlice("object")...)
		if known == nil && len(names) == 0 {
			return usagef("sfsync schema refresh --connection "+t.name+" RULES, or --object NAME", "nothing says which objects to fetch")
		}
		calls := t.client.Calls()
		r := refresh{target: t, known: known, files: files, names: ctx.StringSlice("object"), full: ctx.Bool("full") || signedInSince(ctx.Context, kv, t.name, known), progress: c.schemaProgress()}
		if err := r.run(ctx.Context); err != nil {
			return err
		}
		if err := r.insist(ctx.Context); err != nil {
			return err
		}
		fetched = append(fetched, &r)
		report.Connections = append(report.Connections, refreshedOrg{t.name, t.client.Calls() - calls, orEmpty(r.states)})
		before[t.name], after[t.name] = known, r.schema
		report.first = report.first && known == nil
	}
	of := func(schemas map[string]*schema.Schema) func(string) *schema.Schema {
		return func(connection string) *schema.Schema {
			if s, ok := schemas[connection]; ok {
				return s
			}
			return schemas[targets[0].name] // the one that a flag names stands for all
		}
	}
	report.Drift = orEmpty(plan.CompareSchemas(files, of(before), of(after)))
	report.Errors = errorsOf(files, of(after))
	if wantsJSON(ctx) {
		err = c.printJSON(report)
	} else {
		var said bytes.Buffer
		aside := *c
		aside.out = &said
		aside.printRefresh(&report, len(files) > 0)
		_, err = c.out.Write(said.Bytes())
	}
	if err != nil {
		return err
	}
	// Only now: a change that nobody was told of must still be one for the next refresh.
	for _, r := range fetched {
		if err := r.keep(ctx.Context, kv); err != nil {
			return outsidef("", "cannot remember the schema: %w", err)
		}
	}
	if report.Errors > 0 || plan.HasBreaks(report.Drift) {
		return problem
	}
	return nil
}

// signedInSince reports whether somebody has signed in again after a schema was
// fetched, perhaps as another user, who sees other fields of what has not changed.
func signedInSince(ctx context.Context, kv store.KV, connection string, known *schema.Schema) bool {
	saved, err := store.GetConnection(ctx, kv, connection)
	return err == nil && known != nil && saved.AuthorizedAt.After(known.FetchedAt)
}

// schemaProgress shows on a terminal how many objects are described.
func (c *console) schemaProgress() func(done, all int) {
	if !c.progress {
		return noProgress
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(c.err), progressbar.OptionSetDescription("objects"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false))
	return func(done, all int) {
		bar.ChangeMax(all)
		bar.Set(done)
		if done == all {
			bar.Finish()
		}
	}
}

func (c *console) printRefresh(r *refreshReport, rules bool) {
	marks := map[string]func(string) string{stateNew: c.style.green, stateChanged: c.style.yellow, stateGone: c.style.red, stateUnchanged: c.style.dim}
	for _, org := range r.Connections {
		fmt.Fprintf(c.out, "connection %s: %s, %s\n", org.Connection, plural(len(org.Objects), "object"), plural(int(org.Calls), "API call"))
		var t table
		t.indent = "  "
		for _, o := range org.Objects {
			note := ""
			switch o.State {
			case stateNew:
				note = plural(o.Fields, "field")
			case stateChanged:
				note = plural(len(o.Changes), "change")
			case stateGone:
				note = "or hidden from the user"
			}
			t.row(cell{o.State, marks[o.State]}, o.Object, note)
		}
		t.write(c.out, c.width)
		for _, o := range org.Objects {
			c.printChanges(o.Changes)
		}
	}
	if !rules {
		return
	}
	if !r.first && (r.Errors == 0 || len(r.Drift) > 0) {
		c.printDrift(r.Drift)
	}
	if r.Errors > 0 {
		fmt.Fprintf(c.out, "\nThe rules have %s; sfsync check --connection %s shows them.\n", c.style.red(plural(r.Errors, "error")), r.Connections[0].Connection)
	} else if r.first {
		fmt.Fprintf(c.out, "\n%s\n", c.style.green("The rules fit."))
	}
}

// errorsOf counts what is wrong with rules, held against schemas.
func errorsOf(files []*dsl.File, schemas func(string) *schema.Schema) int {
	_, found := plan.Compile(files, plan.Options{Schema: schemas})
	for _, f := range files {
		found = append(found, f.Faults...)
	}
	return len(slices.DeleteFunc(found, func(d dsl.Diagnostic) bool { return d.Severity != dsl.Error }))
}

// The states of an object after a refresh.
const (
	stateNew       = "new"
	stateChanged   = "changed"
	stateUnchanged = "unchanged"
	stateGone      = "gone"
)

// objectState says what a refresh has shown of an object.
type objectState struct {
	Object  string          `json:"object"`
	State   string          `json:"state"` // new, changed, unchanged or gone
	Fields  int             `json:"fields"`
	Changes []schema.Change `json:"changes"`
}

// refresh asks an org about objects again.
type refresh struct {
	target   *target
	known    *schema.Schema // what it said before; may be nil
	files    []*dsl.File    // whose objects, and their parents, are wanted
	names    []string       // further objects that are wanted
	full     bool           // fetch also what has not changed
	progress func(done, all int)

	schema  *schema.Schema // what it says now
	states  []objectState  // by name
	missing []string       // wanted, and the org has never had them
}

// run fetches what is wanted, and what is known already.
func (r *refresh) run(ctx context.Context) error {
	r.schema = schema.New()
	// The names and key prefixes of the others stay as they are.
	for _, name := range r.known.Names() {
		if o := *r.known.Object(name); len(o.Fields) == 0 {
			r.schema.Add(&o)
		}
	}
	wanted := append(r.known.Described(), namedObjects(r.files)...)
	if err := r.fetch(ctx, append(wanted, r.names...)); err != nil {
		return err
	}
	if err := r.fetch(ctx, parents(r.files, r.schema)); err != nil {
		return err
	}
	slices.SortFunc(r.states, func(a, b objectState) int { return strings.Compare(a.Object, b.Object) })
	r.schema.FetchedAt = time.Now()
	return nil
}

// insist makes sure that the org has what the user has named.
func (r *refresh) insist(ctx context.Context) error {
	for _, name := range r.names {
		if !slices.Contains(r.missing, name) {
			continue
		}
		all, err := r.target.client.DescribeGlobal(ctx)
		if err != nil {
			return salesforceError(r.target, err)
		}
		return noObject(name, schema.New(all...).Names())
	}
	return nil
}

// keep puts into the store what was fetched, and takes out what is gone.
func (r *refresh) keep(ctx context.Context, kv store.KV) error {
	for _, o := range r.states {
		if o.State == stateGone {
			if err := store.DeleteSchema(ctx, kv, r.target.memory(), o.Object); err != nil {
				return err
			}
		}
	}
	return keepSchema(ctx, kv, r.target.memory(), r.schema)
}

// changed reports whether anything is not as it was.
func (r *refresh) changed() bool {
	return slices.ContainsFunc(r.states, func(o objectState) bool { return o.State != stateUnchanged })
}

// fetch asks about those objects that it has not asked about yet.
func (r *refresh) fetch(ctx context.Context, names []string) error {
	var todo []string
	for _, name := range names {
		same := func(s string) bool { return strings.EqualFold(s, name) }
		if o := r.schema.Object(name); o != nil && len(o.Fields) > 0 || slices.ContainsFunc(todo, same) || slices.ContainsFunc(r.missing, same) {
			continue
		}
		todo = append(todo, name)
	}
	found, err := describeAll(ctx, r.target, todo, r.since, r.progress)
	if err != nil {
		return err
	}
	for i, d := range found {
		before := r.known.Object(todo[i])
		if before != nil && len(before.Fields) == 0 {
			before = nil
		}
		switch {
		case d == nil && before == nil:
			r.missing = append(r.missing, todo[i])
		case d == nil:
			r.states = append(r.states, objectState{before.Name, stateGone, 0, schema.CompareObjects(before, nil)})
		case d.NotModified:
			// An object belongs to one schema, so the new one gets its own.
			o, err := schema.ParseDescribe(before.Raw())
			if err != nil {
				return outsidef("--full fetches it again", "the stored schema of %s is damaged: %w", before.Name, err)
			}
			o.FetchedAt, o.LastModified = time.Now(), d.LastModified
			r.schema.Add(o)
			r.states = append(r.states, objectState{o.Name, stateUnchanged, len(o.Fields), []schema.Change{}})
		default:
			o := d.Object
			r.schema.Add(o)
			state, changes := stateNew, []schema.Change{}
			if before != nil {
				if state, changes = stateUnchanged, orEmpty(schema.CompareObjects(before, o)); len(changes) > 0 {
					state = stateChanged
				}
			}
			r.states = append(r.states, objectState{o.Name, state, len(o.Fields), changes})
		}
	}
	return nil
}

// since is when what is known of an object had changed last, if that can be relied on:
// Salesforce tells whole seconds, so that of the last one there may be more.
func (r *refresh) since(name string) time.Time {
	o := r.known.Object(name)
	if o == nil || r.full || len(o.Raw()) == 0 || o.FetchedAt.Sub(o.LastModified) < 2*time.Second {
		return time.Time{}
	}
	return o.LastModified
}

func noObject(name string, known []string) error {
	if better, ok := dsl.Suggest(name, known); ok {
		return problemf("", "there is no object `%s`; did you mean `%s`?", name, better)
	}
	return problemf("sfsync schema list", "there is no object `%s`, or the user may not see it", name)
}
