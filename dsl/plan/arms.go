package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// responseStatuses are the statuses that a survey response can bring.
var responseStatuses = []string{"Responded", "Partially Responded", "Expired"}

// declareStatuses gathers the built-in statuses and the team's own.
func (c *compilation) declareStatuses(files []*dsl.File) {
	c.statuses = map[string]string{}
	for _, s := range dsl.Statuses {
		c.statuses[dsl.NormalStatus(s)] = s
	}
	for _, f := range files {
		for _, s := range f.Statuses {
			if n := dsl.NormalStatus(s.Text); c.statuses[n] == "" {
				c.statuses[n] = s.Text
			}
		}
	}
}

// arms compiles the arms of a rule and checks which statuses they handle.
func (c *compilation) arms(r *dsl.Rule, out *Rule, s *scope) {
	handled := map[string]dsl.Name{} // normal form -> where
	var otherwise *dsl.Arm
	guessed := true // whether what unknown statuses were meant for is known
	for _, arm := range r.Arms {
		compiled := &Arm{Otherwise: arm.Otherwise, Line: s.source.Position(arm.From).Line, tree: arm}
		if otherwise != nil {
			d := c.report(s.source, arm.Span, dsl.Error, "S109", "nothing can follow `otherwise`")
			if d.Help = "move this arm above it"; arm.Otherwise {
				d.Help = "a rule has one `otherwise`: bring their actions together"
			}
			d.Labels = []dsl.Label{{Source: s.source, Span: otherwise.Span, Text: "`otherwise` takes every status that is left"}}
		} else if arm.Otherwise {
			otherwise = arm
			out.otherwise = compiled
		}
		for _, st := range arm.Statuses {
			compiled.Statuses = append(compiled.Statuses, st.Text)
			n := dsl.NormalStatus(st.Text)
			if c.statuses[n] == "" {
				meant := c.unknownStatus(s.source, st)
				guessed = guessed && len(meant) > 0
				for _, m := range meant {
					handled[dsl.NormalStatus(m)] = st
				}
				continue
			}
			if first, ok := handled[n]; ok {
				d := c.report(s.source, st.Span, dsl.Error, "S108", "`%s` is handled twice", st.Text)
				d.Help = "an event takes the first arm that names its status"
				d.Labels = []dsl.Label{{Source: s.source, Span: first.Span, Text: "the first time"}}
				continue
			}
			handled[n] = st
			out.byStatus[n] = compiled
			if r.On != nil && r.On.Kind == dsl.SurveyResponse && c.neverInResponse(n) {
				d := c.report(s.source, st.Span, dsl.Warning, "S303", "a survey response never has the status `%s`", st.Text)
				d.Help = "this arm belongs in a rule `on outbound message`"
			}
		}
		inner := c.lets(arm.Lets, s)
		for _, a := range arm.Actions {
			compiled.Actions = append(compiled.Actions, c.action(a, inner, out))
		}
		out.Arms = append(out.Arms, compiled)
	}
	if otherwise == nil && len(r.Arms) > 0 && r.On != nil && guessed {
		c.unhandled(r, handled, s)
	}
}

// neverInResponse reports whether a status belongs only to sending a survey. A
// team's own status may mean anything.
func (c *compilation) neverInResponse(normal string) bool {
	isBuiltIn := func(s string) bool { return dsl.NormalStatus(s) == normal }
	return slices.ContainsFunc(dsl.Statuses, isBuiltIn) && !slices.ContainsFunc(responseStatuses, isBuiltIn)
}

// unhandled warns of the statuses for which a rule has no arm.
func (c *compilation) unhandled(r *dsl.Rule, handled map[string]dsl.Name, s *scope) {
	expected := responseStatuses
	if r.On.Kind == dsl.OutboundMessage {
		expected = slices.Clone(dsl.Statuses)
		for n, spelt := range c.statuses {
			if !slices.ContainsFunc(expected, func(b string) bool { return dsl.NormalStatus(b) == n }) {
				expected = append(expected, spelt)
			}
		}
		slices.Sort(expected[len(dsl.Statuses):])
	}
	var missing []string
	for _, st := range expected {
		if _, ok := handled[dsl.NormalStatus(st)]; !ok {
			missing = append(missing, st)
		}
	}
	if len(missing) == 0 {
		return
	}
	d := c.report(s.source, r.Arms[0].Span, dsl.Warning, "S302", "nobody handles %s", strings.Join(missing, ", "))
	d.Help = "add an arm for them, or `otherwise`"
}

// unknownStatus reports a status that there is not. It returns the statuses that were
// meant, if that can be told.
func (c *compilation) unknownStatus(src *dsl.Source, st dsl.Name) (meant []string) {
	known := make([]string, 0, len(c.statuses))
	for _, spelt := range c.statuses {
		known = append(known, spelt)
	}
	slices.Sort(known)
	d := c.report(src, st.Span, dsl.Error, "S102", "there is no status `%s`", st.Text)
	become := func(text string) {
		d.Fixes = []dsl.Fix{{Title: "write `" + text + "`", Edits: []dsl.Edit{{Span: st.Span, New: text}}}}
	}
	if meant = c.joinedStatuses(st.Text); len(meant) > 0 {
		become(strings.Join(meant, ", "))
		d.Help = "statuses have commas between them: " + strings.Join(meant, ", ")
		return meant
	}
	if strings.ContainsAny(st.Text, "=<>") || ifInStatus.MatchString(st.Text) {
		d.Help = "only statuses stand here; a condition stands behind an action's object: `update … where … if …`"
		return nil
	}
	if better, ok := dsl.Suggest(st.Text, known); ok {
		become(better)
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		return []string{better}
	}
	d.Help = fmt.Sprintf("if it is one of your own, declare it at the top of the file: statuses %s", st.Text)
	return nil
}

var (
	ifInStatus   = regexp.MustCompile(`\sif\s`)
	joinOfStatus = regexp.MustCompile(`(?i)\s+(?:or|and)\s+|\s*[;|/&+]+\s*`)
)

// joinedStatuses returns the statuses in a text that joins them by other things than
// commas, nil if that is not what it does.
func (c *compilation) joinedStatuses(text string) []string {
	parts := joinOfStatus.Split(text, -1)
	if len(parts) < 2 {
		return nil
	}
	for i, part := range parts {
		if parts[i] = c.statuses[dsl.NormalStatus(part)]; parts[i] == "" {
			return nil
		}
	}
	return parts
}
