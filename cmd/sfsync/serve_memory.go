package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// A daemon remembers its orgs, so that it starts and takes events while they are away.

// memory is the name under which the store remembers an org: that of its connection,
// or else its host, behind a sign that no connection's name begins with. It is "" for
// a simulated org, which ends with the daemon.
func (t *target) memory() string {
	if t.sim != nil {
		return ""
	}
	host := "@"
	if u, err := url.Parse(t.url); err == nil {
		host += strings.ToLower(u.Host)
	}
	return cmp.Or(t.name, host)
}

// userKey is where the store remembers whom we act as in an org.
func userKey(memory string) string { return "user/" + memory }

// away reports whether a failure to sign in is one that a daemon may outlast.
func away(err error) bool { return errors.As(err, new(*salesforce.Error)) }

// remember notes who we are in the orgs, for a start without them.
func (b *rulebook) remember(ctx context.Context, j *job) error {
	for t, id := range j.users {
		if t.memory() == "" {
			continue
		}
		value, err := json.Marshal(salesforce.Identity{UserID: id.UserID, OrganizationID: id.OrganizationID, Username: id.Username})
		if err == nil {
			_, err = b.kv.Put(ctx, store.Entry{Key: userKey(t.memory()), Value: value, Revision: store.AnyRevision})
		}
		if err != nil {
			return outsidef("", "cannot remember the org: %w", err)
		}
	}
	return nil
}

// recall goes by what the store knows of orgs while one cannot be reached, so that
// events are taken all the same.
func (b *rulebook) recall(ctx context.Context, j *job, cause error) error {
	j.users, j.recalled = map[*target]*salesforce.Identity{}, true
	for _, t := range j.targets {
		id := new(salesforce.Identity)
		saved, err := b.kv.Get(ctx, userKey(t.memory()))
		if err != nil || json.Unmarshal(saved.Value, id) != nil || id.OrganizationID == "" {
			return stranger(t, cause)
		}
		j.users[t] = id
	}
	b.logger.Warn("cannot sign in now; events are taken and wait", "error", cause)
	return nil
}

// stranger says why a daemon cannot start without an org.
func stranger(t *target, cause error) error {
	advice := ""
	if e := (*exitError)(nil); errors.As(cause, &e) && e.help != "" {
		advice = e.help + " "
	}
	return &exitError{code: exitOutside, cause: cause,
		message: cause.Error() + "; and the store does not know enough of this org to check the rules without it",
		help:    fmt.Sprintf("%sThe first start with these objects needs %s to answer; later ones do without it.", advice, t.where())}
}

// describe asks an org about its objects. If that fails, what it said before has to do.
func (b *rulebook) describe(ctx context.Context, t *target, files []*dsl.File) (*schema.Schema, error) {
	s, cause := describe(ctx, t, files)
	if cause == nil {
		if t.memory() == "" {
			return s, nil
		}
		b.noteBefore(ctx, t)
		if err := keepSchema(ctx, b.kv, t.memory(), s); err != nil {
			b.logger.Warn("cannot remember what the org said about its objects", "org", t.where(), "error", err)
		}
		return s, nil
	}
	if j := b.now(); j != nil {
		for name, known := range j.rules.schemas {
			if j.targetOf(name) == t {
				s = known
			}
		}
	}
	if s == nil && t.memory() != "" {
		s, _ = keptSchema(ctx, b.kv, t.memory())
	}
	unknown := func(name string) bool { o := s.Object(name); return o == nil || len(o.Fields) == 0 }
	if s == nil || slices.ContainsFunc(namedObjects(files), unknown) {
		return nil, stranger(t, cause)
	}
	b.logger.Warn("cannot ask the org about its objects; going by what it said before", "org", t.where(), "fetched", s.FetchedAt, "error", cause)
	return s, nil
}

// awaitOrgs ends when all orgs are known as they are now, or ctx does.
func (b *rulebook) awaitOrgs(ctx context.Context) {
	again := time.NewTicker(checkEvery)
	defer again.Stop()
	for b.now().recalled {
		select {
		case <-again.C:
			b.meetAgain(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// meetAgain asks orgs that did not answer at the start whether they do now, and looks
// at the rules again in their light.
func (b *rulebook) meetAgain(ctx context.Context) {
	j := b.now()
	next := *j
	if err := next.signIn(ctx, b.kv); err != nil {
		if !away(err) && ctx.Err() == nil {
			b.logger.Error("cannot sign in", "error", err)
		}
		return
	}
	if err := b.remember(ctx, &next); err != nil {
		b.logger.Warn("cannot remember the orgs", "error", err)
	}
	next.recalled = false
	b.one.Lock()
	known := b.current.CompareAndSwap(j, &next)
	b.one.Unlock()
	if known {
		b.logger.Info("signed in after all; what waits is tried again")
		b.met()
		b.reload(ctx, true)
	}
}
