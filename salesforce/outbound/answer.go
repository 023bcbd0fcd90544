package outbound

import (
	"bytes"
	"encoding/xml"
)

// ContentType is the media type of answers.
const ContentType = "text/xml; charset=utf-8"

const (
	answerHead = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
`
	answerTail = ` </soapenv:Body>
</soapenv:Envelope>
`
)

// AppendAck appends the answer to a message that was read, to be sent with status
// 200 within 60 seconds. True says that every notification of it is kept; false
// makes Salesforce send the message again.
func AppendAck(dst []byte, ok bool) []byte {
	word := "false"
	if ok {
		word = "true"
	}
	dst = append(dst, answerHead+`  <notificationsResponse xmlns="`+nsOutbound+`">
   <Ack>`...)
	dst = append(dst, word...)
	return append(dst, `</Ack>
  </notificationsResponse>
`+answerTail...)
}

// AppendFault appends the answer to a message that is refused, to be sent with
// status 500 as SOAP 1.1 (6.2) demands of every fault. Salesforce tries again, as
// after an Ack of false.
func AppendFault(dst []byte, reason string) []byte {
	b := bytes.NewBuffer(append(dst, answerHead+`  <soapenv:Fault>
   <faultcode>soapenv:Client</faultcode>
   <faultstring>`...))
	xml.EscapeText(b, []byte(reason)) // a bytes.Buffer takes everything
	b.WriteString(`</faultstring>
   <detail/>
  </soapenv:Fault>
` + answerTail)
	return b.Bytes()
}
