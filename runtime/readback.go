package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// Reader is what a client must be for Config.Verify; a *salesforce.Client is one.
type Reader interface {
	Select(ctx context.Context, s salesforce.Selection) (records []json.RawMessage, calls int, err error)
}

// readBack is what reading a record after its write showed.
type readBack struct {
	result string // as store.Write has it
	found  map[int]json.RawMessage
}

// readBack reads the records of a call that were written. It stands between the
// write and the next one to the same record, so what it finds is not the work of
// that; a flow or trigger of the org may well have had a hand in it.
func (c *call) readBack(ctx context.Context, client Client) {
	c.read = make([]readBack, len(c.writes))
	byKey := map[string][]int{} // rows, by the field that finds them
	for i, w := range c.writes {
		if !c.mayGo(i) || c.results[i].Err != nil {
			continue
		}
		if key, value := c.keyOf(i); value == "" {
			c.read[i].result = "it is not known which record it is"
		} else if len(w.sentFields()) == 0 {
			c.read[i].result = store.Same
		} else {
			byKey[key] = append(byKey[key], i)
		}
	}
	reader, ok := able[Reader](client)
	for key, rows := range byKey {
		if !ok {
			c.readFailed(rows, "this client cannot read records")
			continue
		}
		c.readRows(ctx, reader, key, rows)
	}
}

// keyOf is the field, and its value, by which a record that was written is found.
func (c *call) keyOf(i int) (field, value string) {
	row := &c.writes[i].row
	switch {
	case c.results[i].ID != "":
		return "Id", c.results[i].ID
	case row.ID != "":
		return "Id", row.ID
	}
	return row.ExternalField, row.ExternalValue
}

func (w *write) sentFields() (names []string) {
	for i := range w.entry.Fields {
		if len(w.entry.Fields[i].Value) > 0 {
			names = append(names, w.entry.Fields[i].Name)
		}
	}
	return names
}

func (c *call) readFailed(rows []int, why string) {
	for _, i := range rows {
		c.read[i].result = why
	}
}

func (c *call) readRows(ctx context.Context, reader Reader, key string, rows []int) {
	first := &c.writes[rows[0]].row
	s := salesforce.Selection{Object: first.Object, Key: key}
	if first.Schema != nil {
		if f := first.Schema.Field(key); f != nil {
			s.Numeric = f.Type.Numeric()
		}
	}
	for _, i := range rows {
		_, value := c.keyOf(i)
		s.Values = append(s.Values, value)
		for _, name := range c.writes[i].sentFields() {
			if !slices.ContainsFunc(s.Fields, func(f string) bool { return strings.EqualFold(f, name) }) {
				s.Fields = append(s.Fields, name)
			}
		}
	}
	records, calls, err := reader.Select(ctx, s)
	c.reads += calls
	if err != nil {
		c.readFailed(rows, "it could not be read: "+err.Error())
		return
	}
	byValue := map[string]gjson.Result{}
	for _, text := range records {
		record := gjson.ParseBytes(text)
		byValue[keyText(key, member(record, key).String())] = record
	}
	for _, i := range rows {
		_, value := c.keyOf(i)
		record, ok := byValue[keyText(key, value)]
		if !ok {
			c.read[i].result = "it is not there, or may not be seen"
			continue
		}
		c.read[i] = c.writes[i].compare(record)
	}
}

func keyText(key, value string) string {
	if key == "Id" {
		return value[:min(15, len(value))]
	}
	return strings.ToLower(value)
}

// member finds a field, or one of a parent, without regard to case.
func member(record gjson.Result, path string) (found gjson.Result) {
	name, rest, deeper := strings.Cut(path, ".")
	record.ForEach(func(key, value gjson.Result) bool {
		if strings.EqualFold(key.Str, name) {
			found = value
			return false
		}
		return true
	})
	if deeper {
		return member(found, rest)
	}
	return found
}

func (w *write) compare(record gjson.Result) readBack {
	back := readBack{result: store.Same}
	for i := range w.entry.Fields {
		f := &w.entry.Fields[i]
		if len(f.Value) == 0 {
			continue
		}
		found := member(record, f.Name)
		var typ schema.Type
		if w.row.Schema != nil {
			if field := w.row.Schema.Field(f.Name); field != nil {
				typ = field.Type
			}
		}
		if sameValue(typ, gjson.ParseBytes(f.Value), found) {
			continue
		}
		if back.found == nil {
			back.result, back.found = store.Differs, map[int]json.RawMessage{}
		}
		if back.found[i] = json.RawMessage("null"); found.Exists() {
			back.found[i] = json.RawMessage(found.Raw)
		}
	}
	return back
}

// note writes into the run log what reading showed. The loop calls it.
func (c *call) note(i int) {
	if c.read == nil {
		return
	}
	w := c.writes[i]
	w.entry.ReadBack = c.read[i].result
	if len(c.read[i].found) == 0 {
		return
	}
	fields := slices.Clone(w.entry.Fields)
	for at, found := range c.read[i].found {
		fields[at].Found = found
	}
	w.entry.Fields = fields
}

// sameValue reports whether a field holds what was sent. Salesforce gives many
// values back in another form than it took them.
func sameValue(typ schema.Type, sent, found gjson.Result) bool {
	empty := func(v gjson.Result) bool { return v.Type == gjson.Null || v.Type == gjson.String && v.Str == "" }
	switch {
	case empty(sent) || empty(found):
		return empty(sent) && empty(found)
	case sent.Type == gjson.Number || found.Type == gjson.Number:
		a, _, err := big.ParseFloat(sent.String(), 10, 256, big.ToNearestEven)
		b, _, err2 := big.ParseFloat(found.String(), 10, 256, big.ToNearestEven)
		return err == nil && err2 == nil && a.Cmp(b) == 0
	case sent.Type != gjson.String || found.Type != gjson.String:
		return bytes.Equal([]byte(sent.String()), []byte(found.String()))
	case typ == schema.TypeMultiPicklist:
		return slices.Equal(values(sent.Str), values(found.Str))
	case schema.SameID(sent.Str, found.Str):
		return true
	}
	if a, ok := moment(sent.Str); ok {
		if b, ok := moment(found.Str); ok {
			return a.Equal(b)
		}
	}
	return plainText(sent.Str) == plainText(found.Str)
}

// values are those of a multi-select picklist, of which the order is the org's.
func values(list string) []string {
	all := strings.Split(list, ";")
	slices.Sort(all)
	return slices.Compact(all)
}

// plainText leaves out what Salesforce does: blanks at the end, and one of the two
// characters of a line's end.
func plainText(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// moment reads a date-time or a time of day. Salesforce keeps whole seconds of the first.
func moment(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "15:04:05Z07:00"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.Truncate(time.Second), true
		}
	}
	return time.Time{}, false
}

// differences names the fields that read back otherwise than they were sent.
func differences(writes []store.Write) string {
	var names []string
	for i := range writes {
		for _, f := range writes[i].Fields {
			if len(f.Found) > 0 {
				names = append(names, writes[i].Object+"."+f.Name)
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "written, but Salesforce has other values than were sent: " + strings.Join(names, ", ")
}
