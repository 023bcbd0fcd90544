package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
)

// outcome shows what an evaluation came to, a line for each write.
func outcome(e *Evaluation) string {
	var b strings.Builder
	for _, r := range e.Runs {
		fmt.Fprintf(&b, "%s", r.Rule.Name)
		if r.Arm != nil {
			fmt.Fprintf(&b, " [%s]", r.Arm.Name())
		}
		if r.Reason != "" {
			fmt.Fprintf(&b, ": %s", r.Reason)
		}
		b.WriteByte('\n')
		for i := range r.Writes {
			b.WriteString("  " + written(&r.Writes[i]) + "\n")
		}
	}
	return b.String()
}

func written(w *Write) string {
	head := ""
	if w.Action != nil {
		head = Verb(w.Action.Kind) + " " + w.Action.Object
		if w.MatchValue != "" && w.State == Ready {
			head += " " + w.Action.MatchField + "=" + w.MatchValue
		}
		if w.Action.Connection != "" {
			head += " using " + w.Action.Connection
		}
	}
	switch w.State {
	case Failed:
		return strings.TrimSpace(head+" failed "+w.Cause+": "+w.Reason) + help(w.Help)
	case Skipped:
		return head + " skipped: " + w.Reason
	}
	out := head + " " + string(w.Body)
	for _, f := range w.Fields {
		if f.Skipped != "" {
			out += " (" + f.Assignment.Field + " left out: " + f.Skipped + ")"
		}
	}
	return out
}

func help(s string) string {
	if s == "" {
		return ""
	}
	return " | " + s
}

// evalText evaluates events one after the other with the same buffers.
func evalText(t testing.TB, rules string, event, of string) string {
	t.Helper()
	p := mustCompile(t, rules)
	var e Evaluation
	if err := p.Eval(&e, event, of); err != nil {
		var bad *EventError
		if !errors.As(err, &bad) || bad.Message == "" {
			t.Fatalf("%v is no error of an event", err)
		}
		return "error: " + bad.Message + help(bad.Help)
	}
	checkOutcome(t, &e)
	return outcome(&e)
}

// checkOutcome holds what every evaluation promises: a body is one JSON object whose
// members are the fields; what is not ready says why.
func checkOutcome(t testing.TB, e *Evaluation) {
	t.Helper()
	for _, r := range e.Runs {
		if len(r.Writes) == 0 && r.Reason == "" {
			t.Errorf("rule %s writes nothing and does not say why", r.Rule.Name)
		}
		for _, w := range r.Writes {
			if w.State != Ready {
				if w.Reason == "" || (w.State == Failed) != (w.Cause != "") || w.State == Failed && !contains(Causes, w.Cause) {
					t.Errorf("%s: a write that is not sent for the reason %q, cause %q", r.Rule.Name, w.Reason, w.Cause)
				}
				continue
			}
			var members map[string]json.RawMessage
			if err := json.Unmarshal(w.Body, &members); err != nil || len(members) == 0 {
				t.Errorf("%s: the body %q is no object: %v", r.Rule.Name, w.Body, err)
			}
			if w.Action.Kind != dsl.Create && w.MatchValue == "" {
				t.Errorf("%s: an %s that finds no record", r.Rule.Name, Verb(w.Action.Kind))
			}
			for _, f := range w.Fields {
				if (f.JSON == nil) != (f.Skipped != "") {
					t.Errorf("%s: field %s is both written and left out, or neither", r.Rule.Name, f.Assignment.Field)
				}
				if f.JSON != nil && !json.Valid(f.JSON) {
					t.Errorf("%s: field %s has %q", r.Rule.Name, f.Assignment.Field, f.JSON)
				}
			}
		}
	}
}

// response makes a survey response of some members.
func response(members string) string {
	return `{"id":"r-1","type":"survey.response","profile":{"id":"0035g00000AbCdE"},` + members + `}`
}

// message makes an outbound message of the members of a case's record.
func message(record string) string {
	return `{"id":"04l-1","type":"salesforce.outbound_message","time":"2026-11-20T14:00:00Z","record":{"attributes":{"type":"Case"},"Id":"5005g00000AbCdE"` + record + `},"vars":{"team":"north"}}`
}

const statusRule = `statuses Soft Bounce
rule Status
on outbound message Case if record.Origin != "Web"
update Case where Id = record.Id
  set Survey_Status__c: Queued
when Sent, delivered
  update Case where Id = record.Id
    set Survey_Status__c = distribution.status
        Survey_Sent_At__c = distribution.time
when Not Sent due to Opt-Out
  update Case where Id = record.Id
    set Survey_Status__c = null
when Soft Bounce
otherwise
  update Case where Id = record.Id
    set Survey_Status__c: Other {distribution.status} of {vars.team}
`

func status(s string) string {
	return `{"id":"st-1","type":"survey.distribution","of":"04l-1","distribution":{"status":"` + s + `","time":"2026-11-20T16:00:00+01:00"}}`
}

const contact = "rule R\non survey response\nupdate Contact where Id = profile.id\n  set "

func TestEval(t *testing.T) {
	caseID, contactID := "5005g00000AbCdEAAV", "0035g00000AbCdEAAV"
	both := strings.Replace(message(""), `"vars"`, `"distribution":{"status":"Sent"},"vars"`, 1)
	tests := []struct {
		name, rules, event, of string
		want                   string
	}{
		// Statuses of a message.
		{"a message without a status", statusRule, message(`,"Origin":"Phone"`), "",
			"Status\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Queued"}`},
		{"a message with its status runs both", statusRule, both, "",
			"Status [Sent, delivered]\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Queued"}` + "\n  update Case Id=" + caseID +
				` {"Survey_Status__c":"Sent"} (Survey_Sent_At__c left out: ` + "`distribution.time` is missing)"},
		{"a later status runs its arm", statusRule, status("Delivered"), message(""),
			"Status [Sent, delivered]\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Delivered","Survey_Sent_At__c":"2026-11-20T15:00:00.000Z"}`},
		{"case and hyphens of a status do not count", statusRule, status("NOT_SENT due-to optout"), message(""),
			"Status [Not Sent due to Opt-Out]\n  update Case Id=" + caseID + ` {"Survey_Status__c":null}`},
		{"otherwise, with the message's values", statusRule, status("Expired"), message(""),
			"Status [otherwise]\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Other Expired of north"}`},
		{"a status nobody declared is otherwise", statusRule, status("Hard Bounce"), message(""),
			"Status [otherwise]\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Other Hard Bounce of north"}`},
		{"an arm without actions", statusRule, status("soft-bounce"), message(""), "Status [Soft Bounce]: the arm `Soft Bounce` does nothing"},
		{"the trigger's guard is false", statusRule, message(`,"Origin":"Web"`), "",
			"Status: guard `record.Origin != \"Web\"` is false with record.Origin = \"Web\""},
		{"a status without its message", statusRule, status("Sent"), "", "error: the message that this status belongs to is not there | send the outbound message as well"},
		{"a status of a broken message", statusRule, status("Sent"), "{", "error: this is not JSON | an event is one JSON object, nested at most 64 deep"},
		{"a status of another object's message", statusRule, status("Sent"), strings.Replace(message(""), `"Case"`, `"Lead"`, 1), ""},
		{"no status yet", "rule R\non outbound message Case\nwhen Sent\n  update Case where Id = record.Id set Subject: x\notherwise", message(""), "", "R: nothing to write until the survey's first status comes"},
		{"a status that no arm handles", "rule R\non outbound message Case\nwhen Sent\n  update Case where Id = record.Id set Subject: x\n", status("Failed"), message(""), `R: no arm handles the status "Failed"`},
		{"a status in a rule without arms", "rule R\non outbound message Case\nupdate Case where Id = record.Id set Subject: x\n", status("Failed"), message(""), "R: a status changes nothing in this rule"},
		{"what the status brings stands before the message's", "rule R\non outbound message Case\nwhen Sent\n  update Case where Id = record.Id set Subject = vars.team + vars.more\notherwise",
			strings.Replace(status("Sent"), `"of"`, `"vars":{"team":"south"},"of"`, 1), strings.Replace(message(""), `"team":"north"`, `"team":"north","more":"!"`, 1),
			"R [Sent]\n  update Case Id=" + caseID + ` {"Subject":"south!"}`},
		{"a status tells its own id and time", "rule R\non outbound message Case\nwhen Sent\n  update Case where Id = record.Id set Subject = event.id + (event.time ?? \"-\")\notherwise", status("Sent"), message(""),
			"R [Sent]\n  update Case Id=" + caseID + ` {"Subject":"st-1-"}`},

		// Which rules an event sets in motion.
		{"the object by its key prefix", statusRule, strings.Replace(message(""), `"attributes":{"type":"Case"},`, "", 1), "", "Status\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Queued"}`},
		{"the object in other capitals", statusRule, strings.Replace(message(""), `"Case"`, `"CASE"`, 1), "", "Status\n  update Case Id=" + caseID + ` {"Survey_Status__c":"Queued"}`},
		{"an object without rules", statusRule, strings.Replace(message(""), `"Case"`, `"Task"`, 1), "", ""},
		{"a message that does not say its object", statusRule, `{"id":"1","type":"salesforce.outbound_message","record":{"Id":"zzz5g00000AbCdE"}}`, "", "error: this message does not say what its record is | `record.attributes.type` is the object, such as Case"},
		{"a message without a record", statusRule, `{"id":"1","type":"salesforce.outbound_message"}`, "", "error: this message does not say what its record is | `record.attributes.type` is the object, such as Case"},
		{"a response to a message's rule", statusRule, response(`"answers":{}`), "", ""},
		{"the survey and any survey", "rule Any\non survey response\nupdate Contact where Id = profile.id set Title: any\nrule One\non survey response nps\nupdate Contact where Id = profile.id set Title: one\nrule Two\non survey response csat\nupdate Contact where Id = profile.id set Title: two\n",
			response(`"survey":{"id":"nps"}`), "", "Any\n  update Contact Id=" + contactID + ` {"Title":"any"}` + "\nOne\n  update Contact Id=" + contactID + ` {"Title":"one"}`},
		{"another survey", "rule Any\non survey response\nupdate Contact where Id = profile.id set Title: any\nrule One\non survey response nps\nupdate Contact where Id = profile.id set Title: one\n",
			response(`"survey":{"id":"other"}`), "", "Any\n  update Contact Id=" + contactID + ` {"Title":"any"}`},
		{"no survey", "rule One\non survey response nps\nupdate Contact where Id = profile.id set Title: one\n", response(`"vars":{}`), "", ""},

		// Responses.
		{"a response counts as responded", "rule R\non survey response\nwhen responded\n  update Contact where Id = profile.id set Title: x\notherwise\n", response(`"vars":{}`), "", "R [responded]\n  update Contact Id=" + contactID + ` {"Title":"x"}`},
		{"and says so", "rule R\non survey response\nwhen Expired\n  update Contact where Id = profile.id set Title: x\n", response(`"vars":{}`), "", `R: no arm handles the status "Responded"`},
		{"an expired survey", "rule R\non survey response\nwhen Expired\n  update Contact where Id = profile.id set Title: x\notherwise\n", response(`"distribution":{"status":"EXPIRED"}`), "", "R [Expired]\n  update Contact Id=" + contactID + ` {"Title":"x"}`},

		// Guards.
		{"a trigger's guard without its value", "rule R\non survey response if answers.nps > 3\nupdate Contact where Id = profile.id set Title: x", response(`"answers":{}`), "", "R: guard `answers.nps > 3` is missing a value with answers.nps = null"},
		{"a trigger's guard that fails", "rule R\non survey response if answers.nps > 3\nupdate Contact where Id = profile.id set Title: x", response(`"answers":{"nps":"many"}`), "", "R\n  failed invalid_value: guard `answers.nps > 3`: `>` does not work between text and a number"},
		{"a guard that is no condition", "rule R\non survey response\nupdate Contact if answers.nps where Id = profile.id set Title: x", response(`"answers":{"nps":3}`), "", "R\n  update Contact failed invalid_value: guard `answers.nps` is 3, and true or false is needed"},
		{"an action's guard", "rule R\non survey response\nupdate Contact if answers.nps > 3 and answers.a == 1 and answers.b == 1 and answers.c == 1 where Id = profile.id set Title: x", response(`"answers":{"nps":2}`), "",
			"R\n  update Contact skipped: guard `answers.nps > 3 and answers.a == 1 and answers.b == 1 and answers.c == 1` is false with answers.nps = 2, answers.a = null, answers.b = null, …"},

		// Values.
		{"numbers stay as they were sent", contact + "NPS_Score__c = answers.a\n      Lifetime_Value__c = answers.b\n      Title = answers.c\n      Description: {answers.c} {answers.b}", response(`"answers":{"a":4.50,"b":1e2,"c":12345678901234567890}`), "",
			"R\n  update Contact Id=" + contactID + ` {"NPS_Score__c":4.50,"Lifetime_Value__c":1e2,"Title":"12345678901234567890","Description":"12345678901234567890 1e2"}`},
		{"a missing value leaves the field", contact + "Title = answers.a\n      Phone = answers.b\n      Department: x", response(`"answers":{"b":null}`), "",
			"R\n  update Contact Id=" + contactID + ` {"Department":"x"} (Title left out: ` + "`answers.a` is missing) (Phone left out: `answers.b` is missing)"},
		{"null clears", contact + "Title = null\n      Phone = answers.a ?? null", response(`"answers":{}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":null} (Phone left out: ` + "`answers.a ?? null` is missing)"},
		{"a constant that is missing clears nothing", contact + "Title: x\n      NPS_Score__c = number(\"\")", response(`"answers":{}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"x"} (NPS_Score__c left out: ` + "`number(\"\")` is missing)"},
		{"empty text clears nothing", contact + "Title = trim(answers.a)\n      Phone = answers.b\n      Department: {answers.b}\n      LastName = answers.c", response(`"answers":{"a":" \t","b":"","c":"x"}`), "",
			"R\n  update Contact Id=" + contactID + ` {"LastName":"x"} (Title left out: ` + "`trim(answers.a)` is empty) (Phone left out: `answers.b` is empty) (Department left out: `{answers.b}` is empty)"},
		{"nothing to write", contact + "Title = answers.a", response(`"answers":{}`), "", "R\n  update Contact skipped: nothing to write: every value is missing"},
		{"a default", contact + "Title = answers.a ?? \"none\"", response(`"answers":{}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"none"}`},
		{"a text with a missing part", contact + "Title: Dear {answers.name}!\n      Phone: {{x}", response(`"answers":{}`), "", "R\n  update Contact Id=" + contactID + ` {"Phone":"{x}"} (Title left out: ` + "`answers.name` is missing)"},
		{"a text with a list", contact + "Title: Dear {answers.names}!", response(`"answers":{"names":["a"]}`), "", "R\n  update Contact failed invalid_value: Title: `answers.names` is no text; join(…) makes text of a list"},
		{"a text with a failing part", contact + "Title: {upper(answers.name)}", response(`"answers":{"name":3}`), "", "R\n  update Contact failed invalid_value: Title: upper needs text, and got 3"},
		{"a text of all kinds", contact + "Title: {answers.t}/{answers.n}/{answers.b}/{upper(answers.t)}", response(`"answers":{"t":"a\"\n","n":4.50,"b":true}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"a\"\n/4.50/true/A\"\n"}`},
		{"escapes", contact + "Title = answers.t", response(`"answers":{"t":"\u0000\ud83d\ude00\\ \"é"}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"\u0000😀\\ \"é"}`},
		{"a failing value", contact + "NPS_Score__c = answers.a * 2", response(`"answers":{"a":"x"}`), "", "R\n  update Contact failed invalid_value: NPS_Score__c: `*` does not work between text and a number"},
		{"a value that the field refuses", contact + "NPS_Score__c = answers.a", response(`"answers":{"a":"x"}`), "", `R` + "\n" + `  update Contact failed invalid_value: NPS Score (Contact.NPS_Score__c) takes a number, not a text, "x" | use number(...)`},
		{"an object as a value", contact + "Title = answers.a", response(`"answers":{"a":{}}`), "", "R\n  update Contact failed invalid_value: Contact.Title takes a text, not an object | use one of the values inside it"},
		{"a list into a multi-select picklist", contact + "Interests__c = answers.a", response(`"answers":{"a":["Events",null,"Training"]}`), "", "R\n  update Contact Id=" + contactID + ` {"Interests__c":"Events;Training"}`},
		{"a typed path of another kind", contact + "Title = survey.name", response(`"survey":{"name":7}`), "", "R\n  update Contact failed invalid_value: Title: `survey.name` is a number, and text is needed"},
		{"a typed path of another kind in a calculation", contact + "Title = upper(survey.name)", response(`"survey":{"name":["a"]}`), "", "R\n  update Contact failed invalid_value: Title: `survey.name` is a list, and text is needed"},
		{"a date-time that is none", contact + "Last_Survey_At__c = date_add(response.date, \"1d\")", response(`"response":{"date":"soon"}`), "", "R\n  update Contact failed invalid_value: Last_Survey_At__c: `response.date` is no date-time: \"soon\""},
		{"an empty picklist text clears nothing", contact + "Title: x\n      Salutation = answers.a", response(`"answers":{"a":" "}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"x"} (Salutation left out: ` + "`answers.a` is empty)"},

		// let.
		{"named values", "rule R\non survey response\nlet score = answers.nps * 10\nlet group = nps_group(answers.nps)\nupdate Contact if score > 50 where Id = profile.id\n  set Title = group + \" \" + text(score)\n      Department = group",
			response(`"answers":{"nps":9}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"Promoter 90","Department":"Promoter"}`},
		{"a named value that fails", "rule R\non survey response\nlet score = answers.nps * 10\nupdate Contact where Id = profile.id\n  set NPS_Score__c = score\n", response(`"answers":{"nps":"x"}`), "", "R\n  update Contact failed invalid_value: NPS_Score__c: `*` does not work between text and a number"},
		{"a named path stays exact", "rule R\non survey response\nlet big = answers.big\nupdate Contact where Id = profile.id\n  set Title = big\n", response(`"answers":{"big":12345678901234567890}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"12345678901234567890"}`},
		{"a part of a named object", "rule R\non survey response\nlet a = answers.object\nupdate Contact where Id = profile.id\n  set Title = a.b.c\n", response(`"answers":{"object":{"b":{"c":"deep"}}}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"deep"}`},
		{"an arm's own name", "rule R\non survey response\nlet a = answers.a\nwhen Responded\n  let b = a + \"!\"\n  update Contact where Id = profile.id set Title = b\notherwise\n", response(`"answers":{"a":"x"}`), "", "R [Responded]\n  update Contact Id=" + contactID + ` {"Title":"x!"}`},

		// where.
		{"no id", contact + "Title: x", `{"id":"1","type":"survey.response","profile":{}}`, "", "R\n  update Contact failed record_not_found: `profile.id` is missing, so no record can be found by Id | send it with the event, or guard the action with `if profile.id != null`"},
		{"a blank id", contact + "Title: x", `{"id":"1","type":"survey.response","profile":{"id":"  "}}`, "", "R\n  update Contact failed record_not_found: `profile.id` is missing, so no record can be found by Id | send it with the event, or guard the action with `if profile.id != null`"},
		{"a malformed id", contact + "Title: x", `{"id":"1","type":"survey.response","profile":{"id":"Ann"}}`, "", `R` + "\n" + `  update Contact failed invalid_value: "Ann" is no record id | an id has 15 or 18 letters and digits, and the last three of 18 check the others`},
		{"an id in capitals", contact + "Title: x", `{"id":"1","type":"survey.response","profile":{"id":"0035G00000ABCDEAAV"}}`, "", `R` + "\n" + `  update Contact failed invalid_value: "0035G00000ABCDEAAV" is no record id | its letters have changed case; it may have been 0035g00000AbCdEAAV`},
		{"an id of another object", contact + "Title: x", `{"id":"1","type":"survey.response","profile":{"id":"5005g00000AbCdE"}}`, "", "R\n  update Contact failed wrong_object: 5005g00000AbCdEAAV is no id of a Contact | ids of Contact begin with 003, and this one is of a Case"},
		{"a number as an id", contact + "Title: x", `{"id":"1","type":"survey.response","profile":{"id":35}}`, "", `R` + "\n" + `  update Contact failed invalid_value: "35" is no record id | an id has 15 or 18 letters and digits, and the last three of 18 check the others`},
		{"an id that fails", "rule R\non survey response\nupdate Contact where Id = trim(profile.id) set Title: x", `{"id":"1","type":"survey.response","profile":{"id":35}}`, "", "R\n  update Contact failed invalid_value: Id: trim needs text, and got 35"},
		{"a lookup to another object", contact + "AccountId = profile.id", response(`"vars":{}`), "", `R` + "\n" + `  update Contact failed wrong_object: Account ID (Contact.AccountId) takes the id of Account, and "0035g00000AbCdE" is the id of a record of Contact`},
		{"an external id", "rule R\non survey response\nupsert Survey_Response__c where Response_Id__c = response.id set Score__c = answers.nps", response(`"response":{"id":" a/ö?\"1 "},"answers":{"nps":1}`), "", `R` + "\n" + `  upsert Survey_Response__c Response_Id__c=a/ö?"1 {"Score__c":1}`},
		{"a numeric external id", "rule R\non survey response\nupsert Survey_Response__c where Response_Id__c = response.metadata.n set Score__c = answers.nps", response(`"response":{"metadata":{"n":0042e1}},"answers":{"nps":1}`), "", "error: this is not JSON | an event is one JSON object, nested at most 64 deep"},
		{"a number as an external id", "rule R\non survey response\nupsert Survey_Response__c where Response_Id__c = response.metadata.n set Score__c = answers.nps", response(`"response":{"metadata":{"n":4.20}},"answers":{"nps":1}`), "", `R` + "\n" + `  upsert Survey_Response__c Response_Id__c=4.20 {"Score__c":1}`},
		{"an external id that is too long", "rule R\non survey response\nupdate Contact where Loyalty_Id__c = profile.key set Title: x", `{"id":"1","type":"survey.response","profile":{"key":"123456789012345678901"}}`, "",
			`R` + "\n" + `  update Contact failed invalid_value: Loyalty Id (Contact.Loyalty_Id__c) holds 20 characters and the text has 21: "123456789012345678901" | cut it with truncate(..., 20)`},

		// Parents and required fields.
		{"a parent by its external id", contact + "Account.Crm_Key__c = profile.key\n      ReportsTo.Loyalty_Id__c: L-1", `{"id":"1","type":"survey.response","profile":{"id":"0035g00000AbCdE","key":"K\"1"}}`, "",
			"R\n  update Contact Id=" + contactID + ` {"Account":{"Crm_Key__c":"K\"1"},"ReportsTo":{"Loyalty_Id__c":"L-1"}}`},
		{"a parent without a key", contact + "Account.Crm_Key__c = profile.key\n      Title: x", response(`"vars":{}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"x"} (Account.Crm_Key__c left out: ` + "`profile.key` is missing)"},
		{"a required field that is missing", "rule R\non survey response\ncreate Lead\n  set LastName = contact.last_name\n      Company = contact.company", response(`"contact":{"last_name":"Lee"}`), "", "R\n  create Lead failed required_missing: a Lead cannot be created without Company, and `contact.company` is missing | give it a default with `??`"},
		{"a required field that is empty", "rule R\non survey response\ncreate Lead\n  set LastName = contact.last_name\n      Company: x", response(`"contact":{"last_name":" "}`), "", `R` + "\n" + `  create Lead failed required_missing: a Lead cannot be created without LastName, and ` + "`contact.last_name` is empty | give it a default with `??`"},
		{"a create", "rule R\non survey response\ncreate Lead\n  set LastName: Lee\n      Company: x", response(`"vars":{}`), "", `R` + "\n" + `  create Lead {"LastName":"Lee","Company":"x"}`},
		{"another connection", "connection production\nrule R\non survey response\ncreate Lead using sandbox\n  set LastName: Lee\n      Company: x\ncreate Lead\n  set LastName: Lee\n      Company: x", response(`"vars":{}`), "",
			`R` + "\n" + `  create Lead using sandbox {"LastName":"Lee","Company":"x"}` + "\n" + `  create Lead using production {"LastName":"Lee","Company":"x"}`},

		// What the message shows already is not written again.
		{"unchanged", "rule R\non outbound message Case\nupdate Case where Id = record.Id\n  set Survey_Score__c = 39\n      Subject = record.Subject\n      IsEscalated = true", message(`,"Survey_Score__c":39.0,"Subject":"x","IsEscalated":true`), "", "R\n  update Case skipped: the record already shows these values"},
		{"unchanged date-times", "rule R\non outbound message Case\nupdate Case where Id = record.Id\n  set Survey_Sent_At__c = event.time", message(`,"Survey_Sent_At__c":"2026-11-20T15:00:00+01:00"`), "", "R\n  update Case skipped: the record already shows these values"},
		{"one changed", "rule R\non outbound message Case\nupdate Case where Id = record.Id\n  set Survey_Score__c = 39\n      Subject: y", message(`,"Survey_Score__c":39.0,"Subject":"x"`), "", "R\n  update Case Id=" + caseID + ` {"Survey_Score__c":39,"Subject":"y"}`},
		{"one that the message does not carry", "rule R\non outbound message Case\nupdate Case where Id = record.Id\n  set Survey_Score__c = 39\n      Subject: x", message(`,"Survey_Score__c":39.0`), "", "R\n  update Case Id=" + caseID + ` {"Survey_Score__c":39,"Subject":"x"}`},
		{"clearing what is null", "rule R\non outbound message Case\nupdate Case where Id = record.Id\n  set Subject = null", message(`,"Subject":null`), "", "R\n  update Case skipped: the record already shows these values"},
		{"clearing what the message does not carry, though a guard looks at it", "rule R\non outbound message Case if record.Subject == null\nupdate Case where Id = record.Id\n  set Subject = null", message(``), "", "R\n  update Case Id=" + caseID + ` {"Subject":null}`},
		{"another record of the same object", "rule R\non outbound message Case\nupdate Case where Id = record.ParentId\n  set Subject: x", message(`,"Subject":"x","ParentId":"5005g00000AbCdX"`), "", "R\n  update Case Id=5005g00000AbCdXAAV {\"Subject\":\"x\"}"},

		// Hostile events.
		{"keys that mean something to others", contact + "Title = answers[\"a.b\"]\n      Phone = answers[\"*\"]\n      Department = answers[\"#\"]\n      FirstName = answers[\"@this\"]\n      MailingCity = answers[\"a|b\"]\n      LastName = answers[\"\"]",
			response(`"answers":{"a":{"b":"no"},"x":"no","a.b":"1","*":"2","#":"3","@this":"4","a|b":"5","":"6"}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"1","Phone":"2","Department":"3","FirstName":"4","MailingCity":"5","LastName":"6"}`},
		{"of two the first counts", contact + "Title = answers.a", response(`"answers":{"a":"first","a":"second"},"answers":{"a":"third"}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"first"}`},
		{"escaped keys", contact + "Title = answers.a", response(`"\u0061nswers":{"\u0061":"x"}`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"x"}`},
		{"a namespace of another kind", contact + "Title = answers.a ?? \"none\"", response(`"answers":["a"]`), "", "R\n  update Contact Id=" + contactID + ` {"Title":"none"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want != "" && !strings.HasPrefix(want, "error") {
				want += "\n"
			}
			if got := evalText(t, test.rules, test.event, test.of); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestEventErrors(t *testing.T) {
	long := strings.Repeat("x", 256)
	tests := []struct{ event, want string }{
		{``, "this is not JSON"},
		{`{`, "this is not JSON"},
		{`{"id":1}x`, "this is not JSON"},
		{`[]`, "an event is a JSON object, and this is a list"},
		{`"x"`, "an event is a JSON object, and this is text"},
		{`null`, "an event is a JSON object, and this is null"},
		{`3`, "an event is a JSON object, and this is a number"},
		{`true`, "an event is a JSON object, and this is true or false"},
		{`{}`, "this event has no `id`"},
		{`{"id":null,"type":"survey.response"}`, "this event has no `id`"},
		{`{"id":"","type":"survey.response"}`, "this event has no `id`"},
		{`{"id":{},"type":"survey.response"}`, "`id` is an object, and text is needed"},
		{`{"id":true,"type":"survey.response"}`, "`id` is true or false, and text is needed"},
		{`{"id":"` + long + `","type":"survey.response"}`, "the `id` of an event has at most 255 bytes"},
		{`{"id":"1","of":"` + long + `","type":"survey.distribution"}`, "the `id` of an event has at most 255 bytes"},
		{`{"id":"1"}`, "this event has no `type`"},
		{`{"id":"1","type":3}`, "`type` is a number, and text is needed"},
		{`{"id":"1","type":"survey.answer"}`, "there is no event type \"survey.answer\""},
		{`{"id":"1","type":"survey.distribution","distribution":{"status":"Sent"}}`, "this status does not say which message it is of"},
		{`{"id":"1","type":"survey.distribution","of":"2"}`, "this event has no `distribution.status`"},
		{`{"id":"1","type":"survey.response","time":"yesterday"}`, "`time` is no date-time: \"yesterday\""},
		{`{"id":"1","type":"survey.response","distribution":{"time":"2026-11-20"}}`, "`distribution.time` is no date-time: \"2026-11-20\""},
		{`{"id":"1","type":"survey.response","distribution":{"status":["Sent"]}}`, "`distribution.status` is a list, and text is needed"},
		{`{"id":"1","type":"survey.response","survey":{"id":false}}`, "`survey.id` is true or false, and text is needed"},
		{`{"id":"1","type":"survey.response","a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "this is not JSON"},
		{`{"id":"1","type":"survey.response","a":"` + strings.Repeat("x", MaxEvent) + `"}`, "this event is longer than 1048576 bytes"},
	}
	for _, test := range tests {
		_, err := ReadEvent(test.event)
		if err == nil || err.Error() != test.want {
			t.Errorf("%.80s: error %v, want %q", test.event, err, test.want)
		}
		var e Evaluation
		if evalErr := mustCompile(t, statusRule).Eval(&e, test.event, ""); evalErr == nil || err != nil && evalErr.Error() != err.Error() || len(e.Runs) != 0 {
			t.Errorf("%.80s: evaluated with %v", test.event, evalErr)
		}
	}
}

func TestReadEvent(t *testing.T) {
	nested := `{"id":7,"type":"survey.response","a":` + strings.Repeat("[", 63) + `"[[[["` + strings.Repeat("]", 63) + `}`
	large := `{"id":"1","type":"survey.response","a":"` + strings.Repeat("x", MaxEvent-43) + `"}`
	tests := []struct {
		event string
		want  Event
	}{
		{nested, Event{ID: "7", Type: TypeResponse}},
		{large[:len(large)-2] + `"}`, Event{ID: "1", Type: TypeResponse}},
		{`{"id":"1","id":"2","type":"survey.response","survey":{"id":12},"distribution":{"status":"Sent"},"time":"2026-11-20T14:00:00Z"}`,
			Event{ID: "1", Type: TypeResponse, Survey: "12", Status: "Sent", Time: "2026-11-20T14:00:00Z", News: "2026-11-20T14:00:00Z"}},
		{`{"id":"1","type":"salesforce.outbound_message","record":{"attributes":{"type":"Case"},"Id":"5005g00000AbCdE"},"distribution":{"time":"2026-11-20T14:00:00Z"}}`,
			Event{ID: "1", Type: TypeOutbound, Object: "Case", Record: "5005g00000AbCdEAAV", News: "2026-11-20T14:00:00Z"}},
		{`{"id":"1","type":"salesforce.outbound_message","record":{"Id":"Ann"}}`, Event{ID: "1", Type: TypeOutbound}},
		{`{"id":"1","type":"survey.distribution","of":"5005g00000AbCdE","distribution":{"status":"Sent"}}`, Event{ID: "1", Type: TypeDistribution, Of: "5005g00000AbCdE", Status: "Sent"}},
	}
	for _, test := range tests {
		got, err := ReadEvent(test.event)
		if err != nil {
			t.Errorf("%.80s: %v", test.event, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%.80s: (-want +got)\n%s", test.event, diff)
		}
	}
}

// More paths than a word has bits are found all the same, in any order.
func TestManyPaths(t *testing.T) {
	var rules, answers, want strings.Builder
	rules.WriteString("rule R\non survey response\ncreate Lead\n  set LastName: x\n      Company: y\n      Description = answers.q0")
	answers.WriteString(`"q0":"0"`)
	want.WriteString("0")
	for i := 1; i < 100; i++ {
		fmt.Fprintf(&answers, `,"q%d":"%d"`, i, i)
		fmt.Fprintf(&want, " %d", i)
	}
	var parts []string
	for i := range 100 {
		parts = append(parts, fmt.Sprintf("{answers.q%d}", i))
	}
	text := strings.Replace(rules.String(), "= answers.q0", ": "+strings.Join(parts, " "), 1)
	if got := evalText(t, text, response(`"answers":{`+answers.String()+`}`), ""); !strings.Contains(got, `"Description":"`+want.String()+`"`) {
		t.Error(got)
	}
}

// The buffers of an evaluation are used again, and nothing of one event shows in the next.
func TestEvaluationsLeaveNothingBehind(t *testing.T) {
	p := mustCompile(t, statusRule+"\nrule R\non survey response if answers.nps != 0\nlet name = upper(answers.name)\nupdate Contact where Id = profile.id\n  set Title = name\n      Phone: {answers.phone}\n      Department = answers.dept ?? \"none\"\n      NPS_Score__c = answers.nps\n")
	events := [][2]string{
		{response(`"answers":{"name":"ann","phone":"1","dept":"a","nps":9}`)},
		{response(`"answers":{"phone":"2"}`)},
		{response(`"answers":{"name":7}`)},
		{`{"id":"1"}`},
		{response(`"answers":{"nps":0}`)},
		{message(`,"Origin":"Phone"`)},
		{status("Sent"), message("")},
		{status("Expired"), strings.Replace(message(""), "north", "south", 1)},
	}
	fresh := func(ev [2]string) string {
		var e Evaluation
		if err := p.Eval(&e, ev[0], ev[1]); err != nil {
			return err.Error()
		}
		return outcome(&e)
	}
	var e Evaluation
	for i := range events {
		for j := range events {
			for _, ev := range [][2]string{events[i], events[j], events[i]} {
				got := ""
				if err := p.Eval(&e, ev[0], ev[1]); err != nil {
					got = err.Error()
				} else {
					got = outcome(&e)
				}
				if want := fresh(ev); got != want {
					t.Fatalf("after others, %s\ngives\n%s\nand alone\n%s", ev[0], got, want)
				}
			}
		}
	}
	other := mustCompile(t, contact+"Title = answers.phone")
	if err := other.Eval(&e, events[1][0], ""); err != nil || !strings.Contains(outcome(&e), `{"Title":"2"}`) {
		t.Errorf("an evaluation used with another plan: %v %s", err, outcome(&e))
	}
}

func TestClone(t *testing.T) {
	p := mustCompile(t, contact+"Title = answers.a\n      Phone = answers.b\n      Department = answers.c")
	var e Evaluation
	eval := func(a string) string {
		if err := p.Eval(&e, response(`"answers":{"a":"`+a+`","c":"`+a+`"}`), ""); err != nil {
			t.Fatal(err)
		}
		return outcome(&e)
	}
	want := eval("first")
	kept := e.Runs[0].Clone()
	eval("other")
	if got := outcome(&Evaluation{Runs: []Run{kept}}); got != want {
		t.Errorf("a clone changed to %s from %s", got, want)
	}
	for _, f := range kept.Writes[0].Fields {
		if f.Skipped == "" && string(f.JSON) != `"first"` {
			t.Errorf("field %s of a clone is %s", f.Assignment.Field, f.JSON)
		}
	}
}

// One plan serves any number of goroutines.
func TestConcurrentEval(t *testing.T) {
	p := mustCompile(t, statusRule+"\nrule R\non survey response if answers.nps > 2\nlet name = upper(answers.name)\nupdate Contact where Id = profile.id\n  set Title = name + date(event.time, \"Europe/Berlin\")\n      NPS_Score__c = answers.nps\n")
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			var e Evaluation
			for i := range 200 {
				n := g*1000 + i
				event := response(fmt.Sprintf(`"time":"2026-11-20T23:30:00Z","answers":{"nps":%d,"name":"n%d"}`, n%900+3, n))
				if err := p.Eval(&e, event, ""); err != nil {
					t.Error(err)
					return
				}
				if want := fmt.Sprintf(`{"Title":"N%d2026-11-21","NPS_Score__c":%d}`, n, n%900+3); string(e.Runs[0].Writes[0].Body) != want {
					t.Errorf("got %s, want %s", e.Runs[0].Writes[0].Body, want)
				}
				if err := p.Eval(&e, status("Sent"), message("")); err != nil || len(e.Runs) != 1 {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// Without a schema, rules run all the same: Salesforce decides about names and values.
func TestEvalWithoutSchema(t *testing.T) {
	p, diags := Compile([]*dsl.File{parse(t, "rule R\non outbound message Thing__c\nupdate Thing__c where Id = record.Id\n  set A__c = record.n\n      B__c: text\n      Up__r.Key__c = record.key\nupdate Thing__c where Key__c = record.list set A__c = 1\nupdate Thing__c where Id = record.Id\n  set C__c = [1, \"x\"]\nupsert Other__c where Key__c = record.key\n  set D__c = true\n")}, Options{})
	if p == nil || dsl.HasErrors(diags) {
		t.Fatal(show(diags))
	}
	var e Evaluation
	if err := p.Eval(&e, `{"id":"1","type":"salesforce.outbound_message","record":{"attributes":{"type":"thing__C"},"Id":"a0x5g00000AbCdE","n":4.50,"key":"k","list":[1]}}`, ""); err != nil {
		t.Fatal(err)
	}
	got := outcome(&e)
	if !strings.Contains(got, `"A__c":4.50,"B__c":"text"`) || !strings.Contains(got, `"Up__r":{"Key__c":"k"}`) || !strings.Contains(got, `upsert Other__c Key__c=k {"D__c":true}`) ||
		!strings.Contains(got, "Key__c takes a text, not a list") || !strings.Contains(got, ": C__c takes a text, not a list") {
		t.Error(got)
	}
	checkOutcome(t, &e)
}
