package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// job is rules that run against orgs.
type job struct {
	rules   *ruleSet
	targets []*target
	engine  *runtime.Engine
	users   map[*target]*salesforce.Identity // whom we act as
	calls   int64                            // that the orgs had answered before the first write

	recalled bool // what is known of the orgs comes from the store, as they did not answer
}

// targetOf is the org that writes to a connection go to.
func (j *job) targetOf(connection string) *target {
	for _, t := range j.targets {
		if t.name == connection {
			return t
		}
	}
	return j.targets[0] // the one that a flag names stands for all
}

// apiCalls is how many calls writes have taken so far.
func (j *job) apiCalls() int64 { return j.allCalls() - j.calls }

func (j *job) allCalls() int64 {
	var n int64
	for _, t := range j.targets {
		n += t.client.Calls()
	}
	return n
}

// open checks rules against what their orgs are like now, and makes them ready to
// run. With an error in the rules, nothing runs.
func (c *console) open(ctx context.Context, rules *ruleSet, targets []*target, s store.Store, o runtime.Config) (*job, error) {
	rules.parse()
	if dsl.HasErrors(rules.diagnostics) {
		return nil, c.refuse(rules.diagnostics)
	}
	out := &job{rules: rules, targets: targets}
	if err := out.signIn(ctx, s.State()); err != nil {
		return nil, err
	}
	if err := out.compile(ctx, describe); err != nil {
		return nil, err
	}
	if rules.plan == nil {
		return nil, c.refuse(rules.diagnostics)
	}
	c.mentionWarnings(rules.diagnostics)
	out.calls = out.allCalls()
	o.Store, o.Plan = s, rules.plan
	o.Schema = func(connection string) *schema.Schema { return rules.schemas[connection] }
	o.Org = func(_ context.Context, connection string) (runtime.Org, error) {
		t := out.targetOf(connection)
		return runtime.Org{Client: t.client, UserID: out.users[t].UserID}, nil
	}
	var err error
	out.engine, err = runtime.New(o)
	return out, err
}

// describer fetches what rules have to know of an org.
type describer func(ctx context.Context, t *target, files []*dsl.File) (*schema.Schema, error)

// compile compiles the rules against what describe says of their orgs. There is no
// plan if there are errors in the rules.
func (j *job) compile(ctx context.Context, describe describer) error {
	fetched := map[*target]*schema.Schema{}
	j.rules.schemas = map[string]*schema.Schema{}
	for _, name := range connectionsOf(j.rules.files) {
		t := j.targetOf(name)
		if fetched[t] == nil {
			var err error
			if fetched[t], err = describe(ctx, t, j.rules.files); err != nil {
				return err
			}
		}
		j.rules.schemas[name] = fetched[t]
	}
	j.rules.compile()
	return nil
}

// orgsKey is where a store remembers the orgs that its events were written to.
const orgsKey = "orgs"

// signIn asks the orgs who we are there. A store that knows events of other orgs only
// is refused: it would take events for known that these orgs have never seen, as when
// rules were tried in a sandbox first.
func (j *job) signIn(ctx context.Context, kv store.KV) error {
	remembered, err := kv.Get(ctx, orgsKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	known := strings.Fields(string(remembered.Value))
	orgs, shared := known, len(known) == 0
	j.users = map[*target]*salesforce.Identity{}
	for _, t := range j.targets {
		id, err := t.client.Identity(ctx)
		if err != nil {
			return salesforceError(t, err)
		}
		j.users[t] = id
		if slices.Contains(known, id.OrganizationID) {
			shared = true
		} else if !slices.Contains(orgs, id.OrganizationID) {
			orgs = append(orgs, id.OrganizationID)
		}
	}
	if !shared {
		return usagef("--store DIR keeps another store for this org",
			"the store remembers events of another org (%s), and would take them for written to this one", strings.Join(known, ", "))
	}
	if len(orgs) == len(known) {
		return nil
	}
	_, err = kv.Put(ctx, store.Entry{Key: orgsKey, Value: []byte(strings.Join(orgs, " ")), Revision: remembered.Revision})
	return err
}

func (c *console) mentionWarnings(found []dsl.Diagnostic) {
	n := 0
	for _, d := range found {
		if d.Severity == dsl.Warning {
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(c.err, "%s the rules have %s; sfsync check shows them\n", c.errStyle.yellow("note:"), plural(n, "warning"))
	}
}
