package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// DriftSeverity says how much a change of the schema matters to a rule.
type DriftSeverity string

// The severities, the worst first.
const (
	Breaks         DriftSeverity = "breaks"          // the rule is not valid any more, or every write of it fails
	ChangesMeaning DriftSeverity = "changes_meaning" // some events end otherwise than before
	Harmless       DriftSeverity = "harmless"
)

var driftRank = map[DriftSeverity]int{Breaks: 0, ChangesMeaning: 1, Harmless: 2}

// Drift is what one change of Salesforce's schema means for one line of the rules.
type Drift struct {
	Severity      DriftSeverity `json:"severity"`
	Rule          string        `json:"rule"`
	File          string        `json:"file"`
	Line          int           `json:"line"` // from 1
	Connection    string        `json:"connection,omitempty"`
	schema.Change               // what has changed
	Message       string        `json:"message"` // what it means for the rule, in one clause
	Help          string        `json:"help,omitempty"`
	Code          dsl.Code      `json:"code,omitempty"` // of the diagnostic that checking the rule gives now
}

// CompareSchemas tells what it means for rules that the schemas they were checked
// against have changed: which lines break, which mean something else, and which do
// as before though what they use has changed. Before and after give the schema of a
// connection as [Options] does; what before does not know counts as unchanged. The
// worst comes first.
func CompareSchemas(files []*dsl.File, before, after func(connection string) *schema.Schema) []Drift {
	old := compile(files, Options{Schema: before})
	d := drifts{before: before, after: after, changes: map[string]map[string][]schema.Change{}}
	uses := usesOf(old.plan.Rules, old.variables, before)
	uses = append(uses, d.newlyLeft(uses)...)
	for i := range uses {
		d.look(&uses[i])
	}
	if !d.changed {
		return nil
	}
	d.diagnose(old, compile(files, Options{Schema: after}), uses)
	slices.SortStableFunc(d.found, func(a, b Drift) int {
		return cmp.Or(cmp.Compare(driftRank[a.Severity], driftRank[b.Severity]), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return d.found
}

// HasBreaks reports whether any rule breaks.
func HasBreaks(all []Drift) bool {
	return slices.ContainsFunc(all, func(d Drift) bool { return d.Severity == Breaks })
}

type drifts struct {
	before, after func(string) *schema.Schema
	changes       map[string]map[string][]schema.Change // by connection and lower-case object
	changed       bool                                  // whether any object in use has
	found         []Drift
}

// of returns what has changed of an object.
func (d *drifts) of(connection, object string) []schema.Change {
	byObject := d.changes[connection]
	if byObject == nil {
		byObject = map[string][]schema.Change{}
		d.changes[connection] = byObject
	}
	key := strings.ToLower(object)
	all, ok := byObject[key]
	if !ok {
		before, after := d.before(connection), d.after(connection)
		if o := before.Object(object); o != nil && len(o.Fields) > 0 && after != nil {
			all = schema.CompareObjects(o, after.Object(object))
		}
		byObject[key] = all
	}
	return all
}

// newlyLeft lists the fields that have come to the objects of creates and upserts: the
// rules leave them to Salesforce.
func (d *drifts) newlyLeft(uses []use) []use {
	var left []use
	for _, u := range uses {
		if u.role != touches || u.action == nil || u.action.Kind == dsl.Update {
			continue
		}
		for _, c := range d.of(u.connection, u.object) {
			if c.Aspect == schema.AspectExists && c.Field != "" && c.After == "yes" {
				u.role, u.field = leaves, c.Field
				left = append(left, u)
			}
		}
	}
	return left
}

// look finds what has changed of one place.
func (d *drifts) look(u *use) {
	for _, c := range d.of(u.connection, u.object) {
		d.changed = true
		severity, message := DriftSeverity(""), ""
		switch {
		case c.Aspect == schema.AspectRecordType:
			if u.role == writes && strings.EqualFold(u.field, "RecordTypeId") {
				severity, message = u.recordTypeMeaning(c)
			}
		case strings.EqualFold(c.Field, u.field):
			severity, message = u.meaning(c)
		}
		if message != "" {
			d.add(u, c, severity, message)
		}
	}
}

// add notes what a change means for a place and returns its number in found. The
// worst that is said of a change on one line counts.
func (d *drifts) add(u *use, c schema.Change, severity DriftSeverity, message string) int {
	for i := range d.found {
		f := &d.found[i]
		if f.Line == u.line && f.File == u.rule.File && f.Change == c {
			if driftRank[severity] < driftRank[f.Severity] {
				f.Severity, f.Message = severity, message
			}
			return i
		}
	}
	d.found = append(d.found, Drift{
		Severity: severity, Rule: u.rule.Name, File: u.rule.File, Line: u.line, Connection: u.connection,
		Change: c, Message: message,
	})
	return len(d.found) - 1
}

// diagnose lets the checker speak, which knows better than any list of changes what
// is wrong with a rule: an error of now that was none before breaks its line.
func (d *drifts) diagnose(old, new *compilation, uses []use) {
	type where struct {
		source *dsl.Source
		at     dsl.Span
		code   dsl.Code
	}
	had := map[where]dsl.Severity{}
	for _, o := range old.diagnostics {
		w := where{o.Source, o.Span, o.Code}
		had[w] = max(o.Severity, had[w])
	}
	for i := range new.diagnostics {
		n := &new.diagnostics[i]
		if was, ok := had[where{n.Source, n.Span, n.Code}]; ok && was >= n.Severity || n.Severity == dsl.Info {
			continue
		}
		for _, at := range d.causes(n, uses) {
			f := &d.found[at]
			if f.Code != "" {
				continue // the first finding of a line is the one that others follow from
			}
			f.Message, f.Help, f.Code = n.Message, n.Help, n.Code
			switch {
			case n.Severity == dsl.Error:
				f.Severity = Breaks
			case n.Code[1] > '2': // advice on what has become possible
				f.Severity = Harmless
			default:
				f.Severity = ChangesMeaning
			}
		}
	}
	// What the checker takes is not broken, and of what is broken the rest does not matter.
	type line struct {
		file, name string
		line       int
	}
	spoken := map[line]DriftSeverity{}
	for i := range d.found {
		if f := &d.found[i]; f.Code != "" && spoken[line{f.File, f.Name(), f.Line}] != Breaks {
			spoken[line{f.File, f.Name(), f.Line}] = f.Severity
		}
	}
	d.found = slices.DeleteFunc(d.found, func(f Drift) bool {
		switch said := spoken[line{f.File, f.Name(), f.Line}]; {
		case f.Code != "":
			return false
		case f.Severity == Breaks:
			return f.Aspect != schema.AspectRecordType // of which the checker knows nothing
		default:
			return said == Breaks || said != "" && f.Severity == Harmless
		}
	})
}

// causes finds the changes that a diagnostic comes from, one of each field: of those
// in use on its line the ones that it names, or else all; or else one that it names
// of its rule.
func (d *drifts) causes(n *dsl.Diagnostic, uses []use) []int {
	type cause struct {
		use    *use
		change schema.Change
		score  int // the lowest fits best
	}
	line := n.Source.Position(n.From).Line
	var named, here, near []cause
	for i := range uses {
		u := &uses[i]
		if u.rule.source != n.Source {
			continue
		}
		for _, c := range d.of(u.connection, u.object) {
			if !strings.EqualFold(c.Field, u.field) || c.Aspect == schema.AspectLabel || c.Aspect == schema.AspectRecordType {
				continue
			}
			severity, _ := u.meaning(c)
			rank, ok := driftRank[severity]
			if !ok {
				rank = len(driftRank)
			}
			if c.Aspect == schema.AspectValueRemoved && strings.Contains(n.Message, c.Before) {
				rank = -1
			}
			this, isNamed := cause{u, c, rank}, mentions(n.Message, c)
			switch {
			case u.line == line && isNamed:
				named = append(named, this)
			case u.line == line && u.role != leaves:
				here = append(here, this)
			case isNamed && n.From >= u.rule.tree.From && u.role != leaves && u.line < line:
				near = []cause{this} // the last one before it
			}
		}
	}
	best := map[string]cause{}
	var order []string
	for _, list := range [][]cause{named, here, near} {
		for _, c := range list {
			name := c.change.Name()
			if b, ok := best[name]; !ok {
				best[name] = c
				order = append(order, name)
			} else if c.score < b.score {
				best[name] = c
			}
		}
		if len(order) > 0 {
			break
		}
	}
	var found []int
	for _, name := range order {
		found = append(found, d.add(best[name].use, best[name].change, Harmless, ""))
	}
	return found
}

// mentions reports whether a message names what has changed.
func mentions(message string, c schema.Change) bool {
	name := cmp.Or(c.Field, c.Object)
	for rest := message; ; {
		at := strings.Index(strings.ToLower(rest), strings.ToLower(name))
		if at < 0 {
			return false
		}
		end := at + len(name)
		if (at == 0 || !isWord(rest[at-1])) && (end == len(rest) || !isWord(rest[end])) {
			return true
		}
		rest = rest[end:]
	}
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
