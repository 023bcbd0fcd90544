package plan

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// maxPath bounds how deep a path may reach into an event.
const maxPath = 8

// variable is a value that expressions read: a path of the event, or a `let`.
type variable struct {
	key   string   // its name in the environment; nobody can type it
	path  []string // in the event's JSON, nil for a let
	let   *Expression
	kinds Kinds
	field *schema.Field // of a record path

	name string // as the author knows it
}

// scope is what an expression can see.
type scope struct {
	source  *dsl.Source
	trigger dsl.TriggerKind
	known   bool           // whether the rule has a trigger
	object  *schema.Object // of the record, nil where no schema says
	objName string         // of the record
	lets    map[string]*Expression
}

// within returns a scope that can take lets of its own.
func (s *scope) within() *scope {
	inner := *s
	inner.lets = make(map[string]*Expression, len(s.lets))
	for k, v := range s.lets {
		inner.lets[k] = v
	}
	return &inner
}

// A step is one name of a path, with its place.
type step struct {
	name string
	node ast.Node
}

// chain reads a path out of nested member nodes. What is not a name, such as
// the index of a list, ends the chain and is returned as rest.
func chain(n ast.Node) (steps []step, ok bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return []step{{n.Value, n}}, true
	case *ast.ChainNode:
		return chain(n.Node)
	case *ast.MemberNode:
		name, isName := n.Property.(*ast.StringNode)
		if !isName || n.Method {
			return nil, false
		}
		steps, ok := chain(n.Node)
		return append(steps, step{name.Value, n.Property}), ok
	}
	return nil, false
}

// member resolves a path, or the item of a list.
func (a *analysis) member(n *ast.Node) Kinds {
	steps, ok := chain(*n)
	if !ok {
		return a.item(n)
	}
	if len(steps) == 1 && steps[0].name == "null" {
		ast.Patch(n, &ast.NilNode{})
		return Null
	}
	if x, ok := a.s.lets[steps[0].name]; ok {
		return a.let(n, x, steps)
	}
	return a.path(n, steps)
}

// let resolves a name that a `let` gave, and the parts of its value.
func (a *analysis) let(n *ast.Node, x *Expression, steps []step) Kinds {
	if len(steps) > 1 {
		if x.variable >= 0 && a.c.variables[x.variable].path != nil && x.kinds&Object != 0 {
			v := a.c.variables[x.variable]
			return a.read(n, append(slices.Clone(v.path), names(steps[1:])...), Any, nil, v.name+"."+strings.Join(names(steps[1:]), "."))
		}
		a.report(*n, "S104", "`%s` is a value and has no parts", steps[0].name)
		return Any
	}
	if x.variable >= 0 {
		return a.use(n, x.variable)
	}
	return a.use(n, a.c.letVariable(x, steps[0].name))
}

// path resolves a path of the event.
func (a *analysis) path(n *ast.Node, steps []step) Kinds {
	root := steps[0].name
	ns, ok := namespaces[root]
	if !ok {
		a.unknownName(*n, steps)
		return Any
	}
	if a.s.known && !ns.available(a.s.trigger) {
		d := a.report(*n, "S113", "a rule on an outbound message has no `%s`", root)
		if a.s.trigger == dsl.SurveyResponse {
			d.Message = fmt.Sprintf("a rule on a survey response has no `%s`", root)
			d.Help = "the record's id comes with the response, for example as profile.salesforce_contact_id"
		} else {
			d.Help = "that is known only when someone responds: use a rule `on survey response`"
		}
		return Any
	}
	if len(steps) == 1 {
		a.report(*n, "S104", "`%s` is a group of values", root).Help = fmt.Sprintf("name one of them, such as %s", example(root))
		return Any
	}
	if len(steps) > maxPath {
		a.report(*n, "S104", "this path has more than %d parts", maxPath)
		return Any
	}
	path := names(steps)
	if root == "record" && a.s.object != nil {
		return a.recordField(n, steps)
	}
	kinds, fixed := ns.fields[steps[1].name]
	switch {
	case !fixed && !ns.open:
		a.unknownPart(steps[1].node, root, steps[1].name, sortedKeys(ns.fields))
		return Any
	case !fixed:
		kinds = Any
	case len(steps) > 2 && kinds != Any:
		a.report(*n, "S104", "`%s.%s` is %s and has no parts", root, steps[1].name, kinds&^Null)
		return Any
	}
	if kinds == Any {
		a.checkSamples(*n, path)
	}
	return a.read(n, eventPath(path), kinds, nil, strings.Join(path, "."))
}

// recordField resolves a field of the record, which the schema types.
func (a *analysis) recordField(n *ast.Node, steps []step) Kinds {
	f := a.s.object.Field(steps[1].name)
	if f == nil && len(steps) > 2 && a.s.object.Relationship(steps[1].name) != nil {
		a.report(*n, "S104", "an outbound message carries the fields of one record, and none of its `%s`", steps[1].name)
		return Any
	}
	if f == nil {
		a.c.unknownField(place{a.s.source, a.span(steps[1].node)}, a.s.object, steps[1].name)
		return Any
	}
	if len(steps) > 2 {
		a.report(*n, "S104", "an outbound message carries the fields of one record; `%s` has no parts", f.Name)
		return Any
	}
	return a.read(n, []string{"record", f.Name}, kindsOf(f), f, "record."+f.Name)
}

// read turns a path into a variable.
func (a *analysis) read(n *ast.Node, path []string, kinds Kinds, f *schema.Field, name string) Kinds {
	key := strings.Join(path, "\x1f")
	if f != nil { // the same name means another field on another object
		key = a.s.objName + "\x1f" + key
	}
	return a.use(n, a.c.pathVariable(key, path, kinds, f, name))
}

// use puts a variable in the place of a node.
func (a *analysis) use(n *ast.Node, id int) Kinds {
	if !slices.Contains(a.x.reads, id) {
		a.x.reads = append(a.x.reads, id)
	}
	v := &a.c.variables[id]
	// The place of the whole chain, for what may be said of it at run time.
	l := (*n).Location()
	ast.Walk(n, extent{&l})
	ident := &ast.IdentifierNode{Value: v.key}
	ast.Patch(n, ident)
	ident.SetLocation(l)
	return v.kinds
}

// item resolves list[i].
func (a *analysis) item(n *ast.Node) Kinds {
	node, ok := (*n).(*ast.MemberNode)
	if c, isChain := (*n).(*ast.ChainNode); isChain {
		node, ok = c.Node.(*ast.MemberNode)
	}
	if !ok {
		a.report(*n, "S132", "this is not part of the language")
		return Any
	}
	if name, ok := a.unquotedName(node); ok {
		a.report(node.Property, "S104", "a name in brackets stands in quotes").Help = fmt.Sprintf("write [%q]", name)
		return Any
	}
	list := a.visit(&node.Node)
	if part, ok := node.Property.(*ast.StringNode); ok && list.can(Object) {
		a.report(part, "S132", "the parts of a list's item, such as `%s`, cannot be read", part.Value).Help = "only a whole item can: text, a number, true or false"
		return Any
	}
	index := a.visit(&node.Property)
	switch {
	case !list.can(List):
		a.report(*n, "S131", "only a list has items, and this is %s", list&^Null)
		return Any
	case !index.can(Number):
		a.report(node.Property, "S131", "an item of a list is found by its number, and this is %s", index&^Null).
			Help = "a path is fixed text: answers.nps, or answers[\"question 1\"]"
		return Any
	}
	ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: fnItem}, Arguments: []ast.Node{node.Node, node.Property}})
	return Any
}

// literals are the spellings that other languages have for true, false and null.
var literals = map[string]string{
	"TRUE": "true", "True": "true", "FALSE": "false", "False": "false",
	"NULL": "null", "Null": "null", "NIL": "null", "undefined": "null",
}

// hyphenated returns how a path is written whose last name has a hyphen, where an unknown
// name stands behind it: `answers.how-likely` is read as a subtraction.
func (a *analysis) hyphenated(unknown step) string {
	at := a.span(unknown.node).From - a.at.From
	m := pathWithHyphen.FindStringSubmatch(a.at.Text[:at])
	if m == nil {
		return ""
	}
	if _, ok := namespaces[m[1]]; !ok {
		return ""
	}
	return fmt.Sprintf("%s[\"%s%s\"]", m[1], m[2], unknown.name)
}

var pathWithHyphen = regexp.MustCompile(`\b([a-z]+)\.(\w+-)$`)

// unquotedName returns the name in `answers[nps]`, which was meant as `answers["nps"]`.
func (a *analysis) unquotedName(node *ast.MemberNode) (string, bool) {
	root, isRoot := node.Node.(*ast.IdentifierNode)
	name, isName := node.Property.(*ast.IdentifierNode)
	if !isRoot || !isName {
		return "", false
	}
	_, isNamespace := namespaces[root.Value]
	return name.Value, isNamespace
}

func (a *analysis) unknownName(n ast.Node, steps []step) {
	root := steps[0]
	known := sortedKeys(namespaces)
	if a.s.known {
		known = namespaceNames(a.s.trigger)
	}
	known = append(known, sortedKeys(a.s.lets)...)
	if functionByName[root.name] != nil && len(steps) == 1 {
		a.report(n, "S105", "`%s` is a function", root.name).Help = "it is called with its values: " + functionByName[root.name].Signature()
		return
	}
	d := a.report(root.node, "S103", "there is no `%s` here", root.name)
	if literal := literals[root.name]; literal != "" && len(steps) == 1 {
		d.Help = fmt.Sprintf("did you mean `%s`?", literal)
		d.Fixes = []dsl.Fix{{Title: "write `" + literal + "`", Edits: []dsl.Edit{{Span: a.span(root.node), New: literal}}}}
		return
	}
	if better, ok := dsl.Suggest(root.name, known); ok {
		span := a.span(root.node)
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: span, New: better}}}}
		return
	}
	if len(steps) == 1 && strings.TrimSpace(a.at.Text) == root.name && a.c.textFix != nil {
		a.c.textFix(d)
		return
	}
	if path := a.hyphenated(root); path != "" {
		d.Help = "a name with hyphens is written in brackets: `" + path + "`"
		return
	}
	d.Help = "a value comes from " + strings.Join(known, ", ")
}

func (a *analysis) unknownPart(n ast.Node, root, name string, known []string) {
	span := a.span(n)
	d := a.c.report(a.s.source, span, dsl.Error, "S104", "`%s` has no `%s`", root, name)
	if better, ok := dsl.Suggest(name, known); ok {
		d.Help = fmt.Sprintf("did you mean `%s.%s`?", root, better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: span, New: better}}}}
		return
	}
	d.Help = fmt.Sprintf("it has %s", strings.Join(known, ", "))
}

// pathVariable returns the variable of a path, making it when it is new.
func (c *compilation) pathVariable(key string, path []string, kinds Kinds, f *schema.Field, name string) int {
	if id, ok := c.variableByKey[key]; ok {
		return id
	}
	id := len(c.variables)
	c.variables = append(c.variables, variable{key: key, path: path, kinds: kinds, field: f, name: name})
	c.variableByKey[key] = id
	return id
}

// letVariable returns the variable of a let.
func (c *compilation) letVariable(x *Expression, name string) int {
	if id, ok := c.variableOfLet[x]; ok {
		return id
	}
	id := len(c.variables)
	c.variables = append(c.variables, variable{key: fmt.Sprintf("let\x1f%d", id), let: x, kinds: x.kinds, name: name})
	c.variableOfLet[x] = id
	return id
}

func names(steps []step) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.name
	}
	return out
}

func example(root string) string {
	switch root {
	case "record":
		return "record.Id"
	case "distribution":
		return "distribution.status"
	case "survey", "response", "event":
		return root + ".id"
	case "answers":
		return "answers.nps"
	default:
		return root + ".email"
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
