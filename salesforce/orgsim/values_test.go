package orgsim

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func TestValuesAsStored(t *testing.T) {
	b := newBench(t, Options{})
	field := func(name string) *field {
		object, name, _ := strings.Cut(name, ".")
		return b.config.Load().object(object).field(name)
	}
	for _, c := range []struct{ field, in, want string }{
		{"Contact.NPS_Score__c", `9`, "9.0"},
		{"Contact.NPS_Score__c", `9.99`, "9.0"},
		{"Contact.NPS_Score__c", `-3e2`, "-300.0"},
		{"Contact.NPS_Score__c", `1e3`, "NUMBER_OUTSIDE_VALID_RANGE"},
		{"Contact.NPS_Score__c", `1e999999999`, "NUMBER_OUTSIDE_VALID_RANGE"},
		{"Contact.NPS_Score__c", strings.Repeat("9", 500), "NUMBER_OUTSIDE_VALID_RANGE"},
		{"Contact.Lifetime_Value__c", `1234567890.129`, "1234567890.12"},
		{"Contact.Lifetime_Value__c", `4.50`, "4.5"},
		{"Contact.Lifetime_Value__c", `1.25e1`, "12.5"},
		{"Contact.Lifetime_Value__c", `12345678901`, "NUMBER_OUTSIDE_VALID_RANGE"},
		{"Account.AnnualRevenue", `999999999999999999`, "999999999999999999.0"},
		{"Account.NumberOfEmployees", `-12`, "-12"},
		{"Account.NumberOfEmployees", `2e2`, "200"},
		{"Account.NumberOfEmployees", `123456789`, "NUMBER_OUTSIDE_VALID_RANGE"},
		{"Contact.DoNotCall", `true`, "true"},
		{"Contact.DoNotCall", `"true"`, "JSON_PARSER_ERROR"},
		{"Contact.DoNotCall", `1`, "JSON_PARSER_ERROR"},
		{"Contact.Birthdate", `"2024-02-29"`, "2024-02-29"},
		{"Contact.Birthdate", `"2023-02-29"`, "JSON_PARSER_ERROR"},
		{"Contact.Birthdate", `"2024-02-28T00:00:00Z"`, "JSON_PARSER_ERROR"},
		{"Contact.Last_Survey_At__c", `"2026-11-20T14:03:05.999Z"`, "2026-11-20T14:03:05.000+0000"},
		{"Contact.Last_Survey_At__c", `"2026-11-20T14:03:05.123456789+05:30"`, "2026-11-20T08:33:05.000+0000"},
		{"Contact.Last_Survey_At__c", `"2026-11-20T14:03:05.000+0000"`, "2026-11-20T14:03:05.000+0000"},
		{"Contact.Last_Survey_At__c", `"2026-11-20T14:03:05"`, "JSON_PARSER_ERROR"},
		{"Contact.Last_Survey_At__c", `"1066-10-14T09:00:00Z"`, "JSON_PARSER_ERROR"},
		{"Contact.Preferred_Call_Time__c", `"13:30:00.000Z"`, "13:30:00.000Z"},
		{"Contact.Preferred_Call_Time__c", `"1pm"`, "JSON_PARSER_ERROR"},
		{"Contact.Email", `"a.b+c@x.example"`, "a.b+c@x.example"},
		{"Contact.Email", `"Ada <a@x.example>"`, "INVALID_EMAIL_ADDRESS"},
		{"Contact.Email", `"a@localhost"`, "INVALID_EMAIL_ADDRESS"},
		{"Contact.Survey_Status__c", `"response received"`, "Response Received"},
		{"Contact.Survey_Status__c", `"Something else"`, "Something else"},
		{"Contact.Survey_Status__c", `"` + strings.Repeat("x", 256) + `"`, "STRING_TOO_LONG"},
		{"Contact.Interests__c", `" Events ; Training;"`, "Events;Training"},
		{"Survey_Response__c.Channel__c", `"email"`, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		{"Contact.Title", `"\u00e9\t\"x\" "`, "é\t\"x\""},
		{"Contact.Title", `"   "`, ""},
		{"Contact.Title", `null`, ""},
		{"Contact.AccountId", `"0015g00000AbCdE"`, "0015g00000AbCdEAAV"},
		{"Contact.AccountId", `"0015g00000abcdEAAV"`, "MALFORMED_ID"},
		{"Contact.AccountId", `""`, ""},
	} {
		f := field(c.field)
		got, wrong, fails := f.read(gjson.Parse(c.in), &b.opts.Assumptions)
		switch {
		case wrong != nil:
			got = "JSON_PARSER_ERROR"
		case len(fails) > 0:
			got = fails[0].code
		}
		if got != c.want {
			t.Errorf("%s = %s is stored as %q, want %q", c.field, c.in, got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	b := newBench(t, Options{})
	o := b.config.Load().object("Contact")
	values := func(score, title string) []string {
		v := make([]string, len(o.fields))
		v[o.field("NPS_Score__c").index], v[o.field("Title").index] = score, title
		return v
	}
	before, after := values("6.0", "Dr"), values("10.0", "CEO of x")
	for condition, want := range map[string]bool{
		`{"field":"NPS_Score__c","op":"=","value":10}`:                     true,
		`{"field":"NPS_Score__c","op":">","value":9}`:                      true, // by value, not as text
		`{"field":"NPS_Score__c","op":"<=","value":9.5}`:                   false,
		`{"field":"NPS_Score__c","op":">=","value":10}`:                    true,
		`{"field":"NPS_Score__c","op":"<","value":"10"}`:                   false,
		`{"field":"NPS_Score__c","op":"!=","value":null}`:                  true,
		`{"field":"NPS_Score__c","op":"changed"}`:                          true,
		`{"field":"NPS_Score__c","op":"not changed"}`:                      false,
		`{"field":"Title","op":"in","value":["a","ceo OF X"]}`:             true,
		`{"field":"Title","op":"not in","value":["a"]}`:                    true,
		`{"field":"Title","op":"contains","value":"ceo"}`:                  true,
		`{"field":"Title","op":"matches","value":"^C.O"}`:                  true,
		`{"field":"Email","op":"null"}`:                                    true,
		`{"field":"Email","op":"not null"}`:                                false,
		`{"field":"Email","op":"<","value":"a"}`:                           false,
		`{"field":"DoNotCall","op":"=","value":false}`:                     false, // unset here
		`{"field":"Title","op":"null","value":1}`:                          false,
		`{"field":"Title","op":"in","value":1}`:                            false,
		`{"field":"Title","op":"="}`:                                       false,
		`{"field":"Last_Survey_At__c","op":"not changed"}`:                 true,
		`{"field":"Interests__c","op":"in","value":[null,true,"x", 1.50]}`: true,
	} {
		var c Condition
		if err := json.Unmarshal([]byte(condition), &c); err != nil {
			t.Fatal(err)
		}
		list, err := compileConditions(o, []Condition{c})
		if got := err == nil && holds(list, before, after); got != want {
			t.Errorf("%s is %v (%v), want %v", condition, got, err, want)
		}
	}
}

// FuzzWrite: any body is answered with a documented status and JSON; what was
// accepted reads back, and writing what was read changes nothing.
func FuzzWrite(f *testing.F) {
	for _, body := range []string{`{"LastName":"Ada","NPS_Score__c":9.75,"Birthdate":"1815-12-10","Interests__c":"Events;Training","Email":"a@x.example"}`,
		`{"LastName":" \u0000 x","Lifetime_Value__c":1e9,"Last_Survey_At__c":"2026-11-20T14:03:05+0530","DoNotCall":true,"Account":{"Crm_Key__c":"k"}}`,
		`{"LastName":"x","Account":{"attributes":{"type":"Account"}},"id":null}`, `{"Title":5}`, `[]`, `{`} {
		f.Add(body)
	}
	clk := &testClock{at: time.Date(2026, 11, 20, 14, 3, 5, 0, time.UTC)}
	org, err := New(Options{DailyLimit: -1, MaxLogBody: -1, Now: clk.now})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := org.Seed("Account", M{"Name": "Acme", "Crm_Key__c": "k"}); err != nil {
		f.Fatal(err)
	}
	token := org.Login("")
	f.Fuzz(func(t *testing.T, body string) {
		b := &bench{Org: org, t: t, token: token}
		w := b.do("POST", "sobjects/Contact", body)
		if w.Code == 400 || w.Code == 404 {
			if list := decodeBody[[]struct{ ErrorCode string }](t, w); len(list) == 0 || list[0].ErrorCode == "" {
				t.Fatalf("%q: %s", body, w.Body)
			}
			return
		}
		if w.Code != 201 {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		id := decodeBody[struct{ ID string }](t, w).ID
		before := b.do("GET", "sobjects/Contact/"+id, "").Body.String()
		o := org.config.Load().object("Contact")
		again := []byte{'{'}
		gjson.Parse(before).ForEach(func(name, value gjson.Result) bool {
			if field := o.field(name.Str); field != nil && field.Updateable && !field.Encrypted && !(field.Type == "boolean" && value.Type == gjson.Null) {
				if len(again) > 1 {
					again = append(again, ',')
				}
				again = append(append(append(again, name.Raw...), ':'), value.Raw...)
			}
			return true
		})
		if w := b.do("PATCH", "sobjects/Contact/"+id, string(append(again, '}'))); w.Code != 204 {
			t.Fatalf("%q: reading and writing back %s gives %d %s", body, again, w.Code, w.Body)
		}
		if after := b.do("GET", "sobjects/Contact/"+id, "").Body.String(); after != before {
			t.Fatalf("%q: writing back what was read changed\n%s\nto\n%s", body, before, after)
		}
	})
}
