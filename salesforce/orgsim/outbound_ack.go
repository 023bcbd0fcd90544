package orgsim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// What Setup shows of two kinds of failure, word for word.
const (
	problemNack   = "SOAP response was a nack"
	problemNotXML = "org.xml.sax.SAXParseException; lineNumber: 1; columnNumber: 1; Content is not allowed in prolog."
)

const (
	maxAck     = 64 << 10 // bytes of an answer
	nsEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	nsOutbound = "http://soap.sforce.com/2005/09/outbound"
)

// readAck says what is wrong with a listener's answer; nothing, if it is an Ack of true.
func readAck(status int, contentType string, body []byte, lenient bool) string {
	if status != http.StatusOK {
		problem := strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", status, http.StatusText(status)))
		if status >= 300 && status < 400 {
			problem += ", and redirects are not followed"
		}
		return problem
	}
	if len(body) > maxAck {
		return fmt.Sprintf("the answer is longer than %d kB", maxAck>>10)
	}
	envelope, err := parseAck(body)
	if err != nil {
		return problemNotXML
	}
	if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "text/xml" {
		return fmt.Sprintf("the answer has the content type %.80q instead of text/xml", contentType)
	}
	if envelope.XMLName != (xml.Name{Space: nsEnvelope, Local: "Envelope"}) || len(envelope.Bodies) != 1 || len(envelope.Bodies[0].Responses) != 1 {
		return "the answer is no SOAP 1.1 envelope with one response in its body"
	}
	response := envelope.Bodies[0].Responses[0]
	named := response.XMLName.Local == "notificationsResponse" || lenient && response.XMLName.Local == "notifications"
	if response.XMLName.Space != nsOutbound || !named {
		return fmt.Sprintf("the answer holds %.80q instead of a notificationsResponse of %s", response.XMLName.Local, nsOutbound)
	}
	if len(response.Acks) != 1 {
		return fmt.Sprintf("the answer holds %d elements Ack of %s instead of one", len(response.Acks), nsOutbound)
	}
	switch strings.Trim(response.Acks[0], " \t\r\n") {
	case "true", "1":
		return ""
	case "false", "0":
		return problemNack
	}
	return "the Ack of the answer is neither true nor false"
}

type ackEnvelope struct {
	XMLName xml.Name
	Bodies  []struct {
		Responses []struct {
			XMLName xml.Name
			Acks    []string `xml:"http://soap.sforce.com/2005/09/outbound Ack"`
		} `xml:",any"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

var errNotXML = errors.New("not an XML document")

// parseAck reads a whole XML document. The decoder would pass over text round the root, and over blanks
// in front of the declaration.
func parseAck(body []byte) (ackEnvelope, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	var envelope ackEnvelope
	dec := xml.NewDecoder(bytes.NewReader(body))
	found := false
	for {
		at := dec.InputOffset()
		token, err := dec.Token()
		if err == io.EOF && found {
			return envelope, nil
		}
		if err != nil {
			return envelope, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if found || strings.EqualFold(token.Name.Local, "html") {
				return envelope, errNotXML
			}
			found = true
			if err := dec.DecodeElement(&envelope, &token); err != nil {
				return envelope, err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return envelope, errNotXML
			}
		case xml.ProcInst:
			if token.Target == "xml" && at > 0 {
				return envelope, errNotXML
			}
		}
	}
}
