package orgsim

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// write makes the message of some notifications, with what their records hold now.
func (b *outbox) write(actionID string, def *definition, batch []*notification) []byte {
	records := make([]*record, len(batch))
	g := b.org
	g.mu.RLock()
	for i, n := range batch {
		records[i] = g.tables[def.view.table].rows[n.record]
	}
	g.mu.RUnlock()
	b.mu.Lock()
	host := b.host
	b.mu.Unlock()

	as := &g.opts.Assumptions
	version := strconv.Itoa(def.APIVersion) + ".0/" + g.id[:15]
	session := `<SessionId xsi:nil="true"/>`
	if as.EmptySessionID {
		session = `<SessionId></SessionId>`
	}
	dst := make([]byte, 0, 1024+len(batch)*(256+64*len(def.fields)))
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>`+g.id+`</OrganizationId>
   <ActionId>`+actionID+`</ActionId>
   `+session+`
   <EnterpriseUrl>`+host+`/services/Soap/c/`+version+`</EnterpriseUrl>
   <PartnerUrl>`+host+`/services/Soap/u/`+version+`</PartnerUrl>
`...)
	for i, n := range batch {
		dst = append(dst, "   <Notification>\n    <Id>"+n.id+"</Id>\n"...)
		dst = def.appendRecord(dst, records[i], as)
		dst = append(dst, "   </Notification>\n"...)
	}
	return append(dst, `  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
`...)
}

// appendRecord writes what the integration user may see of a record: Id first, then the fields in
// the order of their names' bytes, those without a value left out. A record that is deleted, or
// that he may not see, has no data.
func (def *definition) appendRecord(dst []byte, r *record, as *Assumptions) []byte {
	v := def.view
	dst = append(dst, `    <sObject xsi:type="sf:`+v.name+`" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"`...)
	gone := r == nil || r.deleted || v.hidden || v.access(r) == "none"
	if gone && (r == nil || !as.DeletedKeepsID) {
		return append(dst, "/>\n"...)
	}
	dst = append(dst, ">\n     <sf:Id>"+r.id+"</sf:Id>\n"...)
	for _, f := range def.fields {
		if gone || !v.visible[f.index] {
			continue
		}
		value := v.soapValue(r, f)
		if value == "" {
			continue
		}
		dst = append(dst, "     <sf:"+f.Name+">"...)
		if f.Type.Numeric() {
			dst = appendDouble(dst, value, as.PlainNumbers)
		} else {
			dst = appendEscaped(dst, value)
		}
		dst = append(dst, "</sf:"+f.Name+">\n"...)
	}
	return append(dst, "    </sObject>\n"...)
}

// soapValue is the text of a field as SOAP shows it, markup not yet escaped; "" is null.
func (v *view) soapValue(r *record, f *field) string {
	value := r.values[f.index]
	switch {
	case f == v.name_ && v.lastName != nil:
		return v.personName(r.values)
	case f.Type == schema.TypeDateTime:
		return strings.Replace(value, "+0000", "Z", 1)
	case f.Type == schema.TypeEncryptedString && v.maskEncrypted:
		return strings.Repeat("*", utf8.RuneCountInString(value))
	}
	return value
}

// appendDouble writes a number as Java writes a double, which is how all numbers come: 39.0, and
// 1.39E8 from ten million up.
func appendDouble(dst []byte, stored string, plain bool) []byte {
	f, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return append(dst, stored...) // beyond what a double holds
	}
	if size := math.Abs(f); plain || f == 0 || size >= 1e-3 && size < 1e7 {
		digits := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(digits, ".") {
			digits += ".0"
		}
		return append(dst, digits...)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	power, _ := strconv.Atoi(exponent) // +08 becomes 8
	return append(append(append(dst, mantissa...), 'E'), strconv.Itoa(power)...)
}

// appendEscaped writes text for an element. Characters that XML cannot hold become U+FFFD.
func appendEscaped(dst []byte, s string) []byte {
	for _, c := range s {
		switch {
		case c == '&':
			dst = append(dst, "&amp;"...)
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>':
			dst = append(dst, "&gt;"...)
		case c == '\r':
			dst = append(dst, "&#xD;"...) // a reader would take a bare one for a line feed
		case c == '\t', c == '\n', c >= 0x20 && c < 0xFFFE, c > 0xFFFF:
			dst = utf8.AppendRune(dst, c)
		default:
			dst = append(dst, "\uFFFD"...)
		}
	}
	return dst
}
