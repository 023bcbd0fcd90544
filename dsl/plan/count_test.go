package plan

import (
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
)

// faultyRules are rules in which every line that ends with ` #` and a code has this
// one fault, of the text or of what it means. No fault may hide or bring along another.
const faultyRules = `connection prodction #S106
statuses Soft Bounce
rule Status
on outbound message Case if record.Orign != "Web" #S202
when Snt #S102
  update Case where Id = record.Id
    set Survey_Status__c = "Sent
        Survey_Comment__c = trimm(vars.a) #S105
        Subjct: x #S202
        Priority: Hihg #S206
when Delivered, delivered #S108
  update Case where Id = answers.id #S113
    set Survey_Score__c = "high" #S208
        Survey_Sent_At__c: Tomorrow #S216
  updat Contact where Id = record.ContactId #S001
    set NPS_Scor__c = 3 #S202
  update Contact where Id = record.AccountId #S213
    set Title = vars.title +
        Phone = Hello World #S014
otherwise
  upsert Account where Phone = vars.phone #S112
    set Name: x
  create Lead if 3 #S131
    set LastName: Lee, #-
        Company: x
  create Lead #S205
    set LastName: Lee

rule Answers
on survey response
let answers = 3 #S118
update Contcat where Id = profile.id #S201
  set Whatever: x
update Contact #S111
  set NPS_Score__c: answers.nps #S402
      Title = trim(answers.a #S011
      Department = answers #S104
      Phone: "quoted" #S401
      MailingCity = truncate(answers.a) #S130
      FirstName = answers.a matches answers.b #S132
      NPS_Group__c: x #S204
      LastName = null #S215
      Lifetime_Value__c = 99999999999999 #S210
      AccountId = "0035g00000AbCdEAAV" #S212
      Account.Nam = profile.x #S110

rule Answers #S107
on survey respons #S101
create User #S203
  set Email: x
create Case where Id = 3 #S115
  set Subject = nil #S406
when Sent, Expired
  update Contact where Id = profile.id set Titel: x #S202
`

func TestManyFaults(t *testing.T) {
	// The two lines whose faults a comment mark would hide.
	text := strings.Replace(faultyRules, "= \"Sent\n", "= \"Sent #S012\n", 1)
	text = strings.Replace(text, "vars.title +\n", "vars.title + #S020\n", 1)
	want := map[int]string{}
	var lines []string
	for i, line := range strings.Split(text, "\n") {
		at := strings.LastIndex(line, " #")
		if at >= 0 {
			if code := line[at+2:]; code != "-" {
				want[i+1] = code
			}
			line = line[:at]
		}
		lines = append(lines, line)
	}
	_, p, ds := checkAll(t, Options{Connections: []string{"production"}}, strings.Join(lines, "\n"))
	if p != nil {
		t.Error("faulty rules have a plan")
	}
	src := ds[0].Source
	n := len(want)
	for _, d := range ds {
		line := src.Position(d.From).Line
		if want[line] != string(d.Code) {
			t.Errorf("line %d %q: not expected: %s %s", line, strings.TrimSpace(src.Line(line)), d.Code, d.Message)
			continue
		}
		delete(want, line)
	}
	for line, code := range want {
		t.Errorf("line %d %q: no %s", line, strings.TrimSpace(src.Line(line)), code)
	}
	if n < 35 {
		t.Errorf("only %d faults", n)
	}
}

// One fault in right rules gives one diagnostic: each line of the example is broken in
// turn, by taking out its last word, and what follows from that is not reported.
func TestNoCascades(t *testing.T) {
	text := string(designRules(t))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(line, "#") {
			continue
		}
		broken := append([]string(nil), lines...)
		broken[i] = line[:strings.LastIndex(line, fields[len(fields)-1])]
		_, _, ds := checkAll(t, Options{Connections: []string{"production"}}, strings.Join(broken, "\n"))
		faults := 0
		for _, d := range ds {
			if d.Severity == dsl.Error {
				faults++
			}
		}
		if faults > 1 {
			t.Errorf("%q broken to %q: %s", line, broken[i], show(ds))
		}
	}
}
