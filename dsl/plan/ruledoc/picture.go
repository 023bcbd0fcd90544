package ruledoc

import (
	"fmt"
	"html"
	"strings"
)

// The measures of a picture, in pixels.
const (
	lineHeight   = 18
	padding      = 10
	gapX         = 56
	gapY         = 14
	triggerWidth = 220
	armWidth     = 190
	writeWidth   = 430
	maxLines     = 24 // of a box
)

// line is a line of text in a box.
type line struct{ text, class string }

// box is a rectangle with text.
type box struct {
	x, y, w, h float64
	lines      []line
	class      string
	more       string // the whole text, where a line is cut
}

func newBox(width float64, class string) *box { return &box{w: width, class: class} }

// add puts text into a box, on as many lines as it takes.
func (b *box) add(class, text string) {
	for _, l := range wrapped(text, b.w-2*padding, class) {
		b.lines = append(b.lines, line{l, class})
	}
}

// addCut puts text into a box on one line, and cuts what has no room.
func (b *box) addCut(class, text string) {
	text = strings.Join(strings.Fields(text), " ")
	b.more += text + "\n"
	b.lines = append(b.lines, line{cut(text, b.w-2*padding, class), class})
}

// close fixes the height of a box.
func (b *box) close() {
	if left := len(b.lines) - maxLines; left > 0 {
		b.lines = append(b.lines[:maxLines-1], line{fmt.Sprintf("… and %d more lines", left+1), "dim"})
	}
	b.h = float64(len(b.lines))*lineHeight + 2*padding - 4
}

// row is an arm with its writes, side by side.
type row struct {
	arm    *box
	writes []*box
}

// Picture draws a rule as SVG: its trigger, its arms, and what they write. The id
// tells it from other pictures of the page.
func (r *Rule) Picture(id string) string {
	trigger := newBox(triggerWidth, "trigger")
	trigger.add("head", "on "+r.On)
	if r.IfSource != "" {
		trigger.add("dim", "if "+r.IfSource)
	}
	trigger.close()
	var rows []row
	for i := range r.Arms {
		rows = append(rows, armRow(&r.Arms[i]))
	}
	if len(r.Unhandled) > 0 {
		b := newBox(armWidth, "nobody")
		b.add("dim", "nobody handles")
		b.add("", strings.Join(r.Unhandled, ", "))
		b.close()
		rows = append(rows, row{arm: b})
	}
	width, height := place(trigger, rows)
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="%[1]s-t %[1]s-d" viewBox="0 0 %.0[2]f %.0[3]f" width="%.0[2]f" height="%.0[3]f">`, id, width, height)
	fmt.Fprintf(&s, `<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, escape("Rule "+r.Name), id, escape(r.describe()))
	for _, row := range rows {
		s.WriteString(edge(trigger, row.arm))
		for _, w := range row.writes {
			s.WriteString(edge(row.arm, w))
		}
	}
	trigger.draw(&s)
	for _, row := range rows {
		row.arm.draw(&s)
		for _, w := range row.writes {
			w.draw(&s)
		}
	}
	s.WriteString("</svg>")
	return s.String()
}

func armRow(a *Arm) row {
	arm := newBox(armWidth, "arm")
	if len(a.When) > 0 {
		arm.add("dim", "when")
	}
	arm.add("head", a.Title())
	if len(a.Actions) == 0 {
		arm.add("dim", "does nothing")
	}
	arm.close()
	out := row{arm: arm}
	for i := range a.Actions {
		act := &a.Actions[i]
		b := newBox(writeWidth, act.Verb)
		head := act.Verb + " " + act.Object
		if act.Connection != "" {
			head += " in " + act.Connection
		}
		b.addCut("head", head)
		if act.MatchField != "" {
			b.addCut("dim", "where "+act.MatchField+" is "+act.Match)
		}
		if act.If != "" {
			b.addCut("dim", "if "+act.If)
		}
		for _, f := range act.Fields {
			b.addCut("", f.Field+" ← "+strings.TrimPrefix(f.Words, "the text "))
		}
		b.close()
		out.writes = append(out.writes, b)
	}
	return out
}

// place lays the boxes out in three columns, each beside the top of what follows from
// it, so that the beginning of everything is in sight on a small screen, too. It returns
// the size of the whole.
func place(trigger *box, rows []row) (width, height float64) {
	const margin = 4
	trigger.x, trigger.y = margin, margin
	armX := trigger.x + trigger.w + gapX
	width, height = trigger.x+trigger.w, trigger.y+trigger.h
	y := float64(margin)
	for _, r := range rows {
		r.arm.x, r.arm.y = armX, y
		bottom := y + r.arm.h
		for _, w := range r.writes {
			w.x, w.y = armX+r.arm.w+gapX, y
			y += w.h + gapY
			bottom = max(bottom, w.y+w.h)
			width = max(width, w.x+w.w)
		}
		width, height = max(width, r.arm.x+r.arm.w), max(height, bottom)
		y = bottom + gapY
	}
	return width + margin, height + margin
}

// anchor is how far below the top of a box its edges begin and end.
const anchor = 17

func edge(from, to *box) string {
	x1, y1 := from.x+from.w, from.y+anchor
	x2, y2 := to.x, to.y+anchor
	middle := (x1 + x2) / 2
	class := "edge"
	if to.class == "nobody" {
		class = "edge nobody"
	}
	return fmt.Sprintf(`<path class="%s" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/>`, class, x1, y1, middle, y1, middle, y2, x2, y2)
}

func (b *box) draw(s *strings.Builder) {
	fmt.Fprintf(s, `<g class="%s"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="7"/>`, b.class, b.x, b.y, b.w, b.h)
	if b.more != "" {
		fmt.Fprintf(s, `<title>%s</title>`, escape(strings.TrimSpace(b.more)))
	}
	for i, l := range b.lines {
		class := ""
		if l.class != "" {
			class = ` class="` + l.class + `"`
		}
		fmt.Fprintf(s, `<text%s x="%.1f" y="%.1f">%s</text>`, class, b.x+padding, b.y+padding+float64(i)*lineHeight+11, escape(l.text))
	}
	s.WriteString("</g>")
}

// describe says what the picture shows, for who cannot see it.
func (r *Rule) describe() string {
	s := "Runs when " + r.Trigger
	if r.If != "" {
		s += ", but only if " + r.If
	}
	s += "."
	for i := range r.Arms {
		a := &r.Arms[i]
		s += " " + upperFirst(a.Title()) + ": "
		var parts []string
		for j := range a.Actions {
			var fields []string
			for _, f := range a.Actions[j].Fields {
				fields = append(fields, f.Field)
			}
			parts = append(parts, a.Actions[j].Verb+" "+a.Actions[j].Object+", set "+strings.Join(fields, ", "))
		}
		if len(parts) == 0 {
			parts = []string{"nothing"}
		}
		s += strings.Join(parts, "; ") + "."
	}
	if len(r.Unhandled) > 0 {
		s += " Nobody handles " + strings.Join(r.Unhandled, ", ") + "."
	}
	return s
}

// escape makes text stand in SVG and HTML as it is.
func escape(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return '�' // XML has no such character
		}
		return r
	}, text))
}
