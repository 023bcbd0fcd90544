package outbound

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// A writer writes a message in one of the many shapes that say the same.
type writer struct {
	*rapid.T
	b                       strings.Builder
	soap, outbound, sobject string // prefixes with their colon; "" is the default namespace
	instance                string
	indented                bool
}

func (w *writer) yes(label string) bool { return rapid.Bool().Draw(w.T, label) }

func (w *writer) of(label string, choices ...string) string {
	return rapid.SampledFrom(choices).Draw(w.T, label)
}

// gap writes what may stand between elements.
func (w *writer) gap(depth int) {
	if w.indented {
		w.b.WriteString("\n" + strings.Repeat(" ", depth))
	}
	if rapid.IntRange(0, 30).Draw(w.T, "comment") == 0 {
		w.b.WriteString("<!-- <Id> & so on -->")
	}
}

// declare is the attribute that binds a prefix.
func declare(prefix, uri string) string {
	if prefix == "" {
		return `xmlns="` + uri + `"`
	}
	return "xmlns:" + strings.TrimSuffix(prefix, ":") + "='" + uri + "'"
}

func (w *writer) id(id string) string {
	if w.yes("short id") {
		return id[:15]
	}
	return id
}

// escape writes text in one of the ways that XML has for it.
func (w *writer) escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		way := rapid.IntRange(0, 9).Draw(w.T, "way")
		switch {
		case r == '\r' || way == 0:
			fmt.Fprintf(&b, "&#%d;", r)
		case way == 1:
			fmt.Fprintf(&b, "&#x%X;", r)
		case way == 2:
			b.WriteString("<![CDATA[" + string(r) + "]]>")
		case way == 3:
			b.WriteString("<!-- -->" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(string(r)))
		default:
			b.WriteString(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(string(r)))
		}
	}
	return b.String()
}

func (w *writer) element(depth int, name, content string) {
	w.gap(depth)
	w.b.WriteString("<" + name + ">" + content + "</" + name + w.of("blank", "", "", " ") + ">")
}

func (w *writer) message(m *Message) {
	if w.yes("mark") {
		w.b.WriteString("\ufeff")
	}
	w.b.WriteString(w.of("prolog", "", `<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version='1.0' encoding='utf-8' ?>`, "<!-- hello -->"))
	instance := declare(w.instance, nsInstance)
	w.b.WriteString("<" + w.soap + "Envelope " + strings.Join(rapid.Permutation([]string{declare(w.soap, nsEnvelope), instance, `xmlns:xsd="http://www.w3.org/2001/XMLSchema"`}).Draw(w.T, "order"), " ") + ">")
	w.gap(1)
	w.b.WriteString("<" + w.soap + "Body>")
	w.gap(2)
	w.b.WriteString("<" + w.outbound + "notifications " + declare(w.outbound, nsOutbound) + ">")
	w.element(3, w.outbound+"OrganizationId", w.id(m.OrganizationID))
	w.element(3, w.outbound+"ActionId", w.id(m.ActionID))
	if m.SessionPresent {
		w.element(3, w.outbound+"SessionId", w.escape(session))
	} else {
		w.b.WriteString(w.of("session", "", "<"+w.outbound+"SessionId "+w.instance+`nil="true"/>`, "<"+w.outbound+"SessionId/>", "<"+w.outbound+"SessionId></"+w.outbound+"SessionId>"))
	}
	if m.EnterpriseURL != "" {
		w.element(3, w.outbound+"EnterpriseUrl", w.escape(m.EnterpriseURL))
	}
	for _, n := range m.Notifications {
		w.notification(n)
	}
	w.gap(2)
	w.b.WriteString("</" + w.outbound + "notifications></" + w.soap + "Body>")
	w.gap(0)
	w.b.WriteString("</" + w.soap + "Envelope>" + w.of("after", "", "\n", "<!-- bye -->\n"))
}

func (w *writer) notification(n Notification) {
	w.gap(3)
	w.b.WriteString("<" + w.outbound + "Notification>")
	w.element(4, w.outbound+"Id", w.id(n.ID))
	w.gap(4)
	attributes := rapid.Permutation([]string{declare(w.sobject, nsSObject), w.instance + `type="` + w.sobject + n.Object + `"`}).Draw(w.T, "order")
	w.b.WriteString("<" + w.outbound + "sObject " + strings.Join(attributes, w.of("blank", " ", "\n")) + ">")
	if n.RecordID != "" {
		w.element(5, w.sobject+"Id", w.id(n.RecordID))
	}
	for _, f := range n.Fields {
		switch {
		case f.Nil:
			w.gap(5)
			w.b.WriteString("<" + w.sobject + f.Name + " " + w.instance + `nil='` + w.of("nil", "true", "1") + w.of("empty", `'/>`, `'></`+w.sobject+f.Name+`>`))
		default:
			w.element(5, w.sobject+f.Name, w.escape(f.Value))
		}
	}
	w.gap(4)
	w.b.WriteString("</" + w.outbound + "sObject>")
	w.gap(3)
	w.b.WriteString("</" + w.outbound + "Notification>")
}

// xmlText is text of the characters that XML can hold.
func xmlText() *rapid.Generator[string] {
	return rapid.Map(rapid.String(), func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF && r != 0xFFFD {
				return r
			}
			return -1
		}, s)
	})
}

func anyMessage(t *rapid.T) *Message {
	id := func(prefix, label string) string {
		id, ok := schema.To18(prefix + rapid.StringMatching(`[a-zA-Z0-9]{12}`).Draw(t, label))
		if !ok {
			t.Fatal("no id")
		}
		return id
	}
	m := &Message{OrganizationID: id("00D", "org"), ActionID: id("04k", "action"), SessionPresent: rapid.Bool().Draw(t, "session")}
	if rapid.Bool().Draw(t, "url") {
		m.EnterpriseURL = "https://example.my.salesforce.com/?a=1&b=2"
	}
	object := rapid.StringMatching(`[A-Z][A-Za-z0-9_]{0,20}`).Draw(t, "object")
	for range rapid.IntRange(1, 5).Draw(t, "notifications") {
		n := Notification{ID: id("04l", "notification"), Object: object}
		if rapid.IntRange(0, 9).Draw(t, "record") > 0 {
			n.RecordID = id("500", "record id")
		}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z][A-Za-z0-9_]{0,10}__c`), 0, 8, rapid.ID[string]).Draw(t, "fields")
		for _, name := range names {
			f := Field{Name: name, Nil: rapid.IntRange(0, 4).Draw(t, "nil") == 0}
			if !f.Nil {
				f.Value = xmlText().Draw(t, "value")
			}
			n.Fields = append(n.Fields, f)
		}
		m.Notifications = append(m.Notifications, n)
	}
	return m
}

// A message that is written in any legal shape reads as the same message.
func TestReadTakesEveryShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyMessage(t)
		w := &writer{
			T:        t,
			soap:     rapid.SampledFrom([]string{"soapenv:", "SOAP-ENV:", "", "s:"}).Draw(t, "soap"),
			outbound: rapid.SampledFrom([]string{"", "out:", "s:"}).Draw(t, "outbound"),
			sobject:  rapid.SampledFrom([]string{"sf:", "ens:", "a.b-c_1:"}).Draw(t, "sobject"),
			instance: rapid.SampledFrom([]string{"xsi:", "i:"}).Draw(t, "instance"),
			indented: rapid.Bool().Draw(t, "indented"),
		}
		if w.outbound != "" && rapid.Bool().Draw(t, "default") {
			w.sobject = ""
		}
		w.message(want)
		m, err := Read(iotest.HalfReader(strings.NewReader(w.b.String())), 0)
		if err != nil {
			t.Fatalf("%v\n%s", err, w.b.String())
		}
		if diff := cmp.Diff(want, m, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("want -, got +\n%s\n%s", diff, w.b.String())
		}
		for _, n := range m.Notifications {
			mustBeEvent(t, string(n.AppendEvent(nil, nil, received)), n)
		}
	})
}
