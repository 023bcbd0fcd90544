package outbound

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadWSDL(t *testing.T) {
	text := golden(t, "case.wsdl")
	// An element beside the types is no field of the type before it.
	end := strings.LastIndex(text[:strings.Index(text, `<element name="notifications"`)], "</schema>")
	d, err := ReadWSDL(strings.NewReader(text[:end] + `<element name="Root__c" type="xsd:string"/>` + text[end:]))
	if err != nil {
		t.Fatal(err)
	}
	if d.Object.Name != "Case" || d.Object.KeyPrefix != "500" || d.Object.Custom || d.Endpoint != "https://listener.example.com/outbound" {
		t.Errorf("got %+v", d)
	}
	want := []string{"Id id", "Age__c double", "ContactId reference", "CreatedDate datetime", "Due__c date", "IsClosed boolean",
		"Opens__c time", "Other__c anytype", "Priority string", "Rank__c int", "Serial__c long"}
	if diff := cmp.Diff(want, fieldTypes(d)); diff != "" {
		t.Error(diff)
	}
	if f := d.Object.Field("age__C"); f == nil || f.Object() != d.Object || !f.Custom || !f.Nillable {
		t.Errorf("field %+v", f)
	}
}

func fieldTypes(d *Definition) []string {
	var all []string
	for _, f := range d.Object.Fields {
		all = append(all, f.Name+" "+string(f.Type))
	}
	return all
}

func TestReadWSDLOfTheIdAlone(t *testing.T) {
	text := golden(t, "case.wsdl")
	from := strings.Index(text, `<element name="Age__c"`)
	to := from + strings.Index(text[from:], "</sequence>")
	d, err := ReadWSDL(strings.NewReader(text[:from] + text[to:]))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Id id"}, fieldTypes(d)); diff != "" {
		t.Error(diff)
	}
}

func TestReadWSDLRefuses(t *testing.T) {
	text := golden(t, "case.wsdl")
	var many strings.Builder
	for i := range MaxFields + 1 {
		fmt.Fprintf(&many, `<element name="F%d__c" type="xsd:string"/>`, i)
	}
	for _, test := range []struct {
		name, text string
		kind       Kind
		reason     string
	}{
		{"nothing", "", NotXML, "there is no XML in the body"},
		{"a message", oneCase("").String(), Unexpected, "this is no WSDL: the root is Envelope"},
		{"another WSDL", `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><types/></definitions>`, Missing, "this is a WSDL, but not that of an outbound message"},
		{"an object that is not described", strings.Replace(text, `"ens:Case"`, `"ens:Contact"`, 1), Missing, "this is a WSDL, but not that of an outbound message"},
		{"a type of an unknown prefix", strings.Replace(text, `"ens:Case"`, `"end:Case"`, 1), WrongNamespace, `the namespace prefix "end" is not declared`},
		{"a DOCTYPE", "<!DOCTYPE definitions>" + text, Forbidden, "a DOCTYPE or another declaration is not taken"},
		{"a second document", text + "<a/>", Unexpected, "there is a second document after the first"},
		{"too many fields", strings.Replace(text, `<element name="Age__c"`, many.String()+`<element name="Age__c"`, 1), TooLarge, "an object has more than 1000 fields"},
		{"a field twice", strings.Replace(text, "Serial__c", "Rank__c", 1), Duplicate, "the field Rank__c is given twice"},
		{"an attribute twice", strings.Replace(text, `name="Age__c"`, `name="Age__c" name="B"`, 1), NotXML, "an element has the attribute name twice"},
		{"a type twice", strings.Replace(text, `name="Age__c"`, `name="Age__c" type="xsd:int"`, 1), NotXML, "an element has the attribute type twice"},
		{"a schema of two targets", strings.Replace(text, `<schema `, `<schema targetNamespace="urn:a" `, 1), NotXML, "an element has the attribute targetNamespace twice"},
		{"an endpoint twice", strings.Replace(text, `location=`, `location="a" location=`, 1), NotXML, "an element has the attribute location twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadWSDL(strings.NewReader(test.text))
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Kind != test.kind || refused.Reason != test.reason {
				t.Errorf("got %v", err)
			}
		})
	}
}
