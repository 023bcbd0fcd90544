package ruletest

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// maker makes up events for one rule: a sample, with some of the values that the rule
// reads put in the place of others.
type maker struct {
	bases    []string // JSON
	paths    [][]string
	values   [][]any // for each path, what fits it: an equal chance with what does not
	statuses []any
}

// draft is an event that is being made up: a base with changes.
type draft struct {
	base  string
	edits []edit
}

// edit gives a path a value, or takes it away.
type edit struct {
	path  []string
	value any // json.RawMessage for what Go has no value for
	drop  bool
}

func (f *fuzzer) maker(set Set, r *plan.Rule, samples []string) *maker {
	m := &maker{}
	for _, s := range set.Plan.Statuses() {
		m.statuses = append(m.statuses, s, strings.ToUpper(strings.ReplaceAll(s, " ", "_")))
	}
	m.statuses = append(m.statuses, "Unheard Of")
	literals := literalsOf(r)
	for _, read := range set.Plan.Reads(r) {
		if read.Path[0] == "id" || read.Path[0] == "type" || read.Path[0] == "of" {
			continue // they make an event what it is
		}
		m.paths = append(m.paths, read.Path)
		m.values = append(m.values, append(fitting(read.Kinds, read.Path, set.Schema), literals...))
	}
	var e plan.Evaluation
	for _, s := range samples {
		if set.Plan.Eval(&e, s, "") != nil {
			continue
		}
		for _, run := range e.Runs {
			if run.Rule == r && !slices.Contains(m.bases, s) && len(m.bases) < 50 {
				m.bases = append(m.bases, s)
			}
		}
	}
	if len(m.bases) == 0 {
		m.bases = []string{m.invent(r, set.Schema)}
	}
	return m
}

// invent makes a base for a rule that no sample is about.
func (m *maker) invent(r *plan.Rule, s *schema.Schema) string {
	d := draft{base: `{"id":"fuzz","type":"survey.response","time":"2026-11-20T14:03:00Z"}`}
	if r.Subject != "" && r.Trigger == dsl.SurveyResponse {
		d.edits = append(d.edits, edit{path: []string{"survey", "id"}, value: r.Subject})
	}
	if r.Trigger == dsl.OutboundMessage {
		d.base = `{"id":"fuzz","type":"salesforce.outbound_message","time":"2026-11-20T14:03:00Z"}`
		d.edits = append(d.edits,
			edit{path: []string{"record", "attributes", "type"}, value: r.Subject},
			edit{path: []string{"record", "Id"}, value: idOf(s, r.Subject)})
	}
	for i, path := range m.paths {
		if len(m.values[i]) > 0 && !slices.Equal(path, []string{"record", "Id"}) {
			d.edits = append(d.edits, edit{path: path, value: m.values[i][0]})
		}
	}
	return d.text()
}

// idOf is an id of an object.
func idOf(s *schema.Schema, object string) string {
	prefix := "500"
	if s != nil {
		if o := s.Object(object); o != nil && o.KeyPrefix != "" {
			prefix = o.KeyPrefix
		}
	}
	id, _ := schema.To18(prefix + "5g00000Fz001")
	return id
}

var literal = regexp.MustCompile(`-?\d+(?:\.\d+)?|"[^"\\]*"`)

// literalsOf returns the values that stand in a rule's expressions, and those beside
// them: that is where a rule turns.
func literalsOf(r *plan.Rule) []any {
	var out []any
	for _, text := range r.Texts() {
		for _, l := range literal.FindAllString(text, 20) {
			if n, err := strconv.ParseFloat(l, 64); err == nil {
				out = append(out, n-1, n, n+1, n+0.5)
			} else if s, err := strconv.Unquote(l); err == nil {
				out = append(out, s, strings.ToUpper(s), s+" ")
			}
		}
		if len(out) > 60 {
			break
		}
	}
	return out
}

// fitting returns values of the kinds that a path may have.
func fitting(k plan.Kinds, path []string, s *schema.Schema) []any {
	var out []any
	name := strings.ToLower(path[len(path)-1])
	if strings.HasSuffix(name, "id") || strings.Contains(name, "_id") {
		out = append(out, idsFor(name, s)...)
	}
	if k&plan.DateTime != 0 {
		out = append(out, "2026-11-20T14:03:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-03-29T02:30:00+02:00", "2028-02-29T00:00:00Z")
	}
	if k&plan.Date != 0 {
		out = append(out, "2026-11-20", "0001-01-01", "9999-12-31", "2028-02-29")
	}
	if k&plan.Number != 0 {
		out = append(out, 7, 0, 10, -1, 4.5, json.RawMessage("4.50"), json.RawMessage("1e15"))
	}
	if k&plan.Text != 0 {
		out = append(out, "text", "Zoë Müller", "a longer text, with a comma")
	}
	if k&plan.Bool != 0 {
		out = append(out, true, false)
	}
	return out
}

// idsFor are ids of the objects that there are, the one that the name tells of first.
func idsFor(name string, s *schema.Schema) []any {
	objects := []string{"Contact", "Case", "Lead", "Account"}
	if s != nil {
		objects = s.Names()
	}
	var first, rest []any
	for _, o := range objects {
		if id := idOf(s, o); strings.Contains(name, strings.ToLower(strings.TrimSuffix(o, "__c"))) {
			first = append(first, id)
		} else {
			rest = append(rest, id)
		}
	}
	out := append(first, rest...)
	if len(out) > 0 {
		id := out[0].(string)
		out = append(out, id[:15], strings.ToLower(id), strings.ToUpper(id), id[:17]+"5")
	}
	return out
}

// odd is what an event may hold where nobody thought of it.
var odd = []any{
	nil, "", " ", "\t\n", "0", "-1", "NaN", "null", "true", "yes", "no", "2026-02-30", "tomorrow", "24:00", "1e400", "0x10", "1,5", "12 %",
	"🙂", "👩‍👩‍👧", "שלום", "e\u0301", "\u0000", "\u200b", "\ufeffx", `"quoted" <b>&amp;</b> {{x}} {y}`, "a;b;c", "line one\nline two", "  padded  ",
	strings.Repeat("ä", 256), strings.Repeat("🙂", 300), strings.Repeat("x", 33_000),
	0, json.RawMessage("-0"), 1, -1, 0.1, 11, 100, 1e15, json.RawMessage("9007199254740993"), json.RawMessage("123456789012345678901234567890"),
	json.RawMessage("1e308"), json.RawMessage("-1e308"), json.RawMessage("1e-320"), json.RawMessage("1e400"), json.RawMessage("0.1234567890123456789"),
	true, false, []any{}, []any{nil}, []any{"a", "b"}, []any{[]any{"x"}}, []any{""}, map[string]any{}, map[string]any{"value": 7},
}

// draft makes up an event.
func (m *maker) draft(random *rand.Rand) draft {
	d := draft{base: m.bases[random.IntN(len(m.bases))]}
	if random.IntN(2) == 0 {
		d.edits = append(d.edits, edit{path: []string{"distribution", "status"}, value: m.statuses[random.IntN(len(m.statuses))]})
	}
	if len(m.paths) == 0 {
		return d
	}
	for range 1 + random.IntN(4) {
		i := random.IntN(len(m.paths))
		e := edit{path: m.paths[i]}
		switch n := random.IntN(10); {
		case n == 0:
			e.drop = true
		case n <= 4 && len(m.values[i]) > 0:
			e.value = m.values[i][random.IntN(len(m.values[i]))]
		default:
			e.value = odd[random.IntN(len(odd))]
		}
		d.edits = append(d.edits, e)
	}
	return d
}

// text writes the event with its changes.
func (d *draft) text() string {
	text := json.RawMessage(d.base)
	for _, e := range d.edits {
		value, err := marshal(e.value)
		if err != nil {
			continue
		}
		changed, err := text, error(nil)
		if e.drop {
			changed, err = drop(text, e.path)
		} else {
			changed, err = put(text, e.path, value)
		}
		if err == nil {
			text = changed
		}
	}
	return string(text)
}

// put gives the value at a path of names.
func put(text json.RawMessage, path []string, value json.RawMessage) (json.RawMessage, error) {
	steps := make([]dsl.Step, len(path))
	for i, name := range path {
		steps[i].Name = name
	}
	return change(text, steps, value)
}

// drop takes the value at a path away.
func drop(text json.RawMessage, path []string) (json.RawMessage, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return text, nil // nothing is there
	}
	inner, ok := object[path[0]]
	switch {
	case !ok:
		return text, nil
	case len(path) == 1:
		delete(object, path[0])
	default:
		changed, err := drop(inner, path[1:])
		if err != nil {
			return nil, err
		}
		object[path[0]] = changed
	}
	return marshal(object)
}

func decode(text string, into any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return dec.Decode(into)
}

// members returns the paths of everything in an object, the outer before the inner.
func members(text string) [][]string {
	var out [][]string
	var walk func(v gjson.Result, path []string)
	walk = func(v gjson.Result, path []string) {
		v.ForEach(func(key, value gjson.Result) bool {
			p := append(slices.Clone(path), key.Str)
			out = append(out, p)
			if value.IsObject() {
				walk(value, p)
			}
			return len(out) < 500
		})
	}
	walk(gjson.Parse(text), nil)
	return out
}
