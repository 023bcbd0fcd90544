package outbound_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce/outbound"
	"github.com/sfsync/sfsync/salesforce/schema"
)

const body = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D5g000004XYZaEAO</OrganizationId>
   <ActionId>04k5g0000008abcAAA</ActionId>
   <SessionId xsi:nil="true"/>
   <Notification>
    <Id>04l5g0000000001AAA</Id>
    <sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>5005g00000AbCdEAAV</sf:Id>
     <sf:Age__c>39.0</sf:Age__c>
     <sf:Priority>High</sf:Priority>
    </sObject>
   </Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`

func ExampleRead() {
	org := schema.New(&schema.Object{Name: "Case", Fields: []*schema.Field{
		{Name: "Age__c", Type: schema.TypeDouble},
		{Name: "Priority", Type: schema.TypePicklist},
	}})
	m, err := outbound.Read(strings.NewReader(body), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	received := time.Date(2026, 11, 20, 14, 3, 0, 0, time.UTC)
	for _, n := range m.Notifications {
		fmt.Printf("%s\n", n.AppendEvent(nil, org.Object(n.Object), received))
	}
	// Output:
	// {"id":"04l5g0000000001AAA","type":"salesforce.outbound_message","time":"2026-11-20T14:03:00.000Z","record":{"attributes":{"type":"Case"},"Id":"5005g00000AbCdEAAV","Age__c":39.0,"Priority":"High"}}
}

func ExampleRefusal() {
	_, err := outbound.Read(strings.NewReader(strings.Replace(body, "5005g00000AbCdEAAV", "42", 1)), 0)
	var refused *outbound.Refusal
	if errors.As(err, &refused) {
		fmt.Println(refused.Kind, "at line", refused.Line)
		fmt.Println(refused.Reason)
		fmt.Println(refused.Kind.Help())
	}
	// Output:
	// bad_id at line 10
	// "42" is no id, and Id needs one
	// send the ids as Salesforce does: 15 letters and digits, or 18 with their checksum
}
