package orgsim

import (
	"strings"
	"testing"
)

func TestReadAck(t *testing.T) {
	const xmlType = "text/xml; charset=utf-8"
	in := func(inner string) string {
		return `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>` + inner + `</soapenv:Body></soapenv:Envelope>`
	}
	response := func(ack string) string {
		return in(`<o:notificationsResponse xmlns:o="http://soap.sforce.com/2005/09/outbound">` + ack + `</o:notificationsResponse>`)
	}
	for _, c := range []struct {
		name        string
		status      int
		contentType string
		body        string
		want        string
	}{
		{"true", 200, xmlType, ackTrue, ""},
		{"true without charset", 200, "text/xml", response("<o:Ack> true\n</o:Ack>"), ""},
		{"one", 200, xmlType, response("<o:Ack>1</o:Ack>"), ""},
		{"byte order mark, header and comment", 200, xmlType, "\ufeff" + strings.Replace(ackTrue, "<e:Body>", "<e:Header/><!-- - --><e:Body>", 1) + "\n", ""},
		{"false", 200, xmlType, ackFalse, problemNack},
		{"zero", 200, xmlType, response("<o:Ack>0</o:Ack>"), problemNack},
		{"empty", 200, xmlType, "", problemNotXML},
		{"JSON", 200, "application/json", `{"ack":true}`, problemNotXML},
		{"text", 200, "text/plain", "OK", problemNotXML},
		{"HTML", 200, "text/html", "<!DOCTYPE html><html><body>Sign in</body></html>", problemNotXML},
		{"broken HTML", 200, "text/html", "<!DOCTYPE html><html><body><br>Sign in</body>", problemNotXML},
		{"cut short", 200, xmlType, ackTrue[:len(ackTrue)-3], problemNotXML},
		{"blank before the declaration", 200, xmlType, "\n" + ackTrue, problemNotXML},
		{"text before", 200, xmlType, "ok " + ackTrue, problemNotXML},
		{"text behind", 200, xmlType, ackTrue + "ok", problemNotXML},
		{"two documents", 200, xmlType, ackTrue + ackTrue[strings.Index(ackTrue, "<e:Env"):], problemNotXML},
		{"content type", 200, "application/xml", ackTrue, `the answer has the content type "application/xml" instead of text/xml`},
		{"no content type", 200, "", ackTrue, `the answer has the content type "" instead of text/xml`},
		{"202", 202, xmlType, ackTrue, "HTTP status 202 Accepted"},
		{"redirect", 302, xmlType, ackTrue, "HTTP status 302 Found, and redirects are not followed"},
		{"fault", 500, xmlType, in("<soapenv:Fault/>"), "HTTP status 500 Internal Server Error"},
		{"unheard-of status", 599, xmlType, ackTrue, "HTTP status 599"},
		{"fault with 200", 200, xmlType, in("<soapenv:Fault/>"), `the answer holds "Fault" instead of a notificationsResponse of http://soap.sforce.com/2005/09/outbound`},
		{"SOAP 1.2", 200, xmlType, strings.Replace(ackTrue, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", 1),
			"the answer is no SOAP 1.1 envelope with one response in its body"},
		{"undeclared prefix", 200, xmlType, strings.Replace(ackTrue, "xmlns:e", "xmlns:f", 1), "the answer is no SOAP 1.1 envelope with one response in its body"},
		{"no body", 200, xmlType, `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>`, "the answer is no SOAP 1.1 envelope with one response in its body"},
		{"two responses", 200, xmlType, in("<a/><b/>"), "the answer is no SOAP 1.1 envelope with one response in its body"},
		{"namespace of the response", 200, xmlType, in("<notificationsResponse><Ack>true</Ack></notificationsResponse>"),
			`the answer holds "notificationsResponse" instead of a notificationsResponse of http://soap.sforce.com/2005/09/outbound`},
		{"namespace of the Ack", 200, xmlType, response("<Ack>true</Ack>"), "the answer holds 0 elements Ack of http://soap.sforce.com/2005/09/outbound instead of one"},
		{"two Acks", 200, xmlType, response("<o:Ack>true</o:Ack><o:Ack>true</o:Ack>"), "the answer holds 2 elements Ack of http://soap.sforce.com/2005/09/outbound instead of one"},
		{"capitals", 200, xmlType, response("<o:Ack>TRUE</o:Ack>"), "the Ack of the answer is neither true nor false"},
		{"notifications", 200, xmlType, strings.ReplaceAll(ackTrue, "notificationsResponse", "notifications"),
			`the answer holds "notifications" instead of a notificationsResponse of http://soap.sforce.com/2005/09/outbound`},
		{"too long", 200, xmlType, ackTrue + strings.Repeat(" ", maxAck), "the answer is longer than 64 kB"},
	} {
		if got := readAck(c.status, c.contentType, []byte(c.body), false); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := readAck(200, xmlType, []byte(strings.ReplaceAll(ackTrue, "notificationsResponse", "notifications")), true); got != "" {
		t.Errorf("the assumption of lenience does not help: %s", got)
	}
}
