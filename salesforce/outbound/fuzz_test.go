package outbound

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// What is read is what the decoder alone reads; what is taken is well-formed, says what encoding/xml finds in it, and becomes
// events that rules take; what is not taken is refused with a reason and a place.
func FuzzRead(f *testing.F) {
	plain := oneCase("<sf:Priority>High</sf:Priority><sf:A xsi:nil='1'/><sf:B>a&#13;&lt;<![CDATA[>]]>\r\n</sf:B><sf:double>39.0</sf:double>")
	f.Add([]byte(plain.String()))
	plain.prolog, plain.session = `<?xml version="1.0"?>`+"\n<!-- a -->", "<SessionId>a</SessionId>"
	plain.notifications += "\n" + notification(2, "") + notification(3, record("<sf:fieldsToNull>A</sf:fieldsToNull>"))
	f.Add([]byte(plain.String()))
	f.Add(largeMessage(1))
	f.Add([]byte("\ufeff" + strings.ReplaceAll(oneCase("").String(), "><", ">\r\n<")))
	f.Add([]byte(`<!DOCTYPE a><a b="c"/>`))
	o := typed()
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Read(bytes.NewReader(body), 0)
		sameByDecoder(t, body, m, err)
		if err != nil {
			refused := (*Refusal)(nil)
			if !errors.As(err, &refused) || refused.Reason == "" || refused.Kind.Help() == "" || len(err.Error()) > 4000 {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		want, err := oracle(body)
		if err != nil {
			t.Fatalf("taken, and no XML: %v", err)
		}
		if diff := cmp.Diff(want, m, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("encoding/xml -, Read +\n%s", diff)
		}
		for _, n := range m.Notifications {
			for _, o := range []*schema.Object{nil, o} {
				n := n
				text := string(n.AppendEvent(nil, o, received))
				if n.Object == "" && o != nil {
					n.Object = o.Name
				}
				mustBeEvent(t, text, n)
				if id := EventID(text); id != n.ID {
					t.Fatalf("EventID of %s: %q", text, id)
				}
			}
		}
	})
}

// FuzzReadWSDL holds what is taken to be an object of distinct, typed fields.
func FuzzReadWSDL(f *testing.F) {
	f.Add([]byte(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:e="urn:sobject.enterprise.soap.sforce.com">` +
		`<x:schema targetNamespace="urn:sobject.enterprise.soap.sforce.com"><x:complexType name="A"><x:element name="B" type="x:int"/></x:complexType></x:schema>` +
		`<x:schema targetNamespace="http://soap.sforce.com/2005/09/outbound"><x:element name="sObject" type="e:A"/></x:schema></definitions>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := ReadWSDL(bytes.NewReader(text))
		if err != nil {
			if refused := (*Refusal)(nil); !errors.As(err, &refused) {
				t.Fatal(err)
			}
			return
		}
		seen := map[string]bool{}
		for _, field := range d.Object.Fields {
			if !isName(field.Name) || field.Type == "" || seen[field.Name] || field.Object() != d.Object {
				t.Fatalf("field %+v", field)
			}
			seen[field.Name] = true
		}
		if !isName(d.Object.Name) || !seen["Id"] {
			t.Fatalf("object %+v", d.Object)
		}
	})
}
