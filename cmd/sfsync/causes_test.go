package main

import (
	"slices"
	"testing"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
)

// The causes that tests of rules may expect are those that failures are given: the
// language does not know Salesforce's client, so each has a list.
func TestCausesAgree(t *testing.T) {
	var given []string
	for _, c := range salesforce.Causes() {
		given = append(given, string(c.Cause))
	}
	expected := slices.Clone(plan.Causes)
	slices.Sort(given)
	slices.Sort(expected)
	if !slices.Equal(given, expected) {
		t.Errorf("failures have the causes %v, and rules know %v", given, expected)
	}
}
