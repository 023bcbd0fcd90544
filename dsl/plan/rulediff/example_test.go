package rulediff_test

import (
	"fmt"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

func ExampleCompare() {
	compile := func(text string) rulediff.Side {
		file, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
		p, found := plan.Compile([]*dsl.File{file}, plan.Options{})
		return rulediff.Side{Plan: p, Findings: found}
	}
	before := compile("rule Score\non survey response\nwhen Responded\nupdate Contact where Id = profile.id set NPS__c = answers.nps")
	after := compile("rule Score\non survey response\nwhen Responded, Partially Responded\nupdate Contact where Id = profile.id set NPS__c = answers.nps")
	for _, rule := range rulediff.Compare(before, after).Rules {
		for _, action := range rule.Actions {
			for _, field := range action.Fields {
				fmt.Println(field.Change, action.Object+"."+field.Name, "when", action.When, "elsewhere:", field.Elsewhere)
			}
		}
	}
	// Output: added Contact.NPS__c when [Partially Responded] elsewhere: true
}
