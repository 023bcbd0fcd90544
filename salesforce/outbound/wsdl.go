package outbound

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

const (
	nsWSDL       = "http://schemas.xmlsoap.org/wsdl/"
	nsSOAPWSDL   = "http://schemas.xmlsoap.org/wsdl/soap/"
	nsXSD        = "http://www.w3.org/2001/XMLSchema"
	nsEnterprise = "urn:enterprise.soap.sforce.com"
)

// Definition is what the WSDL of an outbound message's definition tells.
type Definition struct {
	// Object is the object with the selected fields and the Id. It has names and
	// types and nothing else: enough to type what messages carry, and not enough to
	// write to. A picklist is a string, and every number a double.
	Object *schema.Object
	// Endpoint is the URL to which Salesforce sends. It may hold a secret.
	Endpoint string
}

// ReadWSDL reads the WSDL that Salesforce generates for an outbound message's
// definition (Setup, Outbound Messages, Click for WSDL), at most MaxBody bytes. Its
// error is a *Refusal, or wraps what reading from r failed with.
func ReadWSDL(r io.Reader) (*Definition, error) {
	s, err := newScanner(r, MaxBody)
	if err != nil {
		return nil, err
	}
	w := wsdl{scanner: s, types: map[string][]*schema.Field{}}
	if _, err := s.next(); err != nil {
		return nil, err
	}
	if s.name != (xml.Name{Space: nsWSDL, Local: "definitions"}) {
		return nil, s.refuse(Unexpected, "this is no WSDL: the root is %s", clip(s.name.Local))
	}
	if err := s.children(w.visit); err != nil {
		return nil, err
	}
	if _, err := s.next(); err != nil {
		return nil, err
	}
	fields, known := w.types[w.object]
	if w.object == "" || !known {
		return nil, s.refuse(Missing, "this is a WSDL, but not that of an outbound message")
	}
	o := &schema.Object{
		Name:      w.object,
		Label:     w.object,
		KeyPrefix: schema.WellKnownPrefix(w.object),
		Custom:    strings.HasSuffix(w.object, "__c"),
		Partial:   true,
		Fields:    append([]*schema.Field{{Name: "Id", Label: "Id", Type: schema.TypeID, Length: 18}}, fields...),
	}
	schema.New(o)
	return &Definition{Object: o, Endpoint: w.endpoint}, nil
}

// wsdl walks the one shape that Salesforce generates: a type for each object, of
// which the element sObject of a notification names one.
type wsdl struct {
	*scanner
	target   string // namespace of the schema that is being read
	typ      string // name of the complexType that is being read
	types    map[string][]*schema.Field
	object   string
	endpoint string
}

func (w *wsdl) visit() error {
	switch w.name {
	case xml.Name{Space: nsWSDL, Local: "documentation"}:
		return w.skip()
	case xml.Name{Space: nsXSD, Local: "schema"}:
		return w.inside(&w.target, "targetNamespace")
	case xml.Name{Space: nsXSD, Local: "complexType"}:
		return w.inside(&w.typ, "name")
	case xml.Name{Space: nsXSD, Local: "element"}:
		if err := w.readElement(); err != nil {
			return err
		}
	case xml.Name{Space: nsSOAPWSDL, Local: "address"}:
		location, _, err := w.attribute("", "location")
		if err != nil {
			return err
		}
		w.endpoint = location
	}
	return w.children(w.visit)
}

// inside visits the children of the current element while its attribute is in force.
func (w *wsdl) inside(into *string, attribute string) error {
	value, _, err := w.attribute("", attribute)
	if err != nil {
		return err
	}
	if into == &w.typ && w.target == nsSObject && isName(value) {
		w.types[value] = nil // known, though the Id may be all that is selected
	}
	before := *into
	*into = value
	err = w.children(w.visit)
	*into = before
	return err
}

func (w *wsdl) readElement() error {
	name, _, err := w.attribute("", "name")
	if err != nil {
		return err
	}
	value, found, err := w.attribute("", "type")
	if err != nil || !found {
		return err
	}
	kind, _, err := w.qname(value)
	if err != nil {
		return err
	}
	_, listed := w.types[w.typ]
	switch {
	case w.target == nsOutbound && name == "sObject" && kind.Space == nsSObject:
		w.object = kind.Local
	case w.target == nsSObject && listed && isName(name) && name != "Id":
		if len(w.types[w.typ]) == MaxFields {
			return w.refuse(TooLarge, "an object has more than %d fields", MaxFields)
		}
		for _, f := range w.types[w.typ] {
			if f.Name == name {
				return w.refuse(Duplicate, "the field %s is given twice", clip(name))
			}
		}
		w.types[w.typ] = append(w.types[w.typ], &schema.Field{
			Name: name, Label: name, Type: fieldType(kind), Custom: strings.HasSuffix(name, "__c"), Nillable: true,
		})
	}
	return nil
}

// fieldType returns the type of a field that the WSDL declares as kind.
func fieldType(kind xml.Name) schema.Type {
	switch kind {
	case xml.Name{Space: nsEnterprise, Local: "ID"}:
		return schema.TypeReference
	case xml.Name{Space: nsXSD, Local: "string"}:
		return schema.TypeString
	case xml.Name{Space: nsXSD, Local: "double"}:
		return schema.TypeDouble
	case xml.Name{Space: nsXSD, Local: "int"}:
		return schema.TypeInt
	case xml.Name{Space: nsXSD, Local: "long"}:
		return schema.TypeLong
	case xml.Name{Space: nsXSD, Local: "boolean"}:
		return schema.TypeBoolean
	case xml.Name{Space: nsXSD, Local: "date"}:
		return schema.TypeDate
	case xml.Name{Space: nsXSD, Local: "dateTime"}:
		return schema.TypeDateTime
	case xml.Name{Space: nsXSD, Local: "time"}:
		return schema.TypeTime
	}
	return schema.TypeAnyType
}
