package outbound

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// oracle reads a message by encoding/xml's own way into structs, which knows no
// limits and refuses little, but reads what is right rightly. Its second result is
// an error where the body is no well-formed XML.
func oracle(body []byte) (*Message, error) {
	type field struct {
		XMLName xml.Name
		Nil     string `xml:"http://www.w3.org/2001/XMLSchema-instance nil,attr"`
		Value   string `xml:",chardata"`
	}
	var env struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Message struct {
				OrganizationID string `xml:"http://soap.sforce.com/2005/09/outbound OrganizationId"`
				ActionID       string `xml:"http://soap.sforce.com/2005/09/outbound ActionId"`
				SessionID      string `xml:"http://soap.sforce.com/2005/09/outbound SessionId"`
				EnterpriseURL  string `xml:"http://soap.sforce.com/2005/09/outbound EnterpriseUrl"`
				PartnerURL     string `xml:"http://soap.sforce.com/2005/09/outbound PartnerUrl"`
				Notifications  []struct {
					ID      string `xml:"http://soap.sforce.com/2005/09/outbound Id"`
					SObject struct {
						Type   string  `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
						Fields []field `xml:",any"`
					} `xml:"http://soap.sforce.com/2005/09/outbound sObject"`
				} `xml:"http://soap.sforce.com/2005/09/outbound Notification"`
			} `xml:"http://soap.sforce.com/2005/09/outbound notifications"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	dec := xml.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&env); err != nil {
		return nil, err
	}
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.Comment:
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, fmt.Errorf("text after the root")
			}
		default:
			return nil, fmt.Errorf("%T after the root", tok)
		}
	}
	id18 := func(s string) string {
		id, _ := schema.To18(strings.TrimSpace(s))
		return id
	}
	in := env.Body.Message
	m := &Message{
		OrganizationID: id18(in.OrganizationID), ActionID: id18(in.ActionID), SessionPresent: strings.Trim(in.SessionID, " \t\r\n") != "",
		EnterpriseURL: strings.TrimSpace(in.EnterpriseURL), PartnerURL: strings.TrimSpace(in.PartnerURL),
	}
	object := ""
	for _, n := range in.Notifications {
		out := Notification{ID: id18(n.ID)}
		if kind := strings.TrimSpace(n.SObject.Type); kind != "" {
			object = kind[strings.IndexByte(kind, ':')+1:]
		}
		for _, f := range n.SObject.Fields {
			switch f.XMLName.Local {
			case "Id":
				out.RecordID = id18(f.Value)
			case "fieldsToNull":
				out.Fields = append(out.Fields, Field{Name: strings.TrimSpace(f.Value), Nil: true})
			default:
				out.Fields = append(out.Fields, Field{Name: f.XMLName.Local, Value: f.Value, Nil: isTrue(f.Nil)})
			}
		}
		m.Notifications = append(m.Notifications, out)
	}
	for i := range m.Notifications {
		m.Notifications[i].Object = object
	}
	return m, nil
}
