package main

import (
	"context"
	"errors"
	"slices"
	"strings"
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

// describe fetches what rules have to know of an org: the names and key prefixes of
// all objects, and the fields of those that the rules name. An object that the org
// does not have is left out: checking the rules says so.
func describe(ctx context.Context, t *target, files []*dsl.File) (*schema.Schema, error) {
	all, err := t.client.DescribeGlobal(ctx)
	if err != nil {
		return nil, salesforceError(t, err)
	}
	s := schema.New(all...)
	if err := describeObjects(ctx, t, s, namedObjects(files)); err != nil {
		return nil, err
	}
	if err := describeObjects(ctx, t, s, parents(files, s)); err != nil {
		return nil, err
	}
	s.FetchedAt = time.Now()
	return s, nil
}

// describeObjects puts the fields of those objects into the schema that it does not
// have yet and the org has.
func describeObjects(ctx context.Context, t *target, s *schema.Schema, names []string) error {
	found := make([]*schema.Object, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, name := range names {
		if o := s.Object(name); o == nil || len(o.Fields) > 0 || slices.Index(names, name) < i {
			continue
		}
		group.Go(func() error {
			d, err := t.client.Describe(ctx, name, time.Time{})
			var e *salesforce.Error
			if errors.As(err, &e) && e.Cause == salesforce.WrongObject {
				return nil
			}
			if err != nil {
				return salesforceError(t, err)
			}
			found[i] = d.Object
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, o := range found {
		if o != nil {
			s.Add(o)
		}
	}
	return nil
}

// described leaves only those objects whose fields are known.
func described(s *schema.Schema) *schema.Schema {
	out := schema.New()
	for _, name := range s.Names() {
		if o := s.Object(name); len(o.Fields) > 0 {
			out.Add(o)
		}
	}
	return out
}
