package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// staleSchema is a schema that may no longer tell what Salesforce is like.
type staleSchema struct {
	Schema  string    `json:"schema"` // a directory, or a connection
	Object  string    `json:"object"` // the oldest that the rules name
	Fetched time.Time `json:"fetched"`
	Days    int       `json:"days"`
	help    string
}

func staleFlag() cli.Flag {
	return &cli.IntFlag{Name: "stale-after", Value: 30, Usage: "say so when a schema was fetched more than `DAYS` ago; 0 for never"}
}

// stale finds the oldest of the describes that the rules were held against, nil if it
// is young enough. Of a directory that no export has made, nobody knows how old it is.
func (s *ruleSet) stale(after int, now time.Time) *staleSchema {
	if s.schema == nil || after <= 0 {
		return nil
	}
	var oldest *staleSchema
	for _, name := range append(namedObjects(s.files), parents(s.files, s.schema)...) {
		o := s.schema.Object(name)
		if o == nil || o.FetchedAt.IsZero() || oldest != nil && !o.FetchedAt.Before(oldest.Fetched) {
			continue
		}
		oldest = &staleSchema{Schema: s.from, Object: o.Name, Fetched: o.FetchedAt, Days: int(now.Sub(o.FetchedAt).Hours() / 24)}
	}
	if oldest == nil || now.Sub(oldest.Fetched) <= time.Duration(after)*24*time.Hour {
		return nil
	}
	oldest.help = "sfsync schema refresh says what has changed since"
	if !strings.HasPrefix(s.from, "connection ") {
		oldest.help = "sfsync schema diff " + s.from + " --connection NAME says what has changed since"
	}
	return oldest
}

// String is a remark for who checks rules.
func (s *staleSchema) String() string {
	return fmt.Sprintf("What %s tells of %s is %s old, and Salesforce may be different by now: %s.", s.Schema, s.Object, plural(s.Days, "day"), s.help)
}
