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

// item writes a paragraph with its mark in front.
func (c *console) item(indent, change, text string) {
	mark := marks[change]
	lines := hanging(indent+mark+" ", text, c.width)
	fmt.Fprintln(c.out, indent+c.marked(change)+strings.TrimPrefix(lines, indent+mark))
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
		mark, head := c.style.red("+"), "new warning "
		if f.Change == rulediff.Removed {
			mark, head = c.style.green("-"), "no more warning "
		}
		fmt.Fprintln(c.out, hanging(mark+" ", fmt.Sprintf("%s[%s] %s", head, f.Code, f.Message), c.width))
		fmt.Fprintf(c.out, "    %s\n", c.style.dim(fmt.Sprintf("%s:%d", f.File, f.Line)))
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(c.out)
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
		c.item("  ", s.change, s.text)
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
	whole := r.Change == rulediff.Added || r.Change == rulediff.Removed
	if whole {
		add(r.Change, "on %s", r.On)
	}
	if t := r.Trigger; t != nil {
		add(rulediff.Changed, "now on %s, before on %s", t.New, t.Old)
	}
	if g := r.Guard; g != nil {
		switch {
		case whole:
			add(r.Change, "only if %s", g.New+g.Old)
		case g.Old == "":
			add(rulediff.Added, "now only if %s", g.New)
		case g.New == "":
			add(rulediff.Removed, "no longer only if %s", g.Old)
		default:
			add(rulediff.Changed, "now only if %s, before if %s", g.New, g.Old)
		}
	}
	if r.After != "" {
		add(rulediff.Changed, "now after rule %s, which sets some of the same fields: the last one wins", r.After)
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
		change := rulediff.Changed
		switch {
		case h.New == rulediff.ByNobody:
			change = rulediff.Removed
		case h.Old == rulediff.ByNobody:
			change = rulediff.Added
		}
		add(change, "%s: now handled by %s, before by %s", names, handledBy[h.New], handledBy[h.Old])
	}
	if r.Calls != nil {
		add(rulediff.Changed, "%s", callsText("1,000 events of this rule", *r.Calls))
	}
	return all
}

var handledBy = map[string]string{rulediff.ByArm: "an arm that names it", rulediff.ByOtherwise: "otherwise", rulediff.ByNobody: "nobody"}

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
		text = strings.TrimPrefix(text+" and for all other statuses", " and ")
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
	c.item("  ", a.Change, fmt.Sprintf("%s (line %d)", a.Head, a.Line))
	if a.Was != "" {
		fmt.Fprintln(c.out, c.style.dim(hanging("      before: ", a.Was, c.width)))
	}
	if a.After != "" {
		fmt.Fprintln(c.out, c.style.dim(hanging("      now after: ", a.After, c.width)))
	}
	if len(a.Fields) == 0 {
		text := map[string]string{rulediff.Added: "now done ", rulediff.Removed: "no longer done ", rulediff.Changed: "changes "}[a.Change]
		fmt.Fprintf(c.out, "      %s%s\n", text, whenText(a.When))
	}
	for i := range a.Fields {
		f := &a.Fields[i]
		what := fmt.Sprintf("%s.%s %s", a.Object, f.Name, fieldSentence(f, a.When))
		c.item("    ", f.Change, what)
		if f.Old != "" {
			fmt.Fprintln(c.out, c.style.red(hanging("        - ", f.Old, c.width)))
		}
		if f.New != "" {
			fmt.Fprintln(c.out, c.style.green(hanging("        + ", f.New, c.width)))
		}
	}
}
