package dsl_test

import (
	"fmt"
	"os"

	"github.com/sfsync/sfsync/dsl"
)

// A rule file is read to its end, whatever is wrong with it.
func ExampleParse() {
	src := dsl.NewSource("rules.sfsync", []byte(`rule Score on the contact
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
      Survey_Status__c = Response Received
`))
	file, diagnostics := dsl.Parse(src)
	for _, r := range file.Rules {
		for _, a := range r.Actions {
			fmt.Printf("%s: %s, %d fields\n", r.Name.Text, a.Object.Text, len(a.Set))
		}
	}
	if err := dsl.Render(os.Stdout, diagnostics, dsl.TextOptions{}); err != nil {
		panic(err)
	}
	// Output:
	// Score on the contact: Contact, 2 fields
	// error[S014]: `Survey_Status__c` has words after `=`, and no expression
	//   --> rules.sfsync:5:26
	//    |
	//  5 |       Survey_Status__c = Response Received
	//    |                          ^^^^^^^^^^^^^^^^^
	//    = help: static text takes a colon: `Survey_Status__c: Response Received`
}

// Only blanks and line breaks change, so formatting is always safe.
func ExampleFormat() {
	text, _ := dsl.Format(dsl.NewSource("rules.sfsync", []byte(`rule Score on the contact
on survey response
when Responded
update Contact where Id=profile.contact_id set NPS_Score__c=answers.nps
Customer_Comment__c = trim( answers.comment )
Survey_Status__c :Response Received
`)))
	fmt.Print(text)
	// Output:
	// rule Score on the contact
	// on survey response
	//
	// when Responded
	//   update Contact where Id = profile.contact_id
	//     set NPS_Score__c        = answers.nps
	//         Customer_Comment__c = trim(answers.comment)
	//         Survey_Status__c: Response Received
}

// Statuses are compared without regard to case, blanks, hyphens and underscores.
func ExampleNormalStatus() {
	fmt.Println(dsl.NormalStatus("NOT_SENT_DUE_TO_OPT_OUT") == dsl.NormalStatus("Not Sent due to Opt-Out"))
	// Output: true
}
