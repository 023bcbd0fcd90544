package plan

import (
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Rules against what real orgs describe.
func TestRealDescribes(t *testing.T) {
	s := realSchema(t)
	check := func(text string) (*Plan, []dsl.Diagnostic) {
		_, p, ds := checkAll(t, Options{Schema: func(string) *schema.Schema { return s }}, text)
		return p, ds
	}
	p, ds := check(`rule Message
on outbound message Case if record.Description == null
update Case where Id = record.Id
  set Description: Survey sent on {date(event.time)}
update Contact if record.ContactId != null where Id = record.ContactId
  set Description = distribution.status
rule Response
on survey response
update Contact where Id = profile.id
  set Email = contact.email
      Birthdate = answers.birthday
      LeadSource: Web
create Case
  set Subject: Low score from {contact.first_name}
      Priority = answers.nps <= 3 ? "High" : "Medium"
      ContactId = profile.id
create Account
  set Name = contact.company
      AnnualRevenue = answers.revenue
      NumberOfEmployees = round(answers.employees)
`)
	if p == nil || len(ds) > 0 {
		t.Fatal(show(ds))
	}
	var e Evaluation
	if err := p.Eval(&e, response(`"answers":{"nps":2,"birthday":"1990-04-01","revenue":1234567.50,"employees":9.5},"contact":{"email":"ann@example.com","first_name":"Ann","company":"Acme"}`), ""); err != nil {
		t.Fatal(err)
	}
	want := `Response
  update Contact Id=0035g00000AbCdEAAV {"Email":"ann@example.com","Birthdate":"1990-04-01","LeadSource":"Web"}
  create Case  {"Subject":"Low score from Ann","Priority":"High","ContactId":"0035g00000AbCdEAAV"}
  create Account  {"Name":"Acme","AnnualRevenue":1234567.50,"NumberOfEmployees":10}
`
	if got := outcome(&e); strings.ReplaceAll(got, "  {", " {") != strings.ReplaceAll(want, "  {", " {") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	checkOutcome(t, &e)

	for line, code := range map[string]dsl.Code{
		"CaseNumber: 1":                   "S204",
		"Status = 3":                      "S208",
		"IsClosed = true":                 "S204",
		"Prority: High":                   "S202",
		"ContactId = \"0017F000003pmdW\"": "S212",
		"IsEscalated: yes":                "S208",
		"Contact.Name = profile.id":       "S214",
		"CreatedDate = event.time":        "S204",
	} {
		_, ds := check("rule R\non survey response\nupdate Case where Id = profile.id\n  set " + line + "\n")
		if len(ds) != 1 || ds[0].Code != code {
			t.Errorf("%s: %s, want %s alone", line, show(ds), code)
		}
	}
}
