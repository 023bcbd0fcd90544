package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// namedObjects are the objects that rules name, each once, in the order of the text.
func namedObjects(files []*dsl.File) []string {
	var names []string
	add := func(n dsl.Name) {
		if !n.Missing() && !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, n.Text) }) {
			names = append(names, n.Text)
		}
	}
	for _, f := range files {
		for _, r := range f.Rules {
			if r.On != nil && r.On.Kind == dsl.OutboundMessage {
				add(r.On.Subject)
			}
		}
		for _, a := range actionsOf(f) {
			add(a.Object)
		}
	}
	return names
}

func actionsOf(f *dsl.File) []*dsl.Action {
	var actions []*dsl.Action
	for _, r := range f.Rules {
		actions = append(actions, r.Actions...)
		for _, arm := range r.Arms {
			actions = append(actions, arm.Actions...)
		}
	}
	return actions
}

// parents are the objects behind the relationships that rules set, such as Account
// for Account__r.Crm_Key__c.
func parents(files []*dsl.File, s *schema.Schema) []string {
	var names []string
	for _, f := range files {
		for _, a := range actionsOf(f) {
			o := s.Object(a.Object.Text)
			if o == nil {
				continue
			}
			for _, as := range a.Set {
				if len(as.Field.Parts) != 2 {
					continue
				}
				if lookup := o.Relationship(as.Field.Parts[0].Text); lookup != nil {
					names = append(names, lookup.ReferenceTo...)
				}
			}
		}
	}
	return names
}

// connectionsOf are the connections that rules name, each once; "" stands for rules
// that name none.
func connectionsOf(files []*dsl.File) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, f := range files {
		for _, a := range actionsOf(f) {
			if a.Using.Missing() {
				add(f.Connection.Text)
			} else {
				add(a.Using.Text)
			}
		}
	}
	return names
}

// nameless is the first file that does not say to which connection it writes.
func nameless(files []*dsl.File) string {
	for _, f := range files {
		if slices.Contains(connectionsOf([]*dsl.File{f}), "") {
			return f.Source.Path
		}
	}
	return ""
}

// describe fetches what rules have to know of an org: the names and key prefixes of
// all objects, and the fields of those that the rules name. An object that the org
// does not have is left out: checking the rules says so.
func describe(ctx context.Context, t *target, files []*dsl.File) (*schema.Schema, error) {
	all, err := t.client.DescribeGlobal(ctx)
	if err != nil {
		return nil, salesforceError(t, err)
	}
	s := schema.New(all...)
	if err := describeObjects(ctx, t, s, namedObjects(files), noProgress); err != nil {
		return nil, err
	}
	if err := describeObjects(ctx, t, s, parents(files, s), noProgress); err != nil {
		return nil, err
	}
	s.FetchedAt = time.Now()
	return s, nil
}

func noProgress(done, all int) {}

// describeObjects puts the fields of those objects into the schema that it does not
// have yet and the org has.
func describeObjects(ctx context.Context, t *target, s *schema.Schema, names []string, progress func(done, all int)) error {
	var todo []string
	for _, name := range names {
		if o := s.Object(name); o != nil && len(o.Fields) == 0 && !slices.Contains(todo, o.Name) {
			todo = append(todo, o.Name)
		}
	}
	found, err := describeAll(ctx, t, todo, func(string) time.Time { return time.Time{} }, progress)
	if err != nil {
		return err
	}
	for _, d := range found {
		if d != nil {
			s.Add(d.Object)
		}
	}
	return nil
}

// describeAll describes objects, a few at a time, each only if it has changed since
// the time that since gives. What the org does not have is nil.
func describeAll(ctx context.Context, t *target, names []string, since func(name string) time.Time, progress func(done, all int)) ([]*salesforce.Description, error) {
	found := make([]*salesforce.Description, len(names))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, name := range names {
		group.Go(func() error {
			d, err := t.client.Describe(ctx, name, since(name))
			var e *salesforce.Error
			if err != nil && (!errors.As(err, &e) || e.Cause != salesforce.WrongObject) {
				return salesforceError(t, err)
			}
			found[i] = d
			progress(int(done.Add(1)), len(names))
			return nil
		})
	}
	return found, group.Wait()
}
