package main

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

// marks stand in front of what was added, removed and changed.
var marks = map[string]string{rulediff.Added: "+", rulediff.Removed: "-", rulediff.Changed: "~", rulediff.Renamed: "~"}

func (c *console) marked(change string) string {
	mark := marks[change]
	switch change {
	case rulediff.Added:
		return c.style.green(mark)
	case rulediff.Removed:
		return c.style.red(mark)
	}
	return c.style.yellow(mark)
}

// printDiff says what differs, for a person at a terminal.
func (c *console) printDiff(r *diffReport) {
	for _, note := range r.Notes {
		fmt.Fprintf(c.err, "%s %s\n", c.errStyle.yellow("note:"), printable(note))
	}
	for i := range r.Rules {
		c.printRuleDiff(&r.Rules[i])
	}
	for _, change := range statusDeclarations(r.Diff) {
		fmt.Fprintf(c.out, "%s %s\n\n", c.marked(change.change), oneLine(change.text))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		head := c.style.red("now warned of")
		if f.Change == rulediff.Removed {
			head = c.style.green("no longer warned of")
		}
		fmt.Fprintf(c.out, "%s %s [%s]  %s\n\n", head, oneLine(f.Message), f.Code, c.style.dim(fmt.Sprintf("%s:%d", f.File, f.Line)))
	}
	switch {
	case r.Empty():
		fmt.Fprintln(c.out, c.style.green("The rules do the same as before."))
	case r.Calls.Old != r.Calls.New:
		fmt.Fprintf(c.out, "%s\n", callsText("1,000 events", r.Calls))
	}
	if r.Replay != nil {
		c.printReplay(r.Replay)
	}
}

func callsText(what string, n rulediff.Count) string {
	return fmt.Sprintf("%s take at most %s, before %s", what, plural(n.New, "API call"), thousands(n.Old))
}

// declaration is a status of the team's own that came or went.
type declaration struct{ change, text string }

func statusDeclarations(d *rulediff.Diff) (all []declaration) {
	if len(d.StatusesAdded) > 0 {
		all = append(all, declaration{rulediff.Added, "declared as statuses: " + strings.Join(d.StatusesAdded, ", ")})
	}
	if len(d.StatusesRemoved) > 0 {
		all = append(all, declaration{rulediff.Removed, "no longer declared as statuses: " + strings.Join(d.StatusesRemoved, ", ")})
	}
	return all
}

func (c *console) printRuleDiff(r *rulediff.Rule) {
	fmt.Fprintf(c.out, "%s %s %s  %s\n", c.marked(r.Change), c.style.bold("rule "+oneLine(r.Name)), c.style.dim("("+ruleChange(r)+")"), c.style.dim(fmt.Sprintf("%s:%d", r.File, r.Line)))
	for _, s := range ruleSentences(r) {
		fmt.Fprintln(c.out, hanging("  "+c.marked(s.change)+" ", s.text, c.width))
	}
	for i := range r.Actions {
		c.printActionDiff(&r.Actions[i])
	}
	fmt.Fprintln(c.out)
}

// ruleChange says in a word or two what became of a rule.
func ruleChange(r *rulediff.Rule) string {
	if r.Was == "" {
		return r.Change
	}
	text := "renamed, before: " + oneLine(r.Was)
	if r.Change == rulediff.Changed {
		text = "changed and " + text
	}
	return text
}

// ruleSentences say what differs of a rule besides its actions.
func ruleSentences(r *rulediff.Rule) (all []declaration) {
	add := func(change, format string, args ...any) {
		all = append(all, declaration{change, fmt.Sprintf(format, args...)})
	}
	if r.Change == rulediff.Added || r.Change == rulediff.Removed {
		add(r.Change, "on %s", r.On)
	}
	if t := r.Trigger; t != nil {
		add(rulediff.Changed, "now on %s, before on %s", t.New, t.Old)
	}
	if g := r.Guard; g != nil {
		switch {
		case g.Old == "":
			add(rulediff.Added, "only if %s", g.New)
		case g.New == "":
			add(rulediff.Removed, "only if %s", g.Old)
		default:
			add(rulediff.Changed, "only if %s, before: if %s", g.New, g.Old)
		}
	}
	if t := r.Connection; t != nil {
		name := func(s string) string {
			if s == "" {
				return "no connection by name"
			}
			return "connection " + s
		}
		add(rulediff.Changed, "writes go to %s, before to %s", name(t.New), name(t.Old))
	}
	for _, h := range r.Statuses {
		names := strings.Join(h.Statuses, ", ")
		be := "has"
		if len(h.Statuses) > 1 {
			be = "have"
		}
		switch h.New {
		case rulediff.ByArm:
			add(rulediff.Added, "%s now %s an arm; before: %s", names, be, handledBy[h.Old])
		case rulediff.ByOtherwise:
			add(rulediff.Changed, "%s now left to `otherwise`; before: %s", names, handledBy[h.Old])
		default:
			add(rulediff.Removed, "%s no longer handled; before: %s", names, handledBy[h.Old])
		}
	}
	if r.Calls != nil {
		add(rulediff.Changed, "%s", callsText("1,000 events of this rule", *r.Calls))
	}
	return all
}

var handledBy = map[string]string{rulediff.ByArm: "an arm", rulediff.ByOtherwise: "`otherwise`", rulediff.ByNobody: "nobody"}

// whenText says for which statuses something is so: "when Sent, Delivered".
func whenText(when []string) string {
	var names []string
	text := ""
	for _, s := range when {
		switch s {
		case rulediff.Always:
			text = "for every event"
		case rulediff.ByOtherwise:
		default:
			names = append(names, s)
		}
	}
	if len(names) > 0 {
		text = strings.TrimPrefix(text+" and when "+strings.Join(names, ", "), " and ")
	}
	if len(when) > 0 && when[len(when)-1] == rulediff.ByOtherwise {
		text = strings.TrimPrefix(text+" and otherwise", " and ")
	}
	return text
}

// fieldSentence says what differs of a field: "now also written when Sent".
func fieldSentence(f *rulediff.Field, when []string) string {
	switch {
	case f.Change == rulediff.Removed:
		return "no longer written " + whenText(when)
	case f.Change == rulediff.Added && f.Elsewhere:
		return "now also written " + whenText(when)
	case f.Change == rulediff.Added:
		return "now written " + whenText(when)
	}
	return "changes " + whenText(when)
}

func (c *console) printActionDiff(a *rulediff.Action) {
	fmt.Fprintln(c.out, hanging("  "+c.marked(a.Change)+" ", a.Head, c.width)+"  "+c.style.dim(fmt.Sprintf("line %d", a.Line)))
	if a.Was != "" {
		fmt.Fprintln(c.out, c.style.dim(hanging("      before: ", a.Was, c.width)))
	}
	if len(a.Fields) == 0 {
		text := map[string]string{rulediff.Added: "now done ", rulediff.Removed: "no longer done ", rulediff.Changed: "changes "}[a.Change]
		fmt.Fprintf(c.out, "      %s%s\n", text, whenText(a.When))
	}
	t := table{indent: "    "}
	for i := range a.Fields {
		f := &a.Fields[i]
		value := f.New
		switch f.Change {
		case rulediff.Changed:
			value = f.Old + " → " + f.New
		case rulediff.Removed:
			value = f.Old
		}
		t.row(cell{marks[f.Change], c.colour(f.Change)}, a.Object+"."+f.Name, cell{fieldSentence(f, a.When), c.style.dim}, value)
	}
	t.write(c.out, c.width)
}

func (c *console) colour(change string) func(string) string {
	switch change {
	case rulediff.Added:
		return c.style.green
	case rulediff.Removed:
		return c.style.red
	}
	return c.style.yellow
}
