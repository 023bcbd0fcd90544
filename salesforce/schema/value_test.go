package schema

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func text(s string) Value { return Value{Kind: KindText, Text: s} }
func num(s string) Value  { return Value{Kind: KindNumber, Text: s} }
func yes() Value          { return Value{Kind: KindBool, Text: "true"} }
func list(vs ...Value) Value {
	return Value{Kind: KindList, List: vs}
}

// testField returns a field of an object that stands in a schema, so that
// lookups and compound fields can see their neighbours.
func testField(name string) *Field {
	lead := &Object{Name: "Lead", KeyPrefix: "00Q", Fields: []*Field{
		{Name: "Id", Label: "Lead ID", Type: TypeID, Length: 18},
		{Name: "LastName", Label: "Last Name", Type: TypeString, Length: 10, Createable: true},
		{Name: "Company", Type: TypeString, Length: 20, Nillable: true},
		{Name: "Email", Type: TypeEmail, Length: 80, Nillable: true},
		{Name: "Phone", Type: TypePhone, Length: 40, Nillable: true},
		{Name: "Count__c", Label: "Count", Type: TypeInt, Digits: 4, Nillable: true},
		{Name: "Big__c", Type: TypeInt, Nillable: true},
		{Name: "Long__c", Type: TypeLong, Nillable: true},
		{Name: "Score__c", Label: "Score", Type: TypeDouble, Precision: 5, Scale: 2, Nillable: true},
		{Name: "Loose__c", Type: TypeDouble, Nillable: true},
		{Name: "Opted_Out__c", Label: "Opted Out", Type: TypeBoolean},
		{Name: "Born__c", Label: "Born", Type: TypeDate, Nillable: true},
		{Name: "Sent__c", Label: "Sent", Type: TypeDateTime, Nillable: true},
		{Name: "At__c", Label: "At", Type: TypeTime, Nillable: true},
		{Name: "Status", Label: "Lead Status", Type: TypePicklist, Length: 40, RestrictedPicklist: true, PicklistValues: []PicklistValue{
			{Value: "Open", Label: "Open - Not Contacted", Active: true},
			{Value: "In Progress", Label: "In Progress", Active: true},
			{Value: "Old", Label: "Old"},
		}},
		{Name: "Source", Type: TypePicklist, Length: 12, Nillable: true, PicklistValues: []PicklistValue{{Value: "Web", Active: true}}},
		{Name: "Topics__c", Label: "Topics", Type: TypeMultiPicklist, Length: 12, Nillable: true, RestrictedPicklist: true, PicklistValues: []PicklistValue{
			{Value: "Art", Active: true}, {Value: "Travel", Active: true}, {Value: `5" disk`, Active: true},
		}},
		{Name: "Account__c", Label: "Account", Type: TypeReference, ReferenceTo: []string{"Account"}, RelationshipName: "Account__r", Nillable: true},
		{Name: "Owner", Type: TypeReference, ReferenceTo: []string{"Group", "User"}},
		{Name: "Response__c", Type: TypeReference, ReferenceTo: []string{"Survey_Response__c"}, Nillable: true},
		{Name: "Foreign__c", Type: TypeReference, ReferenceTo: []string{"Unseen__c"}, Nillable: true},
		{Name: "Any__c", Type: TypeReference, Nillable: true},
		{Name: "Address", Type: TypeAddress, Nillable: true},
		{Name: "City", Type: TypeString, Length: 40, Updateable: true, CompoundFieldName: "Address"},
		{Name: "Latitude", Type: TypeDouble, Precision: 18, Scale: 15, CompoundFieldName: "Address", Nillable: true},
		{Name: "Longitude", Type: TypeDouble, Precision: 18, Scale: 15, CompoundFieldName: "Address", Nillable: true},
		{Name: "Formula__c", Type: TypeString, Calculated: true, CalculatedFormula: "1"},
		{Name: "Number__c", Type: TypeString, AutoNumber: true},
		{Name: "Complex__c", Type: TypeComplexValue},
		{Name: "Data__c", Type: TypeBase64, Nillable: true},
		{Name: "New__c", Type: "hologram", Nillable: true},
	}}
	New(lead, &Object{Name: "Survey_Response__c", KeyPrefix: "a00"})
	return lead.Field(name)
}

func TestAppendJSON(t *testing.T) {
	const contact15, contact18 = "003ak00000luKU1", "003ak00000luKU1AAM"
	account, _ := To18("001ak00000luKU1")
	response, _ := To18("a0000000000lUK1")
	for _, c := range []struct {
		field string
		in    Value
		want  string // JSON, or the kind of the error
	}{
		{"LastName", text("Dyer"), `"Dyer"`},
		{"Company", text("Zoë \"Z\"\\\n\t\x01"), `"Zoë \"Z\"\\\n\t\u0001"`},
		{"LastName", text("a\xffb"), `"a` + "\ufffd" + `b"`},
		{"LastName", text("ääääääääää"), `"ääääääääää"`},
		{"LastName", text("ääääääääääx"), "too_long"},
		{"LastName", text("   0123456789   "), `"   0123456789   "`},
		{"LastName", text(" "), "not_nillable"},
		{"LastName", Value{}, "not_nillable"},
		{"LastName", num("4.50"), `"4.50"`},
		{"LastName", yes(), `"true"`},
		{"LastName", list(text("a")), "wrong_type"},
		{"LastName", Value{Kind: KindObject}, "wrong_type"},
		{"Company", Value{}, "null"},
		{"Company", text(""), `""`},
		{"Phone", num("49301234567"), `"49301234567"`},
		{"Email", text("ada@example.com"), `"ada@example.com"`},
		{"Email", text("ada@mail.example.co.uk"), `"ada@mail.example.co.uk"`},
		{"Email", text("ada"), "bad_email"},
		{"Email", text("ada@example"), "bad_email"},
		{"Email", text("a b@example.com"), "bad_email"},
		{"Email", text("a@b@example.com"), "bad_email"},
		{"Email", text("a@example..com"), "bad_email"},
		{"Email", text("a@.example.com"), "bad_email"},
		{"Email", text("a@example.com."), "bad_email"},

		{"Count__c", num("9"), "9"},
		{"Count__c", num("-9999"), "-9999"},
		{"Count__c", num("9.0"), "9"},
		{"Count__c", num("-1.2e2"), "-120"},
		{"Count__c", num("5e3"), "5000"},
		{"Count__c", num("1234000e-3"), "1234"},
		{"Count__c", num("0.00"), "0"},
		{"Count__c", num("10000"), "out_of_range"},
		{"Count__c", num("1e400"), "out_of_range"},
		{"Count__c", num("1e999999999999"), "out_of_range"},
		{"Count__c", num("9.5"), "wrong_type"},
		{"Count__c", num("1e-2"), "wrong_type"},
		{"Count__c", text("9"), "wrong_type"},
		{"Count__c", num("NaN"), "wrong_type"},
		{"Count__c", num("Infinity"), "wrong_type"},
		{"Count__c", num("01"), "wrong_type"},
		{"Count__c", num("1."), "wrong_type"},
		{"Count__c", num("1e"), "wrong_type"},
		{"Count__c", num("1e5x"), "wrong_type"},
		{"Count__c", num("1x"), "wrong_type"},
		{"Count__c", num(""), "wrong_type"},
		{"Big__c", num("2147483647"), "2147483647"},
		{"Big__c", num("12345678901"), "out_of_range"},
		{"Long__c", num("9007199254740993"), "9007199254740993"},
		{"Score__c", num("4.50"), "4.50"},
		{"Score__c", num("999.12345"), "999.12345"},
		{"Score__c", num("9.9e2"), "9.9e2"},
		{"Score__c", num("0.00001e5"), "0.00001e5"},
		{"Score__c", num("1000"), "out_of_range"},
		{"Score__c", num("1e3"), "out_of_range"},
		{"Score__c", num("-0.0"), "-0.0"},
		{"Score__c", yes(), "wrong_type"},
		{"Loose__c", num("123456789012345678901234567890.5"), "123456789012345678901234567890.5"},
		{"Latitude", num("52.5"), "52.5"},
		{"Latitude", num("-90.1"), "out_of_range"},
		{"Longitude", num("-179.99"), "-179.99"},
		{"Longitude", num("181"), "out_of_range"},

		{"Opted_Out__c", yes(), "true"},
		{"Opted_Out__c", Value{Kind: KindBool, Text: "false"}, "false"},
		{"Opted_Out__c", text("yes"), "wrong_type"},
		{"Opted_Out__c", num("1"), "wrong_type"},
		{"Opted_Out__c", Value{}, "not_nillable"},

		{"Born__c", text("2026-11-23"), `"2026-11-23"`},
		{"Born__c", text("2024-02-29"), `"2024-02-29"`},
		{"Born__c", text("2026-02-29"), "bad_date"},
		{"Born__c", text("2026-13-01"), "bad_date"},
		{"Born__c", text("2026-11-2x"), "bad_date"},
		{"Born__c", text("23.11.2026"), "bad_date"},
		{"Born__c", text("2026-11-23T09:00:00Z"), "bad_date"},
		{"Born__c", text("2026-11-23x"), "bad_date"},
		{"Born__c", text("1492-10-12"), "bad_date"},
		{"Born__c", text("Tomorrow"), "bad_date"},
		{"Born__c", num("20261123"), "wrong_type"},
		{"Sent__c", text("2026-11-23T09:00:00Z"), `"2026-11-23T09:00:00.000Z"`},
		{"Sent__c", text("2026-11-23t09:00:00z"), `"2026-11-23T09:00:00.000Z"`},
		{"Sent__c", text("2026-11-23T09:00Z"), `"2026-11-23T09:00:00.000Z"`},
		{"Sent__c", text("2026-11-23T00:30:00.1239+01:00"), `"2026-11-22T23:30:00.123Z"`},
		{"Sent__c", text("2024-09-10T13:57:45.000+0000"), `"2024-09-10T13:57:45.000Z"`},
		{"Sent__c", text("2026-12-31T23:30:00-05:30"), `"2027-01-01T05:00:00.000Z"`},
		{"Sent__c", text("2026-11-23T09:00:00"), "bad_date"},
		{"Sent__c", text("2026-11-23"), "bad_date"},
		{"Sent__c", text("2026-11-23 09:00:00Z"), "bad_date"},
		{"Sent__c", text("2026-11-23T24:00:00Z"), "bad_date"},
		{"Sent__c", text("2026-11-23T09:00:60Z"), "bad_date"},
		{"Sent__c", text("2026-11-23T09:0"), "bad_date"},
		{"Sent__c", text("2026-11-23T09:00:00+25:00"), "bad_date"},
		{"Sent__c", text("2026-11-23T09:00:00 CET"), "bad_date"},
		{"Sent__c", text("4001-01-01T00:00:00Z"), "bad_date"},
		{"Sent__c", text("Tomorrow"), "bad_date"},
		{"Sent__c", num("1763888400"), "wrong_type"},
		{"At__c", text("13:30"), `"13:30:00.000Z"`},
		{"At__c", text("13:30:05.25Z"), `"13:30:05.250Z"`},
		{"At__c", text("13:30:05+01:00"), "bad_date"},
		{"At__c", text("1 pm"), "bad_date"},
		{"At__c", num("13"), "wrong_type"},

		{"Status", text("In Progress"), `"In Progress"`},
		{"Status", text(" Open "), `"Open"`},
		{"Status", text("Inprogres"), "not_in_picklist"},
		{"Status", text("Old"), "not_in_picklist"},
		{"Status", text(""), "not_nillable"},
		{"Status", list(text("Open")), "wrong_type"},
		{"Source", text("Anything"), `"Anything"`},
		{"Source", text("far too long a value"), "too_long"},
		{"Topics__c", list(text("Art"), Value{}, text("Travel")), `"Art;Travel"`},
		{"Topics__c", text("Art; Travel"), `"Art;Travel"`},
		{"Topics__c", list(text(`5" disk`)), `"5\" disk"`},
		{"Topics__c", list(text("Art"), text(`5" disk`)), `"Art;5\" disk"`},
		{"Topics__c", list(text("Travel"), text("Travel")), "too_long"},
		{"Topics__c", list(), "null"},
		{"Topics__c", text(";"), "null"},
		{"Topics__c", list(text("Art;Travel")), "not_in_picklist"},
		{"Topics__c", text("Art;Sport"), "not_in_picklist"},
		{"Topics__c", list(text("Sport")), "not_in_picklist"},
		{"Topics__c", list(list()), "wrong_type"},

		{"Account__c", text(account), `"` + account + `"`},
		{"Account__c", text(account[:15]), `"` + account + `"`},
		{"Account__c", text(contact18), "wrong_object"},
		{"Account__c", text(contact15), "wrong_object"},
		{"Account__c", text("b07000000000001"), "wrong_object"},
		{"Account__c", text(strings.ToUpper(account)), "bad_id"},
		{"Account__c", text("003000000000000BAA"), "bad_id"},
		{"Account__c", text("ACME"), "bad_id"},
		{"Account__c", num("1"), "wrong_type"},
		{"Owner", text("005000000000001"), `"005000000000001AAA"`},
		{"Owner", text("00G000000000001"), `"00G000000000001EAA"`},
		{"Owner", text(contact15), "wrong_object"},
		{"Response__c", text(response), `"` + response + `"`},
		{"Response__c", text(contact15), "wrong_object"},
		{"Foreign__c", text("b07000000000001"), `"b07000000000001AAA"`},
		{"Foreign__c", text(response), "wrong_object"},
		{"Any__c", text(contact15), `"` + contact18 + `"`},
		{"Id", text("00Q000000000001"), `"00Q000000000001EAA"`},
		{"Id", text(contact15), "wrong_object"},

		{"Address", text("x"), "not_writable"},
		{"Formula__c", text("x"), "not_writable"},
		{"Number__c", num("1"), "not_writable"},
		{"Complex__c", Value{}, "not_writable"},
		{"Data__c", text("aGVsbG8="), `"aGVsbG8="`},
		{"Data__c", text("aGVsbG8"), "wrong_type"},
		{"Data__c", text("a*Vs"), "wrong_type"},
		{"Data__c", num("1"), "wrong_type"},
		{"New__c", text("x"), `"x"`},
		{"New__c", num("1.50"), "1.50"},
		{"New__c", num("bad"), `"bad"`},
	} {
		f := testField(c.field)
		got, bad := f.AppendJSON([]byte("{"), c.in)
		switch {
		case bad != nil && string(bad.Kind) != c.want:
			t.Errorf("%s %q: %s: %s; want %s", c.field, c.in.Text, bad.Kind, bad, c.want)
		case bad != nil && string(got) != "{":
			t.Errorf("%s %q: left %q behind", c.field, c.in.Text, got)
		case bad == nil && string(got) != "{"+c.want:
			t.Errorf("%s %q: %s, want %s", c.field, c.in.Text, got[1:], c.want)
		case bad != nil && (bad.Field != f || bad.Message == "" || strings.Contains(bad.Message, "%!")):
			t.Errorf("%s %q: error %+v", c.field, c.in.Text, bad)
		}
	}
}

// What an admin reads.
func TestValueErrorText(t *testing.T) {
	lower := "003AK00000LUKU1AAM"
	for _, c := range []struct {
		field         string
		in            Value
		message, help string
	}{
		{"Status", text("Inprogres"), `Lead Status (Lead.Status) takes only the values of its picklist, and "Inprogres" is not one of them`, `did you mean "In Progress"?`},
		{"Status", text("open - not contacted"), `Lead Status (Lead.Status) takes only the values of its picklist, and "open - not contacted" is not one of them`, `did you mean "Open"?`},
		{"Status", text("Nonsense"), `Lead Status (Lead.Status) takes only the values of its picklist, and "Nonsense" is not one of them`, `it takes Open or In Progress`},
		{"Status", text("Old"), `Lead Status (Lead.Status) does not take "Old" any more: the value is inactive`, `it takes Open or In Progress`},
		{"Opted_Out__c", text("yes"), `Opted Out (Lead.Opted_Out__c) takes true or false (it is a checkbox), not a text, "yes"`, `use bool(...), or compare: ... == "yes"`},
		{"Sent__c", text("Tomorrow"), `Sent (Lead.Sent__c) takes a date and time, which "Tomorrow" is not`, `write it as 2026-11-23T09:00:00Z, or use datetime(...)`},
		{"Born__c", text("2026-11-23T09:00:00Z"), `Born (Lead.Born__c) takes a date without a time, not "2026-11-23T09:00:00Z"`, `use date(...)`},
		{"Score__c", text("9"), `Score (Lead.Score__c) takes a number, not a text, "9"`, `use number(...)`},
		{"Score__c", num("1234.5"), `Score (Lead.Score__c) holds 3 digits before the decimal point and 1234.5 has 4`, ``},
		{"Count__c", num("1e9999"), `Count (Lead.Count__c) holds 4 digits and 1e9999 has more than 1000`, ``},
		{"LastName", text(strings.Repeat("é", 70)), `Last Name (Lead.LastName) holds 10 characters and the text has 70: "` + strings.Repeat("é", 30) + `…"`, `cut it with truncate(..., 10)`},
		{"Account__c", text(lower), `Account (Lead.Account__c) takes a record id, and the last three characters of "003AK00000LUKU1AAM" do not fit the rest of it`, `if only upper and lower case were changed on the way, the id is 003ak00000luKU1AAM`},
		{"Account__c", text("003ak00000luKU1"), `Account (Lead.Account__c) takes the id of Account, and "003ak00000luKU1" is the id of a record of Contact`, ``},
		{"Account__c", text("b07ak00000luKU1"), `Account (Lead.Account__c) takes the id of Account, and "b07ak00000luKU1" belongs to another object (its key prefix is b07)`, ``},
		{"Account__c", text("ACME"), `Account (Lead.Account__c) takes a record id, which "ACME" is not`, `an id has 15 or 18 letters and digits; to match by another key, set Account__r.<external id field>`},
		{"Address", text("x"), `Lead.Address is a compound field and can only be read`, `set its parts instead: City`},
		{"Company", list(text("a")), `Lead.Company takes a text, not a list`, `use first(...) for one of its values or join(..., ", ") for a text of all`},
	} {
		_, bad := testField(c.field).AppendJSON(nil, c.in)
		if bad == nil || bad.Error() != c.message || bad.Help != c.help {
			t.Errorf("%s %q:\n got %q\nhelp %q\nwant %q\nhelp %q", c.field, c.in.Text, bad, bad.Help, c.message, c.help)
		}
	}
}

// Whatever goes in, what comes out is one JSON value that means the same.
func TestAppendJSONMeansTheSame(t *testing.T) {
	free := &Field{Name: "Text__c", Type: TypeTextArea, Nillable: true}
	double := &Field{Name: "Double__c", Type: TypeDouble}
	long := &Field{Name: "Long__c", Type: TypeLong}
	multi := &Field{Name: "Multi__c", Type: TypeMultiPicklist, Nillable: true}
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		out, bad := free.AppendJSON(nil, text(in))
		if bad != nil {
			t.Fatal(bad)
		}
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q became %s: %v", in, out, err)
		}
		if want := string([]rune(in)); got != want && strings.TrimSpace(in) != "" {
			t.Fatalf("%q became %q", in, got)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringMatching(`-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		want, _ := new(big.Rat).SetString(in)
		for _, f := range []*Field{double, long} {
			out, bad := f.AppendJSON(nil, num(in))
			if bad != nil {
				if f == double || bad.Kind == WrongType && want.IsInt() || bad.Kind == OutOfRange && len(want.Num().String()) < 19 {
					t.Fatalf("%s: %s", in, bad)
				}
				continue
			}
			got, ok := new(big.Rat).SetString(string(out))
			if !json.Valid(out) || !ok || got.Cmp(want) != 0 {
				t.Fatalf("%s became %s", in, out)
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.StringMatching(`[^;\p{Z}\p{C}]{1,8}`)).Draw(t, "values")
		v := Value{Kind: KindList}
		for _, s := range in {
			v.List = append(v.List, text(s))
		}
		out, bad := multi.AppendJSON(nil, v)
		if bad != nil {
			t.Fatal(bad)
		}
		var got *string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q became %s: %v", in, out, err)
		}
		if len(in) == 0 {
			if got != nil {
				t.Fatalf("no values became %s", out)
			}
		} else if *got != strings.Join(in, ";") && utf8.ValidString(strings.Join(in, "")) {
			t.Fatalf("%q became %q", in, *got)
		}
	})
}

func TestKindString(t *testing.T) {
	if KindList.String() != "a list" || Kind(99).String() == "" {
		t.Error("kinds have no names")
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	for _, c := range []struct {
		name, field string
		in          Value
	}{
		{"text", "Company", text("Acme & Söhne")},
		{"number", "Score__c", num("4.50")},
		{"int", "Count__c", num("9")},
		{"bool", "Opted_Out__c", yes()},
		{"datetime", "Sent__c", text("2026-11-23T09:00:00+01:00")},
		{"picklist", "Status", text("In Progress")},
		{"id", "Account__c", text("001ak00000luKU1")},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := testField(c.field)
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				var bad *ValueError
				if buf, bad = f.AppendJSON(buf[:0], c.in); bad != nil {
					b.Fatal(bad)
				}
			}
		})
	}
}
