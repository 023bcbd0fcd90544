package main

import (
	"slices"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// A status that no rule names is refused at the door only where no rule would handle it.
func TestStatusesAtTheDoor(t *testing.T) {
	const named = "on outbound message Case\nwhen Sent\nupdate Case where Id = record.Id set Status: Closed\n"
	const response = "rule B\non survey response nps\n"
	const writes = "update Contact where Id = profile.id set Title: A\n"
	tests := []struct {
		name, rules, eventType, survey string
		taken                          bool // whatever the status is
	}{
		{"arms that name statuses", "rule A\n" + named, plan.TypeDistribution, "", false},
		{"otherwise", "rule A\n" + named + "otherwise\nupdate Case where Id = record.Id set Status: New\n", plan.TypeDistribution, "", true},
		{"a message with its status", "rule A\n" + named + "otherwise\nupdate Case where Id = record.Id set Status: New\n", plan.TypeOutbound, "", true},
		{"otherwise for messages only", "rule A\n" + named + "otherwise\nupdate Case where Id = record.Id set Status: New\n" + response + "when Responded\n" + writes, plan.TypeResponse, "nps", false},
		{"otherwise for responses only", "rule A\n" + named + response + "when Responded\n" + writes + "otherwise\n" + writes, plan.TypeDistribution, "", false},
		{"otherwise for the survey", response + "when Responded\n" + writes + "otherwise\n" + writes, plan.TypeResponse, "nps", true},
		{"otherwise for another survey", response + "when Responded\n" + writes + "otherwise\n" + writes, plan.TypeResponse, "ces", false},
		{"a response rule without arms", response + writes, plan.TypeResponse, "nps", true},
		{"a message rule without arms", "rule A\non outbound message Case\nupdate Case where Id = record.Id set Status: New\n", plan.TypeDistribution, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, diagnostics := dsl.Parse(dsl.NewSource("a.sfsync", []byte("statuses Soft Bounce\n"+test.rules)))
			p, more := plan.Compile([]*dsl.File{f}, plan.Options{})
			for _, d := range append(diagnostics, more...) {
				if d.Severity == dsl.Error {
					t.Fatal(d.Message)
				}
			}
			b := &rulebook{}
			b.current.Store(&job{rules: &ruleSet{plan: p}})
			got := b.statuses(test.eventType, test.survey)
			if test.taken != (got == nil) || !test.taken && (!slices.Contains(got, "Soft Bounce") || !slices.Contains(got, "Delivered")) {
				t.Errorf("%q", got)
			}
		})
	}
}
