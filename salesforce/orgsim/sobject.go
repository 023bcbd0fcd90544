package orgsim

import (
	"net/url"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// sobject answers /sobjects/<Type>/… for single rows and describes.
func (g *Org) sobject(c *call, v *view, p []string) answer {
	switch {
	case len(p) == 0 && c.method == "POST":
		return c.writeRow(&change{view: v, op: creating}, rowForm{})
	case len(p) == 0:
		return c.allow(func(c *call) answer { return g.objectInfo(c, v) }, "GET", "POST")
	case match(p, "describe"):
		return c.allow(func(c *call) answer { return g.describe(c, v) }, "GET")
	case len(p) == 1 && strings.EqualFold(p[0], "id") && c.method == "POST" && c.version >= 37:
		return c.writeRow(&change{view: v, op: creating}, rowForm{})
	case len(p) == 1:
		return g.rowByID(c, v, p[0])
	case len(p) == 2:
		f := v.field(p[0])
		if f == nil || !(f.ExternalID || f.IDLookup) {
			return noExternalID(p[0])
		}
		if f.Type == schema.TypeID {
			return g.rowByID(c, v, p[1])
		}
		return g.rowByKey(c, v, f, p[1])
	}
	return notFound()
}

func (g *Org) rowByID(c *call, v *view, id string) answer {
	switch c.method {
	case "GET", "HEAD":
		return c.retrieve(v, id)
	case "PATCH":
		ch := &change{view: v, op: updating}
		ch.setID(id)
		return c.writeRow(ch, rowForm{})
	case "DELETE":
		var out outcome
		c.change(func(tx *txn) { out = c.remove(tx, v, id) })
		c.note([]outcome{out})
		if out.fails != nil {
			return failed(out.fails...)
		}
		return answer{status: 204}
	}
	return c.allow(nil, "GET", "PATCH", "DELETE")
}

func (g *Org) rowByKey(c *call, v *view, f *field, value string) answer {
	switch c.method {
	case "PATCH":
		return c.writeRow(&change{view: v, op: upserting, key: f, keyText: value, updateOnly: strings.EqualFold(c.query.Get("updateOnly"), "true")}, rowForm{})
	case "GET", "HEAD", "DELETE":
		var found []string
		stored, _ := f.readKey(value, &g.opts.Assumptions) // what cannot be stored is not found
		c.read(func() { found = g.tables[v.table].lookup(f, stored) })
		switch len(found) {
		case 0:
			return notFound()
		case 1:
			return g.rowByID(c, v, found[0])
		}
		return c.choices(v, found)
	}
	return c.allow(nil, "GET", "PATCH", "DELETE")
}

// writeRow reads the body as one row, writes it and answers as single-row calls do.
func (c *call) writeRow(ch *change, form rowForm) answer {
	row, bad := c.json('{')
	if bad != nil {
		c.note([]outcome{refuse(failure{code: "JSON_PARSER_ERROR"})})
		return *bad
	}
	if whole := c.prepare(ch, row, form); whole != nil {
		c.note([]outcome{refuse(*whole)})
		return failed(*whole)
	}
	var out outcome
	var stale *answer
	c.change(func(tx *txn) {
		if stale = c.precondition(ch.view, ch.id); stale == nil {
			out = c.commit(tx, ch)
		}
	})
	if stale != nil {
		return *stale
	}
	c.note([]outcome{out})
	switch {
	case out.matches != nil:
		return c.choices(ch.view, out.matches)
	case out.fails != nil:
		return failed(out.fails...)
	case ch.op == updating:
		return answer{status: 204}
	case ch.op == upserting && c.version < 46:
		if !out.created {
			return answer{status: 204}
		}
		return answer{status: 201, body: appendSaved(nil, out, false)}
	}
	status := 201
	if !out.created {
		status = 200
	}
	return answer{status: status, body: appendSaved(nil, out, ch.op == upserting)}
}

// choices is the answer to an external id that several records have.
func (c *call) choices(v *view, ids []string) answer {
	urls := make([]string, len(ids))
	for i, id := range ids {
		urls[i] = c.rowURL(v.object, id)
	}
	return jsonAnswer(300, urls)
}

func (c *call) rowURL(o *object, id string) string {
	return "/services/data/v" + itoa(c.version) + ".0/sobjects/" + o.name + "/" + url.PathEscape(id)
}

// appendSaved appends the result of a row that was written.
func appendSaved(dst []byte, out outcome, upsert bool) []byte {
	dst = append(append(append(dst, `{"id":"`...), out.id...), `","success":true,"errors":[]`...)
	if upsert {
		dst = append(dst, `,"created":`...)
		if out.created {
			dst = append(dst, "true"...)
		} else {
			dst = append(dst, "false"...)
		}
	}
	return append(dst, '}')
}

// retrieve answers GET of one row, of all visible fields or of those in ?fields=.
func (c *call) retrieve(v *view, id string) answer {
	fields := v.readable
	if list := c.query.Get("fields"); list != "" {
		fields = nil
		for name := range strings.SplitSeq(list, ",") {
			f := v.field(strings.TrimSpace(name))
			if f == nil {
				return failed(failure{status: 400, code: "INVALID_FIELD",
					message: "No such column '" + strings.TrimSpace(name) + "' on entity '" + v.name + "'"})
			}
			fields = append(fields, f)
		}
		if !containsField(fields, v.id) {
			fields = append(fields, v.id)
		}
	}
	long, ok := schema.To18(id)
	if !ok || long[:3] != v.prefix {
		return notFound()
	}
	var a answer
	c.read(func() {
		r := c.org.tables[v.table].rows[long]
		switch {
		case r == nil || v.access(r) == "none":
			a = notFound()
			return
		case r.deleted:
			a = failed(entityDeleted(404))
			return
		}
		if stale := c.precondition(v, long); stale != nil {
			a = *stale
			return
		}
		a = answer{status: 200, body: c.appendRecord(nil, v, r, fields), modified: r.at}
		if v.name == "Account" {
			a.etag = etag(r)
		}
	})
	return a
}

func containsField(list []*field, f *field) bool {
	for _, have := range list {
		if have == f {
			return true
		}
	}
	return false
}

// appendRecord writes a record as retrieve and query return it.
func (c *call) appendRecord(dst []byte, v *view, r *record, fields []*field) []byte {
	dst = c.appendAttributes(dst, v.object, r.id)
	for _, f := range fields {
		dst = append(append(append(dst, `,"`...), f.Name...), `":`...)
		dst = c.appendField(dst, v, r, f)
	}
	return append(dst, '}')
}

func (c *call) appendAttributes(dst []byte, o *object, id string) []byte {
	dst = append(append(dst, `{"attributes":{"type":"`...), o.name...)
	return append(append(append(dst, `","url":"`...), c.rowURL(o, id)...), `"}`...)
}

// appendField writes one value: stored ones, and the few that are worked out on reading.
func (c *call) appendField(dst []byte, v *view, r *record, f *field) []byte {
	switch {
	case f == v.id:
		return schema.AppendJSONString(dst, r.id)
	case f.Type == schema.TypeAddress:
		return appendAddress(dst, f, r)
	case f == v.name_ && v.lastName != nil:
		return schema.AppendJSONString(dst, v.personName(r.values))
	case f.Type == schema.TypeEncryptedString && v.maskEncrypted && r.values[f.index] != "":
		return schema.AppendJSONString(dst, strings.Repeat("*", len([]rune(r.values[f.index]))))
	}
	return f.appendValue(dst, r.values[f.index], &c.org.opts.Assumptions)
}

// personName is the compound name of people.
func (o *object) personName(values []string) string {
	last := values[o.lastName.index]
	if o.firstName == nil || values[o.firstName.index] == "" {
		return last
	}
	return values[o.firstName.index] + " " + last
}

// addressParts are the keys of a compound address in the order of their names, with the
// endings of the fields that they come from.
var addressParts = []struct{ key, ending string }{
	{"city", "City"}, {"country", "Country"}, {"countryCode", "CountryCode"}, {"postalCode", "PostalCode"},
	{"state", "State"}, {"stateCode", "StateCode"}, {"street", "Street"},
}

func appendAddress(dst []byte, f *field, r *record) []byte {
	start, any := len(dst), false
	dst = append(dst, '{')
	for _, part := range addressParts {
		value := ""
		for _, p := range f.parts {
			if strings.HasSuffix(p.Name, part.ending) {
				value = r.values[p.index]
			}
		}
		any = any || value != ""
		dst = append(append(append(dst, '"'), part.key...), `":`...)
		if value == "" {
			dst = append(dst, "null,"...)
		} else {
			dst = append(schema.AppendJSONString(dst, value), ',')
		}
	}
	if !any {
		return append(dst[:start], "null"...)
	}
	return append(dst, `"geocodeAccuracy":null,"latitude":null,"longitude":null}`...)
}

// precondition answers the conditional headers of a row: 304, 412, or nothing.
// If-Match and ETag are for Account alone. The tables are locked.
func (c *call) precondition(v *view, id string) *answer {
	r := c.org.tables[v.table].rows[id]
	if r == nil {
		return nil
	}
	modified := r.at.Truncate(time.Second)
	reading := c.method == "GET" || c.method == "HEAD"
	if v.name == "Account" {
		tag := etag(r)
		for _, name := range []string{"If-Match", "If-None-Match"} {
			if !reading && !tags(c.header.Get(name)) {
				return invalidHeader(name)
			}
		}
		if want := c.header.Get("If-Match"); want != "" && !matchesTag(want, tag) {
			return &answer{status: 412}
		}
		if want := c.header.Get("If-None-Match"); want != "" && matchesTag(want, tag) {
			if reading {
				return &answer{status: 304, etag: tag}
			}
			return &answer{status: 412}
		}
	}
	if s := c.header.Get("If-Unmodified-Since"); s != "" && c.method != "DELETE" {
		since, ok := parseHTTPTime(s)
		switch {
		case !ok && !reading:
			return invalidHeader("If-Unmodified-Since")
		case ok && modified.After(since):
			return &answer{status: 412}
		}
	}
	if since, ok := parseHTTPTime(c.header.Get("If-Modified-Since")); ok && reading && !modified.After(since) {
		return &answer{status: 304, modified: r.at}
	}
	return nil
}

func invalidHeader(name string) *answer {
	a := fail(400, "INVALID_HEADER", "Invalid value of the "+name+" header")
	return &a
}

// tags reports whether a header is a list of entity tags, or not there.
func tags(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if header != "" && part != "*" && (len(part) < 2 || part[0] != '"' || part[len(part)-1] != '"') {
			return false
		}
	}
	return true
}

func etag(r *record) string {
	return `"` + r.id + "-" + itoa(r.depth) + "-" + itoa(int(r.at.UnixMilli())) + `"`
}

func matchesTag(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == tag || strings.TrimSuffix(part, `-gzip"`)+`"` == tag {
			return true
		}
	}
	return false
}

// parseHTTPTime reads the dates of conditional headers, also with a zone abbreviation.
func parseHTTPTime(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
