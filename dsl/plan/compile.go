package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/conf"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Options is what rules are compiled against.
type Options struct {
	// Schema returns the schema of a connection, "" being the one of a file
	// that names none. Without a schema (nil, or a nil function), names and
	// values are not held against Salesforce.
	Schema func(connection string) *schema.Schema

	// Connections are the names that a file may use. Nil allows any.
	Connections []string

	// Samples are events of the kind that the rules will meet. A path that no
	// sample of the rule's trigger has is a warning.
	Samples []string

	// File says why a file that a test names, by its path from the file that the test
	// stands in, cannot be read. Nil takes every file for readable.
	File func(from *dsl.Source, name string) error
}

// compilation is the state of one run of Compile.
type compilation struct {
	options       Options
	config        *conf.Config
	variables     []variable
	variableByKey map[string]int
	variableOfLet map[*Expression]int
	statuses      map[string]string // normal form -> as spelt
	samples       *samples
	plan          *Plan

	faulty      map[*dsl.Source]map[int]bool // lines that could not be read
	diagnostics []dsl.Diagnostic
	errors      int
	textFix     func(*dsl.Diagnostic) // offers static text, inside an assignment
}

// report adds a diagnostic and returns it, so that the caller can add help. The
// pointer is good until the next report.
func (c *compilation) report(src *dsl.Source, at dsl.Span, sev dsl.Severity, code dsl.Code, format string, args ...any) *dsl.Diagnostic {
	if c.faulty[src][src.Position(at.From).Line] {
		return &dsl.Diagnostic{} // the line has a fault already; this may only follow from it
	}
	if sev == dsl.Error {
		c.errors++
	}
	c.diagnostics = append(c.diagnostics, dsl.Diagnostic{
		Code: code, Severity: sev, Source: src, Span: at, Message: fmt.Sprintf(format, args...),
	})
	return &c.diagnostics[len(c.diagnostics)-1]
}

// Compile checks the trees of rule files together and compiles them. The
// diagnostics are about what the rules mean; those of dsl.Parse are not among
// them. With an error among the diagnostics there is no plan.
func Compile(files []*dsl.File, o Options) (*Plan, []dsl.Diagnostic) {
	c := compile(files, o)
	if c.errors > 0 {
		return nil, dsl.Sort(c.diagnostics)
	}
	c.link()
	return c.plan, dsl.Sort(c.diagnostics)
}

// compile does all of Compile but what an event needs, for which there must be no errors.
func compile(files []*dsl.File, o Options) *compilation {
	c := &compilation{
		options:       o,
		config:        newConfig(),
		variableByKey: map[string]int{},
		variableOfLet: map[*Expression]int{},
		samples:       newSamples(o.Samples),
		faulty:        map[*dsl.Source]map[int]bool{},
		plan: &Plan{
			outbound: map[string]*group{},
			surveys:  map[string]*group{},
			prefixes: map[string]string{},
		},
	}
	for _, f := range files {
		c.faults(f)
	}
	c.declareStatuses(files)
	for _, f := range files {
		c.connection(f.Source, f.Connection)
	}
	c.ruleNames(files)
	for _, f := range files {
		for _, r := range f.Rules {
			c.rule(f, r)
		}
		c.tests(f)
	}
	c.safety()
	return c
}

// faults notes the lines that dsl.Parse could not read.
func (c *compilation) faults(f *dsl.File) {
	lines := map[int]bool{}
	for _, d := range f.Faults {
		if d.Severity == dsl.Error {
			c.errors++
			lines[f.Source.Position(d.From).Line] = true
		}
	}
	c.faulty[f.Source] = lines
}

// isFaulty reports whether a fault of the text lies in a span.
func (c *compilation) isFaulty(src *dsl.Source, at dsl.Span) bool {
	for line := src.Position(at.From).Line; line <= src.Position(at.To).Line; line++ {
		if c.faulty[src][line] {
			return true
		}
	}
	return false
}

// ruleNames finds two rules of one name: a run log could not tell them apart.
func (c *compilation) ruleNames(files []*dsl.File) {
	first := map[string]dsl.Label{}
	for _, f := range files {
		for _, r := range f.Rules {
			if r.Name.Missing() {
				continue
			}
			key := strings.ToLower(strings.Join(strings.Fields(r.Name.Text), " "))
			if other, ok := first[key]; ok {
				d := c.report(f.Source, r.Name.Span, dsl.Error, "S107", "there are two rules named `%s`", r.Name.Text)
				d.Help = "the run log names rules: give each a name of its own"
				d.Labels = []dsl.Label{other}
				continue
			}
			first[key] = dsl.Label{Source: f.Source, Span: r.Name.Span, Text: "the first one"}
		}
	}
}

// connection reports a connection that nobody knows.
func (c *compilation) connection(src *dsl.Source, name dsl.Name) {
	known := c.options.Connections
	if name.Missing() || known == nil || slices.Contains(known, name.Text) {
		return
	}
	d := c.report(src, name.Span, dsl.Error, "S106", "there is no connection `%s`", name.Text)
	if better, ok := dsl.Suggest(name.Text, known); ok {
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: name.Span, New: better}}}}
	} else {
		d.Help = "`sfsync connect add` makes one"
	}
}

func (c *compilation) schemaOf(connection string) *schema.Schema {
	if c.options.Schema == nil {
		return nil
	}
	return c.options.Schema(connection)
}

// object finds an object of a connection's schema; nil when there is no schema,
// or after a diagnostic.
func (c *compilation) object(src *dsl.Source, connection string, name dsl.Name) *schema.Object {
	s := c.schemaOf(connection)
	if s == nil || name.Missing() {
		return nil
	}
	if o := s.Object(name.Text); o != nil {
		return o
	}
	if len(s.Partial()) == len(s.Names()) {
		return nil // no describe says which objects there are
	}
	d := c.report(src, name.Span, dsl.Error, "S201", "there is no object `%s`", name.Text)
	if better, ok := dsl.Suggest(name.Text, s.Names()); ok {
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: name.Span, New: better}}}}
	} else {
		d.Help = "if it is new in Salesforce, refresh the schema; otherwise the connected user may not see it"
	}
	return nil
}

// rule compiles one rule.
func (c *compilation) rule(f *dsl.File, r *dsl.Rule) {
	out := &Rule{
		Name: r.Name.Text, File: f.Source.Path, Line: f.Source.Position(r.From).Line,
		Connection: f.Connection.Text, byStatus: map[string]*Arm{}, source: f.Source, tree: r,
	}
	s := &scope{source: f.Source}
	if r.On != nil {
		s.known, s.trigger = true, r.On.Kind
		out.Trigger, out.Subject = r.On.Kind, r.On.Subject.Text
		if r.On.Kind == dsl.OutboundMessage {
			s.objName = r.On.Subject.Text
			if s.object = c.object(f.Source, out.Connection, r.On.Subject); s.object != nil {
				s.objName = s.object.Name
				out.Subject = s.object.Name
				c.plan.prefixes[s.object.KeyPrefix] = s.object.Name
			}
		}
		if r.On.If != nil {
			out.Guard = c.guard(r.On.If, s)
		}
	}
	s = c.lets(r.Lets, s)
	for _, a := range r.Actions {
		out.Actions = append(out.Actions, c.action(a, s, out))
	}
	c.arms(r, out, s)
	nothing := len(r.Actions) == 0
	for _, arm := range r.Arms {
		nothing = nothing && len(arm.Actions) == 0
	}
	if nothing && !r.Name.Missing() && len(f.Faults) == 0 {
		c.report(f.Source, r.Name.Span, dsl.Warning, "S117", "this rule does nothing").Help = "add a create, update or upsert"
	}
	c.plan.Rules = append(c.plan.Rules, out)
}

// lets adds the named values of a block to a scope of its own.
func (c *compilation) lets(lets []*dsl.Let, s *scope) *scope {
	if len(lets) == 0 {
		return s
	}
	s = s.within()
	for _, l := range lets {
		x := c.expression(l.Value, s)
		if l.Name.Missing() {
			continue
		}
		_, isNamespace := namespaces[l.Name.Text]
		switch {
		case isNamespace:
			c.report(s.source, l.Name.Span, dsl.Error, "S118", "`%s` is already the name of a group of values", l.Name.Text)
			continue // what is meant by it below is the group
		case functionByName[l.Name.Text] != nil:
			c.report(s.source, l.Name.Span, dsl.Error, "S118", "`%s` is already the name of a function", l.Name.Text)
		case s.lets[l.Name.Text] != nil:
			c.report(s.source, l.Name.Span, dsl.Error, "S118", "`%s` is named twice", l.Name.Text)
		}
		s.lets[l.Name.Text] = x
	}
	return s
}

// guard compiles an `if`.
func (c *compilation) guard(e *dsl.Expr, s *scope) *Expression {
	x := c.expression(e, s)
	switch {
	case x.program == nil:
	case !x.kinds.can(Bool):
		d := c.report(s.source, e.Span, dsl.Error, "S131", "a guard is true or false, and this is %s", x.kinds&^Null)
		d.Help = "compare it, or read yes and no with bool(…)"
		x.program = nil // nobody knows what it will look at
	case x.constant && x.value == true:
		c.report(s.source, e.Span, dsl.Warning, "S405", "this guard is always true").Help = "leave it out"
	case x.constant:
		c.report(s.source, e.Span, dsl.Warning, "S303", "this guard is never true, so nothing behind it can happen")
	}
	return x
}

// link builds what an event is looked up by.
func (c *compilation) link() {
	p := c.plan
	p.variables = c.variables
	p.statuses = make(map[string]string, 2*len(c.statuses))
	for normal, spelt := range c.statuses {
		p.statuses[spelt], p.statuses[normal] = normal, normal
	}
	p.group()
}

// Only returns a plan of those rules that keep says, without tests.
func (p *Plan) Only(keep func(*Rule) bool) *Plan {
	out := &Plan{variables: p.variables, statuses: p.statuses, prefixes: p.prefixes, outbound: map[string]*group{}, surveys: map[string]*group{}}
	for _, r := range p.Rules {
		if keep(r) {
			out.Rules = append(out.Rules, r)
		}
	}
	out.group()
	return out
}

// group joins the rules that one event sets in motion.
func (p *Plan) group() {
	join := func(g *group, r *Rule) *group {
		if g == nil {
			g = &group{paths: newNode()}
		}
		g.rules = append(g.rules, r)
		p.addPaths(g.paths, r)
		return g
	}
	// A rule for any survey also belongs to each survey that has rules of its own.
	for _, r := range p.Rules {
		if r.tree.On != nil && r.Trigger == dsl.SurveyResponse && r.Subject != "" {
			p.surveys[r.Subject] = nil
		}
	}
	for _, r := range p.Rules {
		switch {
		case r.tree.On == nil:
		case r.Trigger == dsl.OutboundMessage:
			key := strings.ToLower(r.Subject)
			p.outbound[key] = join(p.outbound[key], r)
		case r.Subject != "":
			p.surveys[r.Subject] = join(p.surveys[r.Subject], r)
		default:
			p.anySurvey = join(p.anySurvey, r)
			for id := range p.surveys {
				p.surveys[id] = join(p.surveys[id], r)
			}
		}
	}
	if p.anySurvey == nil {
		p.anySurvey = &group{paths: newNode()}
	}
}
