package ruledoc_test

import (
	"fmt"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/ruledoc"
)

func ExampleNew() {
	file, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte("rule Score\non survey response\nupdate Contact where Id = profile.id set NPS__c = answers.nps ?? 0")))
	p, _ := plan.Compile([]*dsl.File{file}, plan.Options{})
	for _, object := range ruledoc.New(ruledoc.Set{Plan: p}).Objects {
		for _, field := range object.Fields {
			fmt.Println(object.Name+"."+field.Name, "←", field.Values[0].Words)
		}
	}
	// Output: Contact.NPS__c ← the answer nps, or if it is missing 0
}
