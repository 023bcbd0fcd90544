package plan_test

import (
	"fmt"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

const rules = `rule Score on the contact
on survey response

when Responded
  update Contact where Id = profile.contact_id
    set NPS_Score__c = answers.nps
        Survey_Status__c: Thank you, {contact.first_name}

otherwise
  update Contact where Id = profile.contact_id set Survey_Status__c = distribution.status
`

// A describe result as Salesforce answers it, cut to what matters here.
const contact = `{"name": "Contact", "keyPrefix": "003", "createable": true, "updateable": true, "fields": [
	{"name": "Id", "type": "id"},
	{"name": "NPS_Score__c", "type": "double", "precision": 2, "createable": true, "updateable": true, "nillable": true},
	{"name": "Survey_Status__c", "type": "string", "length": 40, "createable": true, "updateable": true, "nillable": true}]}`

const event = `{"id": "resp-1", "type": "survey.response", "distribution": {"status": "RESPONDED"},
	"answers": {"nps": 9}, "contact": {"first_name": "Ann"}, "profile": {"contact_id": "0035g00000AbCdE"}}`

// The whole interpreter, without daemon, store or network: text, schema and event
// in, writes out.
func ExampleCompile() {
	object, err := schema.ParseDescribe([]byte(contact))
	if err != nil {
		panic(err)
	}
	org := schema.New(object)
	file, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(rules)))
	p, diagnostics := plan.Compile([]*dsl.File{file}, plan.Options{Schema: func(string) *schema.Schema { return org }})
	fmt.Println(len(diagnostics), "diagnostics")

	var e plan.Evaluation // one for each goroutine
	if err := p.Eval(&e, event, ""); err != nil {
		panic(err)
	}
	for _, run := range e.Runs {
		for _, w := range run.Writes {
			fmt.Println(run.Rule.Name, "/", run.Arm.Name())
			fmt.Println(plan.Verb(w.Action.Kind), w.Action.Object, w.MatchValue, string(w.Body))
		}
	}
	// Output:
	// 0 diagnostics
	// Score on the contact / Responded
	// update Contact 0035g00000AbCdEAAV {"NPS_Score__c":9,"Survey_Status__c":"Thank you, Ann"}
}

// What the rules get wrong comes back as data, with its place and a way out.
func ExampleCompile_diagnostics() {
	object, _ := schema.ParseDescribe([]byte(contact))
	org := schema.New(object)
	file, _ := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(`rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Scor__c = answers.nps
      Survey_Status__c = Response Received
`)))
	_, diagnostics := plan.Compile([]*dsl.File{file}, plan.Options{Schema: func(string) *schema.Schema { return org }})
	for _, d := range append(file.Faults, diagnostics...) {
		fmt.Printf("line %d: %s %s\n  %s\n", d.Source.Position(d.From).Line, d.Code, d.Message, d.Help)
	}
	// Output:
	// line 5: S014 `Survey_Status__c` has words after `=`, and no expression
	//   static text takes a colon: `Survey_Status__c: Response Received`
	// line 4: S202 Contact has no field `NPS_Scor__c`
	//   did you mean `NPS_Score__c`?
}
