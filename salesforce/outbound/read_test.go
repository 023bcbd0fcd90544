package outbound

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const (
	orgID    = "00D5g000004XYZaEAO"
	actionID = "04k5g0000008abcAAA"
	caseID   = "5005g00000AbCdEAAV"
	session  = "00D5g000004XYZa!AQEAQsessionThatMustNotLeak"
)

// A document is a message whose parts tests replace.
type document struct {
	prolog, envelope, header, session, urls, notifications, after string
}

func (d document) String() string {
	if d.envelope == "" {
		d.envelope = `xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	}
	return d.prolog + "<soapenv:Envelope " + d.envelope + ">" + d.header + `<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">` +
		"<OrganizationId>" + orgID + "</OrganizationId><ActionId>" + actionID + "</ActionId>" + d.session + d.urls + d.notifications +
		"</notifications></soapenv:Body></soapenv:Envelope>" + d.after
}

// record is a Case with the fields.
func record(fields string) string {
	return `<sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">` + fields + `</sObject>`
}

func recordID(id string) string { return "<sf:Id>" + id + "</sf:Id>" }

// notification has the nth of a row of ids.
func notification(n int, content string) string {
	return "<Notification><Id>" + notificationID(n) + "</Id>" + content + "</Notification>"
}

func notificationID(n int) string { return fmt.Sprintf("04l5g%010dAAA", n) }

// oneCase is a message of one notification of a Case with the fields.
func oneCase(fields string) document {
	return document{notifications: notification(1, record(recordID(caseID)+fields))}
}

func message(notifications ...Notification) *Message {
	return &Message{OrganizationID: orgID, ActionID: actionID, Notifications: notifications}
}

func caseOf(fields ...Field) Notification {
	return Notification{ID: notificationID(1), Object: "Case", RecordID: caseID, Fields: fields}
}

func TestReadTakes(t *testing.T) {
	high := caseOf(Field{Name: "Priority", Value: "High"})
	plain := oneCase("<sf:Priority>High</sf:Priority>")
	with := func(change func(*document)) string {
		d := plain
		change(&d)
		return d.String()
	}
	session := func(element string) string { return with(func(d *document) { d.session = element }) }
	withSession := message(high)
	withSession.SessionPresent = true
	withURLs := message(high)
	withURLs.EnterpriseURL = "https://example.my.salesforce.com/services/Soap/c/67.0/00D5g000004XYZa"
	withURLs.PartnerURL = "https://example.my.salesforce.com/services/Soap/u/67.0/00D5g000004XYZa"

	tests := []struct {
		name, body string
		want       *Message
	}{
		{"a single line", plain.String(), message(high)},
		{"indented", strings.ReplaceAll(plain.String(), "><", ">\r\n\t <"), message(high)},
		{"a declaration", with(func(d *document) { d.prolog = `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\n" }), message(high)},
		{"a declaration without a charset", with(func(d *document) { d.prolog = `<?xml version='1.0'?>` }), message(high)},
		{"a byte order mark", "\ufeff" + plain.String(), message(high)},
		{"blanks and comments round the root", with(func(d *document) { d.prolog, d.after = "\n<!-- a -->\n", "\n<!-- b -->\n" }), message(high)},
		{"the same in other prefixes", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body xmlns:o="http://soap.sforce.com/2005/09/outbound"><o:notifications>` +
			`<o:OrganizationId>` + orgID + `</o:OrganizationId><o:ActionId>` + actionID + `</o:ActionId><o:Notification><o:Id>` + notificationID(1) + `</o:Id>` +
			`<o:sObject xmlns="urn:sobject.enterprise.soap.sforce.com" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="Case"><Id>` + caseID + `</Id><Priority>High</Priority></o:sObject>` +
			`</o:Notification></o:notifications></e:Body></e:Envelope>`, message(high)},
		{"a prefix with another meaning further in", strings.NewReplacer("sf:", "soapenv:", "xmlns:sf=", "xmlns:soapenv=").Replace(plain.String()), message(high)},
		{"attributes in another order", strings.Replace(plain.String(), `xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"`, `xmlns:sf='urn:sobject.enterprise.soap.sforce.com' xsi:type=' sf:Case '`, 1), message(high)},
		{"prefixes named like attributes", strings.Replace(plain.String(), "<sObject ", `<sObject xmlns:type="urn:a" xmlns:nil="true" `, 1), message(high)},
		{"no session", session(""), message(high)},
		{"a nil session", session(`<SessionId xsi:nil="true"/>`), message(high)},
		{"an empty session", session("<SessionId></SessionId>"), message(high)},
		{"a blank session", session("<SessionId>\n </SessionId>"), message(high)},
		{"a session", session("<SessionId>00D!secret</SessionId>"), withSession},
		{"URLs", with(func(d *document) {
			d.urls = "<EnterpriseUrl>" + withURLs.EnterpriseURL + "</EnterpriseUrl><PartnerUrl> " + withURLs.PartnerURL + "\n</PartnerUrl>"
		}), withURLs},
		{"a header that need not be understood", with(func(d *document) {
			d.header = `<soapenv:Header><h:trace xmlns:h="urn:h" soapenv:mustUnderstand="0"><h:id>1</h:id></h:trace></soapenv:Header>`
		}), message(high)},
		{"elements that Salesforce may add", with(func(d *document) {
			d.urls = "<SentAt><At>now</At></SentAt>"
			d.notifications = strings.Replace(d.notifications, "<sObject", "<Attempt>2</Attempt><sObject", 1)
		}), message(high)},
		{"ids of 15 characters", strings.NewReplacer(orgID, orgID[:15], actionID, actionID[:15], caseID, caseID[:15], notificationID(1), notificationID(1)[:15]).Replace(plain.String()), message(high)},
		{"ids between blanks", strings.ReplaceAll(plain.String(), orgID, "\n   "+orgID+" "), message(high)},
		{"no record, as after a delete", document{notifications: notification(1, "")}.String(), message(Notification{ID: notificationID(1)})},
		{"a nil record", document{notifications: notification(1, `<sObject xsi:nil="1"/>`)}.String(), message(Notification{ID: notificationID(1)})},
		{"a record with its id only", oneCase("").String(), message(caseOf())},
		{"a record with a nil id", document{notifications: notification(1, record(`<sf:Id xsi:nil="true"></sf:Id>`))}.String(), message(Notification{ID: notificationID(1), Object: "Case"})},
		{"no record beside one with", document{notifications: notification(1, record(recordID(caseID))) + notification(2, "")}.String(),
			message(caseOf(), Notification{ID: notificationID(2), Object: "Case"})},
		{"values", oneCase(`<sf:A>a&lt;br&gt;&amp;&#233;&#x1F600;</sf:A><sf:B/><sf:C xsi:nil="true"/><sf:D> two  words
</sf:D><sf:npe01__E__c>é</sf:npe01__E__c>`).String(), message(caseOf(
			Field{Name: "A", Value: "a<br>&é😀"}, Field{Name: "B"}, Field{Name: "C", Nil: true}, Field{Name: "D", Value: " two  words\n"}, Field{Name: "npe01__E__c", Value: "é"}))},
		{"text in pieces", oneCase(`<sf:A>a<!-- no end -->b<![CDATA[<c>]]></sf:A>`).String(), message(caseOf(Field{Name: "A", Value: "ab<c>"}))},
		{"line ends as XML 1.0 has them", oneCase("<sf:A>a\r\nb\rc&#13;d</sf:A>").String(), message(caseOf(Field{Name: "A", Value: "a\nb\nc\rd"}))},
		{"fields in any order", oneCase("<sf:B>2</sf:B><sf:A>1</sf:A>").String(), message(caseOf(Field{Name: "B", Value: "2"}, Field{Name: "A", Value: "1"}))},
		{"fieldsToNull of the type that all objects extend", oneCase("<sf:fieldsToNull>B</sf:fieldsToNull><sf:fieldsToNull>A</sf:fieldsToNull>").String(),
			message(caseOf(Field{Name: "B", Nil: true}, Field{Name: "A", Nil: true}))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := Read(strings.NewReader(test.body), 0)
			if err != nil {
				t.Fatal(err)
			}
			// An empty list of fields and none are the same to every reader.
			for i := range m.Notifications {
				if len(m.Notifications[i].Fields) == 0 {
					m.Notifications[i].Fields = nil
				}
			}
			if diff := cmp.Diff(test.want, m); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			piecewise, err := Read(iotest.OneByteReader(strings.NewReader(test.body)), 0)
			if err != nil || piecewise.OrganizationID != m.OrganizationID || len(piecewise.Notifications) != len(m.Notifications) {
				t.Errorf("byte by byte: %+v, %v", piecewise, err)
			}
		})
	}
}

func TestReadTakesTheGreatestMessage(t *testing.T) {
	var b strings.Builder
	for i := range MaxNotifications {
		b.WriteString(notification(i, record(recordID(caseID))))
	}
	m, err := Read(strings.NewReader(document{notifications: b.String()}.String()), 0)
	if err != nil || len(m.Notifications) != MaxNotifications {
		t.Fatalf("%d notifications: %v", MaxNotifications, err)
	}
	b.Reset()
	for i := range MaxFields {
		fmt.Fprintf(&b, "<sf:F%03d__c/>", i)
	}
	m, err = Read(strings.NewReader(oneCase(b.String()).String()), 0)
	if err != nil || len(m.Notifications[0].Fields) != MaxFields {
		t.Fatalf("%d fields: %v", MaxFields, err)
	}
	body := oneCase("<sf:Description>" + strings.Repeat("x", 2*MaxBody) + "</sf:Description>").String()
	if _, err := Read(strings.NewReader(body), len(body)); err != nil {
		t.Errorf("a body of the caller's own limit: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	plain := oneCase("<sf:Priority>High</sf:Priority>").String()
	replace := func(old, new string) string {
		if !strings.Contains(plain, old) {
			t.Fatalf("no %s to replace", old)
		}
		return strings.Replace(plain, old, new, 1)
	}
	many := func(n int, each func(int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(each(i))
		}
		return b.String()
	}
	declared := func(prolog string) string { return prolog + plain }

	tests := []struct {
		name, body string
		kind       Kind
		reason     string
	}{
		{"nothing", "", NotXML, "there is no XML in the body"},
		{"blanks", " \n", NotXML, "there is no XML in the body"},
		{"JSON", `{"id":"1"}`, NotXML, "there is text outside of the XML document"},
		{"broken XML", replace("</sf:Priority>", "</sf:Priority"), NotXML, "the XML is broken: invalid characters between </Priority and >"},
		{"a wrong end tag", replace("</sf:Priority>", "</sf:Status>"), NotXML, "the end tag sf:Status stands where sf:Priority must end"},
		{"an end tag first", "</a>", NotXML, "the end tag a ends nothing"},
		{"a cut body", plain[:len(plain)-20], NotXML, ""},
		{"a body cut between elements", plain[:strings.Index(plain, "</Notification>")], NotXML, "the body ends before the message does"},
		{"an unknown entity", replace("High", "&high;"), NotXML, "the XML is broken: invalid character entity &high;"},
		{"a character that XML has not", replace("High", "&#0;"), NotXML, "the XML is broken: illegal character code U+0000"},
		{"a character that UTF-8 has and XML has not", replace("High", "\uffff"), NotXML, "the XML is broken: illegal character code U+FFFF"},
		{"the end of CDATA in plain text", replace("High", "]]>"), NotXML, "the XML is broken: unescaped ]]> not in CDATA section"},
		{"XML 1.1", declared(`<?xml version="1.1"?>`), NotXML, `unsupported version "1.1"; only version 1.0 is supported`},
		{"an attribute twice", replace("<sObject ", `<sObject xsi:type="sf:Contact" `), NotXML, "an element has the attribute type twice"},
		{"an attribute twice by two prefixes", replace("<sObject ", `<sObject xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="sf:Contact" `), NotXML, "an element has the attribute type twice"},
		{"a namespace twice", replace("xmlns:sf=", `xmlns:sf="urn:a" xmlns:sf=`), NotXML, `an element declares the namespace prefix "sf" twice`},

		{"another root", "<html/>", NotSOAP, "this is no SOAP envelope: the root is html"},
		{"SOAP 1.2", replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"), NotSOAP, `this is no SOAP 1.1 envelope: its namespace is "http://www.w3.org/2003/05/soap-envelope"`},
		{"an envelope of no namespace", "<Envelope><Body/></Envelope>", NotSOAP, `this is no SOAP 1.1 envelope: its namespace is ""`},

		{"Latin-1 as declared", declared(`<?xml version="1.0" encoding="ISO-8859-1"?>`), WrongCharset, `the charset is declared as "ISO-8859-1", and only UTF-8 is taken`},
		{"bytes that are no UTF-8", replace("High", "H\xe9"), WrongCharset, "the body is not UTF-8"},
		{"UTF-16", "\xff\xfe<\x00a\x00", WrongCharset, "the body is not UTF-8"},

		{"a DOCTYPE", declared("<!DOCTYPE soapenv:Envelope>"), Forbidden, "a DOCTYPE or another declaration is not taken"},
		{"entities", declared(`<!DOCTYPE a [<!ENTITY b "c">]>`), Forbidden, "a DOCTYPE or another declaration is not taken"},
		{"a declaration within", replace("<sf:Priority>", "<!ELEMENT a (b)><sf:Priority>"), Forbidden, "a DOCTYPE or another declaration is not taken"},
		{"a processing instruction", declared(`<?xml-stylesheet href="a"?>`), Forbidden, "a processing instruction is not taken"},
		{"a processing instruction within", replace("High", "<?php 1?>"), Forbidden, "a processing instruction is not taken"},
		{"a second XML declaration", declared(`<?xml version="1.0"?><?xml version="1.0"?>`), Forbidden, "a processing instruction is not taken"},

		{"notifications of another namespace", replace("http://soap.sforce.com/2005/09/outbound", "urn:a"), WrongNamespace, `notifications is of the namespace "urn:a", and "http://soap.sforce.com/2005/09/outbound" is needed`},
		{"a body of another namespace", replace("<soapenv:Body>", `<soapenv:Body xmlns:soapenv="urn:a">`), WrongNamespace, `Body is of the namespace "urn:a", and "http://schemas.xmlsoap.org/soap/envelope/" is needed`},
		{"fields of another namespace", replace(`"urn:sobject.enterprise.soap.sforce.com"`, `"urn:sobject.partner.soap.sforce.com"`), WrongNamespace, `the xsi:type "sf:Case" names no sObject`},
		{"one field of another namespace", replace("<sf:Priority>", `<sf:Priority xmlns:sf="urn:a">`), WrongNamespace, `Priority is of the namespace "urn:a", and "urn:sobject.enterprise.soap.sforce.com" is needed`},
		{"an id of no prefix", replace(recordID(caseID), "<Id>"+caseID+"</Id>"), WrongNamespace, `Id is of the namespace "http://soap.sforce.com/2005/09/outbound", and "urn:sobject.enterprise.soap.sforce.com" is needed`},
		{"a prefix that nobody declares", strings.Replace(plain, "sf:Priority", "sg:Priority", 2), WrongNamespace, `the namespace prefix "sg" is not declared`},
		{"a prefix declared on another element", strings.Replace(plain, ` xmlns:sf="urn:sobject.enterprise.soap.sforce.com">`, `><a xmlns:sf="urn:sobject.enterprise.soap.sforce.com"/>`, 1), WrongNamespace, `the namespace prefix "sf" is not declared`},
		{"a prefix that is undeclared", replace("xmlns:sf=", `xmlns:x="" xmlns:sf=`), WrongNamespace, `the namespace prefix "x" cannot be declared so`},
		{"an object of no name", replace("sf:Case", "sf:"), WrongNamespace, `the xsi:type "sf:" names no sObject`},

		{"too many attributes", replace("<sObject ", "<sObject "+many(maxAttributes+1, func(i int) string { return fmt.Sprintf(`a%d="" `, i) })), TooLarge, "an element has more than 1000 attributes"},
		{"too many namespaces", replace("<sObject ", "<sObject "+many(maxNamespaces, func(i int) string { return fmt.Sprintf(`xmlns:a%d="b" `, i) })), TooLarge, "more than 64 namespaces are declared"},
		{"too deep", replace("<sObject ", strings.Repeat("<a>", maxDepth)+"<sObject "), TooLarge, "elements are nested more than 32 deep"},
		{"too many fields", oneCase(many(MaxFields+1, func(i int) string { return fmt.Sprintf("<sf:F%d/>", i) })).String(), TooLarge, "a record has more than 1000 fields"},
		{"too many notifications", document{notifications: many(MaxNotifications+1, func(i int) string { return notification(i, "") })}.String(), TooLarge, "there are more than 100 notifications"},
		{"a body too long", plain + strings.Repeat(" ", MaxBody), TooLarge, "the body is longer than 8388608 bytes"},

		{"no body", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>`, Missing, "the envelope has no Body"},
		{"an empty body", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body> </e:Body></e:Envelope>`, Missing, "the body holds no notifications"},
		{"no org", replace("<OrganizationId>"+orgID+"</OrganizationId>", ""), Missing, "there is no OrganizationId"},
		{"no action", replace("<ActionId>"+actionID+"</ActionId>", ""), Missing, "there is no ActionId"},
		{"no notification", document{}.String(), Missing, "there is no Notification"},
		{"no notification id", replace("<Id>"+notificationID(1)+"</Id>", ""), Missing, "the notification has no Id"},
		{"no type", replace(`xsi:type="sf:Case" `, ""), Missing, "the sObject has no xsi:type"},
		{"a type of no namespace", replace(`xsi:type=`, "type="), Missing, "the sObject has no xsi:type"},

		{"two headers", replace("<soapenv:Body>", "<soapenv:Header/><soapenv:Header/><soapenv:Body>"), Duplicate, "Header is given twice"},
		{"two bodies", replace("</soapenv:Body>", "</soapenv:Body><soapenv:Body/>"), Duplicate, "Body is given twice"},
		{"two messages", replace("</notifications>", `</notifications><notifications xmlns="http://soap.sforce.com/2005/09/outbound"/>`), Duplicate, "notifications is given twice"},
		{"two orgs", replace("<ActionId>", "<OrganizationId>"+orgID+"</OrganizationId><ActionId>"), Duplicate, "OrganizationId is given twice"},
		{"two actions", replace("<ActionId>", "<ActionId>"+actionID+"</ActionId><ActionId>"), Duplicate, "ActionId is given twice"},
		{"two sessions", replace("<Notification>", "<SessionId/><SessionId/><Notification>"), Duplicate, "SessionId is given twice"},
		{"two URLs", replace("<Notification>", "<PartnerUrl/><PartnerUrl/><Notification>"), Duplicate, "PartnerUrl is given twice"},
		{"two notification ids", replace("<sObject", "<Id>"+notificationID(2)+"</Id><sObject"), Duplicate, "Id is given twice"},
		{"two records", replace("</Notification>", `<sObject xsi:nil="true"/></Notification>`), Duplicate, "sObject is given twice"},
		{"two record ids", replace("<sf:Priority>", recordID(caseID)+"<sf:Priority>"), Duplicate, "Id is given twice"},
		{"two record ids, one nil", replace("<sf:Priority>", `<sf:Id xsi:nil="true"/><sf:Priority>`), Duplicate, "Id is given twice"},
		{"a field twice", oneCase("<sf:A/><sf:B/><sf:A/>").String(), Duplicate, "the field A is given twice"},
		{"a field twice in a row", oneCase("<sf:A/><sf:A/>").String(), Duplicate, "the field A is given twice"},

		{"two objects", document{notifications: notification(1, record("")) + notification(2, "") + notification(3, strings.Replace(record(""), "sf:Case", "sf:Contact", 1))}.String(), MixedObjects, "one message tells of two objects, Case and Contact"},

		{"an org that is no id", replace(orgID, "acme"), BadID, `"acme" is no id, and OrganizationId needs one`},
		{"an empty action", replace(actionID, ""), BadID, `"" is no id, and ActionId needs one`},
		{"a notification's id with a wrong checksum", replace(notificationID(1), notificationID(1)[:15]+"AAB"), BadID, `"04l5g0000000001AAB" is no id, and Id needs one`},
		{"a record id that is none", replace(caseID, caseID[:14]), BadID, `"5005g00000AbCd" is no id, and Id needs one`},

		{"text after the root", plain + "x", NotXML, "there is text outside of the XML document"},
		{"a second root", plain + "<a/>", Unexpected, "there is a second document after the first"},
		{"a fault", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault/></e:Body></e:Envelope>`, Unexpected, "the body holds Fault, and an outbound message holds notifications"},
		{"something else in the envelope", replace("<soapenv:Body>", "<soapenv:Foot/><soapenv:Body>"), Unexpected, "an envelope holds no Foot"},
		{"a header that must be understood", replace("<soapenv:Body>", `<soapenv:Header><h xmlns="urn:h" soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body>`), Unexpected, "the header h must be understood, and is not"},
		{"text between elements", replace("<sObject", "High<sObject"), Unexpected, "there is text where only elements can be"},
		{"an element in a field", replace("High", "<sf:city>Rome</sf:city>"), Unexpected, "there is an element where only text can be"},
		{"a value in a nil field", replace("<sf:Priority>", `<sf:Priority xsi:nil="true">`), Unexpected, "the field Priority is nil and has a value"},
		{"a value in a nil id", replace("<sf:Id>", `<sf:Id xsi:nil="true">`), Unexpected, "there is text where only elements can be"},
		{"an element in a nil id", replace(recordID(caseID), `<sf:Id xsi:nil="true"><sf:a/></sf:Id>`), Unexpected, "there is an element where nothing can be"},
		{"a field that would be JSON's own", strings.ReplaceAll(plain, "sf:Priority", "sf:attributes"), Unexpected, `"attributes" is no field's name`},
		{"a field that is no name", strings.ReplaceAll(plain, "sf:Priority", "sf:É"), Unexpected, `"É" is no field's name`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := Read(strings.NewReader(test.body), 0)
			var refused *Refusal
			if !errors.As(err, &refused) {
				t.Fatalf("got %+v, %v", m, err)
			}
			if refused.Kind != test.kind || test.reason != "" && refused.Reason != test.reason {
				t.Errorf("%s: %s", refused.Kind, refused.Reason)
			}
			if refused.Kind.Help() == "" || len(refused.Error()) > 1000 {
				t.Errorf("help %q, error %s", refused.Kind.Help(), refused)
			}
		})
	}
}

func TestRefusalSaysWhere(t *testing.T) {
	d := oneCase("")
	d.notifications = "\n" + d.notifications + "\n" + notification(2, record(recordID(caseID)+"<sf:Origin><b/></sf:Origin>"))
	_, err := Read(strings.NewReader(d.String()), 0)
	const want = "there is an element where only text can be (line 3, column 168, notification 2, in " +
		"soapenv:Envelope/soapenv:Body/notifications/Notification/sObject/sf:Origin/b)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := Read(strings.NewReader(""), 0); err.Error() != "there is no XML in the body (line 1, column 1)" {
		t.Errorf("got %v", err)
	}
}

// What hurts the session id must not show it either.
func TestSessionIsNeverRepeated(t *testing.T) {
	secrets := []string{session, "AQEAQ", "sessionThatMustNotLeak"}
	for _, broken := range []string{
		session, session + "&" + session + ";", session + "&" + session, session + "]]>", session + "<" + session + ">", session + "</" + session + ">",
		"<" + session + ">", "<a:" + session + "/>", "<sessionThatMustNotLeak:a/>", "&sessionThatMustNotLeak;", "&AQEAQ", "</sessionThatMustNotLeak>", "</AQEAQ:a>", "<!" + session + ">", "<?" + session + "?>", session + "&#0;",
	} {
		d := oneCase("")
		d.session = "<SessionId>" + broken + "</SessionId>"
		whole := d.String()
		for cut := range len(whole) + 1 {
			m, err := Read(strings.NewReader(whole[:cut]), 0)
			said := fmt.Sprintf("%+v %v", m, err)
			if r := (*Refusal)(nil); errors.As(err, &r) {
				said += fmt.Sprintf("%+v", *r)
			}
			for _, secret := range secrets {
				if strings.Contains(said, secret) {
					t.Fatalf("said: %s", said)
				}
			}
		}
	}
}

func TestReadPassesOnWhatReadingFailedWith(t *testing.T) {
	cut := errors.New("connection cut")
	_, err := Read(iotest.ErrReader(cut), 0)
	if !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
	if r := (*Refusal)(nil); errors.As(err, &r) {
		t.Error("a body that could not be read is no refusal")
	}
}
