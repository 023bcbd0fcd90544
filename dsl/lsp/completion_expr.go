package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// expression offers what may stand in an expression.
func (c *completer) expression() {
	path := strings.Contains(c.word, ".")
	if c.operand {
		if !path && c.asked != `"` { // the quote that ends a text asks for nothing
			c.operators()
		}
		return
	}
	if c.test == nil { // which has fixed values only
		c.paths(false)
	}
	if path {
		return
	}
	for _, f := range plan.Functions() {
		item := completionItem{
			Label: f.Name, Kind: itemFunction, Detail: f.Signature(), Documentation: markdown(functionDoc(f)),
			TextEdit: &textEdit{NewText: f.Name + "("},
		}
		if c.snippets {
			item.InsertTextFormat, item.TextEdit.NewText = 2, f.Name+"($0)"
		}
		c.add(item)
	}
	for _, word := range []string{"null", "true", "false", "not"} {
		c.add(completionItem{Label: word, Kind: itemValue})
	}
}

var (
	// compared finds the path that a text is compared with.
	compared = regexp.MustCompile(`(\w+(?:\.\w+)*)\s*(?:==|!=|\bin\s*\[[^\]]*)\s*$`)
	// indexed finds the path whose part a text names: answers["How likely?"].
	indexed = regexp.MustCompile(`(\w+(?:\.\w+)*)\[\s*$`)
)

// strings offers the values that a text between quotes may have: those of the status or
// picklist that it is compared with, or of the field that it goes to, or the names of parts.
func (c *completer) strings(before string) {
	if m := compared.FindStringSubmatch(before); m != nil {
		root, name, _ := strings.Cut(m[1], ".")
		switch {
		case m[1] == "distribution.status" && c.arm != nil && len(c.arm.Statuses) > 0:
			for _, s := range c.arm.Statuses {
				c.add(completionItem{Label: s.Text, Kind: itemMember, Detail: "status of this arm"})
			}
		case m[1] == "distribution.status":
			c.statuses(map[string]bool{})
		case root == "record" && c.record != "":
			if o := c.objectOf("", c.record); o != nil {
				c.valuesOf(o.Field(name), true)
			}
		}
		return
	}
	if m := indexed.FindStringSubmatch(before); m != nil {
		for _, at := range c.around.samples.all(c.scope, strings.Split(m[1], ".")) {
			for _, name := range at.names {
				c.add(completionItem{
					Label: name, Kind: itemProperty, Detail: partDetail(at.parts[name]), TextEdit: &textEdit{NewText: quotable(name)},
				})
			}
		}
		return
	}
	c.values(true)
}

// quotable writes a text as it stands between quotes.
func quotable(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}

// operators offers what may follow a value: the clause that comes next, and operators.
func (c *completer) operators() {
	switch {
	case len(c.calls) > 0:
	case c.clause == "where":
		c.keywords([]string{"set", "if"})
	case c.clause == "if" && c.cursor.verb != "" && c.keyword != "on":
		c.keywords([]string{"set"})
	}
	for _, word := range []string{"and", "or", "in", "contains", "startsWith", "endsWith", "matches"} {
		c.add(completionItem{Label: word, Kind: itemOperator})
	}
}

// paths offers the values of the event that the rule, or the test, is about.
func (c *completer) paths(test bool) {
	steps := strings.Split(strings.ReplaceAll(c.word, "?.", "."), ".")
	done, typing := steps[:len(steps)-1], steps[len(steps)-1]
	if len(done) == 0 {
		c.namespaces(test)
		return
	}
	c.at.From = c.at.To - len(typing)
	seen := map[string]bool{}
	if done[0] == "record" && len(done) == 1 && c.record != "" {
		if o := c.objectOf("", c.record); o != nil {
			for _, f := range o.Fields {
				seen[f.Name] = true
				item := completionItem{Label: f.Name, Kind: itemField, Detail: fieldDetail(f), Documentation: markdown(fieldDoc(f))}
				if at := c.around.samples.find(c.scope, []string{"record", f.Name}); at != nil && at.value != "" {
					item.Detail += " · " + at.value
				}
				c.add(item)
			}
		}
	}
	for _, at := range c.around.samples.all(c.scope, done) {
		for _, name := range at.names {
			if !seen[name] && (done[0] != "event" || len(done) > 1 || at.parts[name].kinds&plan.Object == 0) {
				seen[name] = true
				c.part(name, partDetail(at.parts[name]))
			}
		}
	}
	for _, ns := range plan.Namespaces() {
		if ns.Name != done[0] || len(done) > 1 {
			continue
		}
		for _, name := range sortedNames(ns.Parts) {
			if !seen[name] {
				c.part(name, (ns.Parts[name] &^ plan.Null).String())
			}
		}
	}
}

// partDetail tells of a part of a value what samples have.
func partDetail(at *sample) string {
	detail := (at.kinds &^ plan.Null).String()
	if at.value != "" {
		detail += " · " + at.value
	}
	return detail
}

// part offers a part of a value.
func (c *completer) part(name, detail string) {
	item := completionItem{Label: name, Kind: itemProperty, Detail: detail}
	if !isName(name) { // answers["How likely?"]
		from := c.at.From
		if from > 0 && c.source.Text[from-1] == '.' {
			from--
		}
		item.FilterText = c.source.Text[from:c.at.From] + name
		item.TextEdit = &textEdit{c.span(dsl.Span{From: from, To: c.at.To}), fmt.Sprintf("[%q]", name)}
	}
	c.add(item)
}

func (c *completer) namespaces(test bool) {
	for _, l := range c.lets(c.from) {
		c.add(completionItem{Label: l.Name.Text, Kind: itemVariable, Detail: letText(l)})
	}
	for _, ns := range plan.Namespaces() {
		if !test && c.known && !ns.Available(c.trigger) {
			continue
		}
		c.add(completionItem{
			Label: ns.Name, Kind: itemModule, Detail: ns.Doc, TextEdit: &textEdit{NewText: ns.Name + "."},
		})
	}
}

func isName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func sorted(texts map[string]*text) []*text {
	var out []*text
	for _, path := range sortedNames(texts) {
		out = append(out, texts[path])
	}
	return out
}

func letText(l *dsl.Let) string {
	if l.Value == nil {
		return ""
	}
	return "= " + strings.Join(strings.Fields(l.Value.Text), " ")
}

// Bounds of the search for event files.
const (
	maxEventFiles = 500
	maxEventDepth = 3
	maxLooked     = 20_000 // files and folders
)

// eventFiles offers the event files below the folder of the document.
func (c *completer) eventFiles() {
	root := c.folder.dir
	if root == "" {
		return
	}
	found, looked := 0, 0
	_ = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if looked++; err != nil || found == maxEventFiles || looked > maxLooked || c.ctx.Err() != nil {
			return filepath.SkipAll
		}
		relative, _ := filepath.Rel(root, path)
		if e.IsDir() {
			hidden := path != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules")
			if hidden || relative == "schema" || strings.Count(filepath.ToSlash(relative), "/") >= maxEventDepth {
				return filepath.SkipDir
			}
			return nil
		}
		if slices.Contains([]string{".json", ".jsonl", ".ndjson"}, filepath.Ext(path)) {
			found++
			c.add(completionItem{Label: filepath.ToSlash(relative), Kind: itemFile})
		}
		return nil
	})
}
