package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxQuery bounds the text of one query, in bytes before it is escaped, which at the
// worst makes three of one. It goes into the address of a request, of which
// Salesforce takes 16,384 bytes. The ids of a full call fit in.
const maxQuery = 5000

// maxPages bounds the answer to one query, which has up to 2,000 records on a page.
const maxPages = 50

var (
	fieldPathForm = regexp.MustCompile(`^[A-Za-z]\w*(\.[A-Za-z]\w*)*$`)
	numberForm    = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// Selection says which records are read, and what of them.
type Selection struct {
	Object string
	// Key is the field by which records are found: Id or an external id.
	Key string
	// Values are those of the key. They are numbers if Numeric, and text otherwise.
	Values  []string
	Numeric bool
	// Fields are names, or paths over lookups such as Account__r.Crm_Key__c.
	Fields []string
}

// Select reads records, as JSON with the key among the fields, in as many calls as
// it takes. A value without a record yields none. Names and values may come from
// anywhere.
func (c *Client) Select(ctx context.Context, s Selection) (records []json.RawMessage, calls int, err error) {
	fields := s.Fields
	if !slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, s.Key) }) {
		fields = append([]string{s.Key}, fields...)
	}
	for _, name := range append([]string{s.Object}, fields...) {
		if !fieldPathForm.MatchString(name) {
			return nil, 0, &Error{Cause: UnsupportedField, Message: fmt.Sprintf("%q is no name of a field or object", name)}
		}
	}
	head := "SELECT " + strings.Join(fields, ",") + " FROM " + s.Object + " WHERE " + s.Key + " IN ("
	for values := s.Values; len(values) > 0; {
		query, n := s.query(head, values)
		values = values[n:]
		pages := 0
		for path := c.root + "/query?q=" + url.QueryEscape(query); path != ""; {
			var page struct {
				Next    string            `json:"nextRecordsUrl"`
				Records []json.RawMessage `json:"records"`
			}
			calls++
			if err := c.get(ctx, &call{path: path}, &page); err != nil {
				return records, calls, err
			}
			records = append(records, page.Records...)
			if pages++; pages == maxPages {
				return records, calls, &Error{Cause: Unknown, Message: "the answer to a query does not end"}
			}
			if path = page.Next; path != "" && !strings.HasPrefix(path, c.root+"/query/") {
				return records, calls, &Error{Cause: Unknown, Message: "the answer to a query leads elsewhere"}
			}
		}
	}
	return records, calls, nil
}

var soqlText = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`)

// query asks for as many of the values as fit, one at least.
func (s *Selection) query(head string, values []string) (query string, n int) {
	var b strings.Builder
	b.WriteString(head)
	for n < len(values) {
		text := "'" + soqlText.Replace(values[n]) + "'"
		if s.Numeric && numberForm.MatchString(values[n]) {
			text = values[n]
		}
		if n > 0 {
			if b.Len()+len(text) > maxQuery {
				break
			}
			b.WriteByte(',')
		}
		b.WriteString(text)
		n++
	}
	b.WriteByte(')')
	return b.String(), n
}
