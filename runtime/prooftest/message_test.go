package prooftest

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

const (
	organization = "00DSm0000000001" // that of the simulator
	action       = "04k5g0000008XYZ"
)

// salesforceID makes the n-th id of a key prefix, in 18 characters.
func salesforceID(prefix string, n int) string {
	id, ok := schema.To18(fmt.Sprintf("%s5g%010d", prefix, n))
	if !ok {
		panic("no id: " + prefix)
	}
	return id
}

// notification is one of an outbound message of Case.
type notification struct {
	id     string
	record string
	fields [][2]string
}

// message writes an outbound message as Salesforce does.
func message(notifications []notification) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>` + organization + `</OrganizationId>
   <ActionId>` + action + `</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/67.0/` + organization + `</EnterpriseUrl>
   <PartnerUrl>https://example.my.salesforce.com/services/Soap/u/67.0/` + organization + `</PartnerUrl>
`)
	for _, n := range notifications {
		b.WriteString("   <Notification>\n    <Id>" + n.id + "</Id>\n" +
			`    <sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">` + "\n" +
			"     <sf:Id>" + n.record + "</sf:Id>\n")
		for _, f := range n.fields {
			b.WriteString("     <sf:" + f[0] + ">" + f[1] + "</sf:" + f[0] + ">\n")
		}
		b.WriteString("    </sObject>\n   </Notification>\n")
	}
	b.WriteString("  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n")
	return b.String()
}
