package outbound

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// realData reads a file of real Salesforce data, and skips the test where there is none.
func realData(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("SFSYNC_REAL_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Skip("no real Salesforce data here; SFSYNC_REAL_DATA names its folder")
	}
	return b
}

// encoding/xml reads well-formed messages right too, and says the same.
func TestRealMessage(t *testing.T) {
	body := realData(t, "outbound/asplabs_contact_x2.xml")
	m, err := Read(bytes.NewReader(body), 0)
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Notifications struct {
			OrganizationID string `xml:"OrganizationId"`
			ActionID       string `xml:"ActionId"`
			PartnerURL     string `xml:"PartnerUrl"`
			Notification   []struct {
				ID      string `xml:"Id"`
				SObject struct {
					Fields []struct {
						XMLName xml.Name
						Value   string `xml:",chardata"`
					} `xml:",any"`
				} `xml:"sObject"`
			}
		} `xml:"Body>notifications"`
	}
	if err := xml.Unmarshal(body, &oracle); err != nil {
		t.Fatal(err)
	}
	o := oracle.Notifications
	want := &Message{ActionID: o.ActionID, SessionPresent: true, EnterpriseURL: m.EnterpriseURL, PartnerURL: o.PartnerURL}
	want.OrganizationID, _ = schema.To18(o.OrganizationID)
	for _, n := range o.Notification {
		fields := n.SObject.Fields
		w := Notification{ID: n.ID, Object: "Contact", RecordID: fields[0].Value}
		for _, f := range fields[1:] {
			w.Fields = append(w.Fields, Field{Name: f.XMLName.Local, Value: f.Value})
		}
		want.Notifications = append(want.Notifications, w)
	}
	if diff := cmp.Diff(want, m); diff != "" || len(m.Notifications) != 2 {
		t.Errorf("%d notifications\n%s", len(m.Notifications), diff)
	}

	contact, err := schema.ParseDescribe(realData(t, "describe/Contact_describe_cumulusci.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range m.Notifications {
		mustBeEvent(t, string(n.AppendEvent(nil, contact, received)), n)
	}
}

// The recorded Ack may end in another line end than ours.
func TestRealAck(t *testing.T) {
	lines := func(b []byte) string { return strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")) }
	if diff := cmp.Diff(lines(realData(t, "outbound/asplabs_ack_response.xml")), lines(AppendAck(nil, true))); diff != "" {
		t.Error(diff)
	}
}

func TestRealWSDL(t *testing.T) {
	d, err := ReadWSDL(bytes.NewReader(realData(t, "outbound/comsave_DiscountRule__c_outbound.wsdl")))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Id id", "ContractTerm__c string", "CreatedDate datetime", "Discount__c double", "IsDeleted boolean",
		"LastModifiedDate datetime", "Name string", "Price__c double", "Product__c reference", "Type__c string"}
	if diff := cmp.Diff(want, fieldTypes(d)); diff != "" || d.Object.Name != "DiscountRule__c" || !d.Object.Custom || d.Endpoint != "http://blabla" {
		t.Errorf("%+v\n%s", d, diff)
	}
}
