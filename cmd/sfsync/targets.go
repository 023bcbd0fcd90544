package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/store"
)

// targetsFor are the orgs that rules write to: the one that flags name, or else those
// of the connections that the rules name. The first of them is returned first.
func targetsFor(ctx *cli.Context, kv store.KV, files []*dsl.File) ([]*target, error) {
	names := connectionsOf(files)
	t, err := givenTarget(ctx, func() (store.KV, error) { return kv, nil })
	if err != nil {
		return nil, err
	}
	if t == nil {
		return namedTargets(ctx, kv, names)
	}
	// One org must not get what is meant for another.
	if len(names) > 1 && t.sim == nil {
		return nil, usagef("leave --instance and --connection out", "the rules write to several connections: %s", quoted(names))
	}
	if name := ctx.String("save-connection"); name != "" {
		if t.sim != nil || t.name != "" {
			t.close()
			return nil, usagef("", "--save-connection goes with --instance")
		}
		if err := saveConnection(ctx, kv, t, name); err != nil {
			return nil, err
		}
		t.name = name
	}
	return []*target{t}, nil
}

func namedTargets(ctx *cli.Context, kv store.KV, names []string) ([]*target, error) {
	if ctx.String("save-connection") != "" {
		return nil, usagef("", "--save-connection goes with --instance")
	}
	var out []*target
	for _, name := range names {
		if name == "" {
			return nil, usagef("--instance URL, --connection NAME or --org sim", "no org is named, neither by a flag nor by the rules")
		}
		t, err := connectionTarget(ctx, kv, name, len(names) == 1)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, usagef("--instance URL, --connection NAME or --org sim", "no org is named, neither by a flag nor by the rules")
	}
	return out, nil
}

func quoted(names []string) string {
	s := ""
	for i, name := range names {
		if i > 0 {
			s += ", "
		}
		if name == "" {
			s += "one without a name"
			continue
		}
		s += "`" + name + "`"
	}
	return s
}

// oneTarget is the org that flags name; without any it ends the command. The store stays
// open as long as the target, since that is where tokens are renewed.
func oneTarget(ctx *cli.Context) (*target, error) {
	done := func() {}
	t, err := givenTarget(ctx, func() (kv store.KV, err error) {
		kv, done, err = openState(ctx)
		return kv, err
	})
	if err == nil && t == nil {
		err = usagef("--instance URL, --connection NAME or --org sim", "no org is named")
	}
	if err != nil {
		done()
		return nil, err
	}
	t.done = done
	return t, nil
}
