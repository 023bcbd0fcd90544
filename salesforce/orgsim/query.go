package orgsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// batchSize is how many records one answer of a query holds, unless Sforce-Query-Options
// asks for fewer (200 at least).
const batchSize = 2000

// maxCursors is how many unfinished queries are kept; Salesforce keeps 10 a user.
const maxCursors = 10

// cursors are the queries whose answers did not fit into one batch.
type cursors struct {
	mu     sync.Mutex
	byID   map[string]*cursor
	oldest []string
	serial int
}

type cursor struct {
	view *view
	tree *selection
	rows []*record
}

// fieldPath is a field, by way of lookups: Contact__r.Account.Name.
type fieldPath struct {
	hops  []*field
	views []*view // the object behind each hop
	field *field
}

// selection is what a query selects of one object: fields, and parents with their selection.
type selection struct {
	view    *view
	fields  []*field
	parents []*parentSelection
}

type parentSelection struct {
	lookup *field
	of     *selection
}

// query answers GET /query and /queryAll.
func (g *Org) query(c *call) answer {
	text := c.query.Get("q")
	if text == "" {
		return fail(400, "MALFORMED_QUERY", "A query must be specified in the parameter q")
	}
	q, err := parseSOQL(text)
	if err != nil {
		return err.(*queryError).answer(text)
	}
	v := c.view(q.from.text)
	if v == nil {
		return (&queryError{"INVALID_TYPE", noSuchType(q.from.text), q.from.column}).answer(text)
	}
	cur := &cursor{view: v}
	if cur.tree, err = c.selection(v, q); err != nil {
		return err.(*queryError).answer(text)
	}
	var a answer
	c.read(func() {
		all := c.parts[len(c.parts)-1] == "queryAll"
		if cur.rows, err = c.find(v, q, all); err != nil {
			a = err.(*queryError).answer(text)
			return
		}
		if q.count {
			a = answer{status: 200, body: []byte(`{"totalSize":` + itoa(len(cur.rows)) + `,"done":true,"records":[]}`)}
			return
		}
		a = c.page(cur, 0, "")
	})
	return a
}

// queryMore answers GET /query/<cursor>-<offset>.
func (g *Org) queryMore(c *call, locator string) answer {
	id, from, _ := strings.Cut(locator, "-")
	n, err := strconv.Atoi(from)
	g.cursors.mu.Lock()
	cur := g.cursors.byID[id]
	g.cursors.mu.Unlock()
	if cur == nil || err != nil || n < 0 || n > len(cur.rows) || cur.view.user != c.user {
		return fail(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	var a answer
	c.read(func() { a = c.page(cur, n, id) })
	return a
}

// page writes a batch of the rows, and a locator for the rest.
func (c *call) page(cur *cursor, from int, id string) answer {
	size := batchSize
	if _, wanted, ok := strings.Cut(c.header.Get("Sforce-Query-Options"), "batchSize="); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(wanted)); err == nil {
			size = min(batchSize, max(200, n))
		}
	}
	to := min(from+size, len(cur.rows))
	dst := []byte(`{"totalSize":` + itoa(len(cur.rows)) + `,"done":`)
	if to == len(cur.rows) {
		dst = append(dst, "true"...)
	} else {
		if id == "" {
			id = c.org.cursors.add(cur)
		}
		dst = append(dst, `false,"nextRecordsUrl":"/services/data/v`+itoa(c.version)+`.0/query/`+id+`-`+itoa(to)+`"`...)
	}
	dst = append(dst, `,"records":[`...)
	for i, r := range cur.rows[from:to] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.appendSelected(dst, cur.tree, r)
	}
	return answer{status: http.StatusOK, body: append(dst, "]}"...)}
}

func (s *cursors) add(cur *cursor) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[string]*cursor)
	}
	s.serial++
	id := "01g" + instance + strconv.Itoa(1_000_000+s.serial)
	s.byID[id] = cur
	if s.oldest = append(s.oldest, id); len(s.oldest) > maxCursors {
		delete(s.byID, s.oldest[0])
		s.oldest = s.oldest[1:]
	}
	return id
}

// resolvePath resolves a dotted name.
func (c *call) resolvePath(v *view, w word) (fieldPath, error) {
	var p fieldPath
	for {
		name, rest, more := strings.Cut(w.text, ".")
		if !more {
			if p.field = v.field(name); p.field == nil {
				return p, &queryError{"INVALID_FIELD", "No such column '" + name + "' on entity '" + v.name + "'. If you are attempting to use a custom field, be sure to append the '__c' " +
					"after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", w.column}
			}
			return p, nil
		}
		lookup := v.byRelationship[strings.ToLower(name)]
		var parent *view
		if lookup != nil && v.visible[lookup.index] {
			for _, to := range lookup.ReferenceTo {
				if parent = c.view(to); parent != nil {
					break
				}
			}
		}
		if parent == nil || len(p.hops) == 5 {
			return p, &queryError{"INVALID_FIELD", "Didn't understand relationship '" + name + "' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' " +
				"after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", w.column}
		}
		p.hops, p.views = append(p.hops, lookup), append(p.views, parent)
		v = parent
		w = word{rest, w.column + len(name) + 1, w.kind}
	}
}

// value returns the stored value at the end of a path; "" if a parent is missing.
func (c *call) value(v *view, r *record, p fieldPath) string {
	for i, lookup := range p.hops {
		if r = c.parent(p.views[i], r.values[lookup.index]); r == nil {
			return ""
		}
		v = p.views[i]
	}
	switch {
	case p.field == v.id:
		return r.id
	case p.field == v.name_ && v.lastName != nil:
		return v.personName(r.values)
	}
	return r.values[p.field.index]
}

func (c *call) parent(v *view, id string) *record {
	r := c.org.tables[v.table].rows[id]
	if r == nil || r.deleted || v.access(r) == "none" {
		return nil
	}
	return r
}

func (c *call) selection(v *view, q *soql) (*selection, error) {
	tree := &selection{view: v}
	if q.allFields {
		tree.fields = slices.Clone(v.readable)
	}
	for _, w := range q.selected {
		p, err := c.resolvePath(v, w)
		if err != nil {
			return nil, err
		}
		node := tree
		for i, lookup := range p.hops {
			n := slices.IndexFunc(node.parents, func(s *parentSelection) bool { return s.lookup == lookup })
			if n < 0 {
				n = len(node.parents)
				node.parents = append(node.parents, &parentSelection{lookup, &selection{view: p.views[i]}})
			}
			node = node.parents[n].of
		}
		if containsField(node.fields, p.field) {
			return nil, malformed(w.column, "duplicate field selected: "+p.field.Name)
		}
		node.fields = append(node.fields, p.field)
	}
	return tree, nil
}

func (c *call) appendSelected(dst []byte, s *selection, r *record) []byte {
	dst = c.appendRecord(dst, s.view, r, s.fields)
	for _, p := range s.parents {
		dst = append(append(append(dst[:len(dst)-1], `,"`...), p.lookup.RelationshipName...), `":`...)
		if parent := c.parent(p.of.view, r.values[p.lookup.index]); parent != nil {
			dst = c.appendSelected(dst, p.of, parent)
		} else {
			dst = append(dst, "null"...)
		}
		dst = append(dst, '}')
	}
	return dst
}

// find returns the records that a query is for, in order. It looks at every record of the object.
func (c *call) find(v *view, q *soql, all bool) ([]*record, error) {
	test, err := c.compile(v, q.where)
	if err != nil {
		return nil, err
	}
	t := c.org.tables[v.table]
	var rows []*record
	for _, id := range t.order {
		r := t.rows[id]
		if (!r.deleted || all) && v.access(r) != "none" && test(r) {
			rows = append(rows, r)
		}
	}
	if len(q.order) > 0 {
		paths := make([]fieldPath, len(q.order))
		for i, o := range q.order {
			if paths[i], err = c.resolvePath(v, o.path); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(rows, func(a, b *record) int {
			for i, o := range q.order {
				x, y := c.value(v, a, paths[i]), c.value(v, b, paths[i])
				if (x == "") != (y == "") {
					if (x == "") == o.nullsLast {
						return 1
					}
					return -1
				}
				order := compareValues(paths[i].field, x, y)
				if o.descending {
					order = -order
				}
				if order != 0 {
					return order
				}
			}
			return 0
		})
	}
	rows = rows[min(q.offset, len(rows)):]
	if q.limit >= 0 {
		rows = rows[:min(q.limit, len(rows))]
	}
	return rows, nil
}

// compile turns WHERE into a test of one record.
func (c *call) compile(v *view, p *predicate) (func(*record) bool, error) {
	if p == nil {
		return func(*record) bool { return true }, nil
	}
	if p.parts != nil {
		tests := make([]func(*record) bool, len(p.parts))
		for i, part := range p.parts {
			var err error
			if tests[i], err = c.compile(v, part); err != nil {
				return nil, err
			}
		}
		return func(r *record) bool {
			switch p.op {
			case "not":
				return !tests[0](r)
			case "or":
				return slices.ContainsFunc(tests, func(t func(*record) bool) bool { return t(r) })
			}
			return !slices.ContainsFunc(tests, func(t func(*record) bool) bool { return !t(r) })
		}, nil
	}
	at, err := c.resolvePath(v, p.path)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(p.values))
	for i, w := range p.values {
		if values[i], err = literal(at.field, w); err != nil {
			return nil, err
		}
	}
	return func(r *record) bool { return compare(at.field, p.op, c.value(v, r, at), values) }, nil
}

// literal turns a value of a query into the form in which records store the field's values.
func literal(f *field, w word) (string, error) {
	mismatch := &queryError{"INVALID_FIELD", "value of filter criterion for field '" + f.Name + "' must be of type " + string(f.Type), w.column}
	if w.kind == nameWord && w.text == "null" {
		return "", nil
	}
	switch {
	case f.Type == schema.TypeBoolean:
		if w.kind != nameWord {
			return "", mismatch
		}
	case f.Type.Numeric():
		if _, err := strconv.ParseFloat(w.text, 64); w.kind != literalWord || err != nil {
			return "", mismatch
		}
	case f.Type == schema.TypeDateTime:
		t, ok := parseDateTime(w.text)
		if w.kind != literalWord || !ok {
			return "", mismatch
		}
		return t.UTC().Format(dateTimeForm), nil
	case f.Type == schema.TypeDate || f.Type == schema.TypeTime:
		if w.kind != literalWord {
			return "", mismatch
		}
	case f.Type == schema.TypeReference || f.Type == schema.TypeID:
		if long, ok := schema.To18(w.text); ok && w.kind == stringWord {
			return long, nil
		}
		return "", &queryError{"INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: " + w.text, w.column}
	case w.kind != stringWord:
		return "", mismatch
	}
	return w.text, nil
}

func compare(f *field, op, got string, values []string) bool {
	switch op {
	case "like":
		return like(strings.ToLower(got), strings.ToLower(values[0]))
	case "in", "not in":
		in := slices.ContainsFunc(values, func(v string) bool { return compareValues(f, got, v) == 0 })
		return in == (op == "in")
	case "includes", "excludes":
		chosen := strings.Split(got, ";")
		// 'A;B' asks for both, a list of values for any.
		has := slices.ContainsFunc(values, func(v string) bool {
			return !slices.ContainsFunc(strings.Split(v, ";"), func(part string) bool { return !slices.Contains(chosen, part) })
		})
		return has == (op == "includes")
	}
	order := compareValues(f, got, values[0])
	switch op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	}
	if got == "" || values[0] == "" {
		return false // null is neither less nor greater
	}
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// like matches % for any text and _ for any one character.
func like(s, pattern string) bool {
	text, want := []rune(s), []rune(pattern)
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(text) {
		switch {
		case j < len(want) && want[j] == '%':
			star, mark = j, i
			j++
		case j < len(want) && (want[j] == '_' || want[j] == text[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(want) && want[j] == '%' {
		j++
	}
	return j == len(want)
}
