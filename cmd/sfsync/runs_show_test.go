package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

func TestRunsShowTellsWhoSaidIt(t *testing.T) {
	const unreachable = "cannot reach acme.my.salesforce.com: connection refused"
	until := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name      string
		run       store.Run
		says, not string
	}{
		{"a network that fails is not Salesforce's word",
			store.Run{Outcome: store.Waiting, Rule: "R", Reason: unreachable, NotBefore: until, Writes: []store.Write{{Op: "update", Object: "Lead", Outcome: store.Waiting, Message: unreachable}}},
			"tried again after", "Salesforce:"},
		{"what is not yet said is said",
			store.Run{Outcome: store.Failed, Rule: "R", Writes: []store.Write{{Op: "update", Object: "Lead", Outcome: store.Failed, Message: unreachable}}},
			"    " + unreachable, "Salesforce:"},
		{"a refusal is",
			store.Run{Outcome: store.Failed, Rule: "R", Writes: []store.Write{{Op: "update", Object: "Lead", Outcome: store.Failed, Code: "ENTITY_IS_DELETED", Message: "entity is deleted"}}},
			"Salesforce: ENTITY_IS_DELETED: entity is deleted\n", "where"},
		{"a refusal without words has no colon behind it",
			store.Run{Outcome: store.Failed, Rule: "R", Writes: []store.Write{{Op: "update", Object: "Lead", Outcome: store.Failed, Code: "UNKNOWN"}}},
			"Salesforce: UNKNOWN\n", "UNKNOWN:"},
		{"a write that has come to no record looks for none",
			store.Run{Outcome: store.Failed, Rule: "R", Writes: []store.Write{{Op: "update", Object: "Lead", MatchField: "Id", Outcome: store.Failed}}},
			"update Lead  failed", "where"},
		{"a status waits for its message, and not for a time",
			store.Run{Outcome: store.Waiting, Type: plan.TypeDistribution, Reason: "its message has not arrived", NotBefore: until},
			"given up, unless it comes, after", "tried again"},
	} {
		var out bytes.Buffer
		(&console{out: &out, width: defaultWidth}).printRun(&c.run)
		if text := out.String(); !strings.Contains(text, c.says) || strings.Contains(text, c.not) {
			t.Errorf("%s:\n%s", c.name, text)
		}
	}
}
