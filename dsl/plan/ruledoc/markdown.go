package ruledoc

import (
	"fmt"
	"strings"
)

// Markdown writes the document as GitHub-flavoured Markdown.
func (d *Document) Markdown() string {
	var b strings.Builder
	text, code := EscapeMarkdown, CodeMarkdown
	fmt.Fprintf(&b, "# %s\n\n%s\n", title, text(d.Summary()))
	if len(d.Objects) > 0 {
		b.WriteString("\n## Fields\n")
	}
	for i := range d.Objects {
		o := &d.Objects[i]
		fmt.Fprintf(&b, "\n### %s\n\n", text(o.Title()))
		for _, k := range o.Keys {
			fmt.Fprintf(&b, "- %s (%s)\n", keyMarkdown(&k), text(strings.Join(k.Rules, ", ")))
		}
		b.WriteString("\n| field | comes from | when | rule |\n|---|---|---|---|\n")
		for j := range o.Fields {
			f := &o.Fields[j]
			for k := range f.Values {
				v := &f.Values[k]
				name := ""
				if k == 0 {
					name = fieldMarkdown(f)
				}
				when := text(WhenWords(v.When))
				for _, g := range v.If {
					when += "<br>if " + text(g)
				}
				from := text(v.Words)
				if !v.Plain() {
					from += "<br>" + code(v.Source)
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s<br>%s |\n", name, from, when, text(v.Rule), code(fmt.Sprintf("%s:%d", v.File, v.Line)))
			}
		}
	}
	if len(d.Rules) > 0 {
		b.WriteString("\n## Rules\n")
	}
	for i := range d.Rules {
		ruleMarkdown(&b, &d.Rules[i])
	}
	return b.String()
}

func keyMarkdown(k *Key) string {
	if k.Field == "" {
		return "a new record is made"
	}
	verb := "found by"
	if k.Verb == "upsert" {
		verb = "found, or made, by"
	}
	return verb + " " + EscapeMarkdown(k.Field+" = "+k.Words)
}

func fieldMarkdown(f *Field) string {
	text := "**" + EscapeMarkdown(f.Name) + "**"
	if f.Label != "" {
		text += "<br>" + EscapeMarkdown(f.Label)
	}
	if f.Type != "" {
		text += "<br>_" + EscapeMarkdown(f.Type) + "_"
	}
	return text
}

func ruleMarkdown(b *strings.Builder, r *Rule) {
	text, code := EscapeMarkdown, CodeMarkdown
	fmt.Fprintf(b, "\n### %s\n\n%s\n\nRuns when %s", text(r.Name), code(fmt.Sprintf("%s:%d", r.File, r.Line)), text(r.Trigger))
	if r.If != "" {
		fmt.Fprintf(b, ", but only if %s", text(r.If))
	}
	b.WriteString(".\n")
	for i := range r.Arms {
		a := &r.Arms[i]
		fmt.Fprintf(b, "\n- **%s**\n", text(upperFirst(a.Title())))
		if len(a.Actions) == 0 {
			b.WriteString("  - does nothing\n")
		}
		for j := range a.Actions {
			act := &a.Actions[j]
			fmt.Fprintf(b, "  - %s\n", text(act.Sentence()))
			for _, f := range act.Fields {
				fmt.Fprintf(b, "    - %s: %s\n", text(f.Field), text(f.Words))
			}
		}
	}
	if len(r.Unhandled) > 0 {
		fmt.Fprintf(b, "\nNobody handles: %s.\n", text(strings.Join(r.Unhandled, ", ")))
	}
	fmt.Fprintf(b, "\n1,000 events take at most %d API calls.\n", r.Calls)
}

// Plain reports whether the words say it all, as they do of a fixed value.
func (v *Value) Plain() bool {
	return strings.HasPrefix(v.Words, "the text “") || strings.HasPrefix(v.Words, "always ") || v.Source == "null"
}

const title = "What survey rules write to Salesforce"

// Summary says in a sentence what the document is about.
func (d *Document) Summary() string {
	fields := 0
	for i := range d.Objects {
		fields += len(d.Objects[i].Fields)
	}
	return fmt.Sprintf("%s in %s write %s of %s.", upperFirst(plural(len(d.Rules), "rule")), plural(len(d.Files), "file"), plural(fields, "field"), plural(len(d.Objects), "object"))
}

// Title names an object: its label and its name, and the connection if it has one.
func (o *Object) Title() string {
	t := o.Name
	if o.Label != "" && o.Label != o.Name {
		t = o.Label + " (" + o.Name + ")"
	}
	if o.Connection != "" {
		t += " in " + o.Connection
	}
	return t
}

// Sentence says which record an action writes, and when.
func (a *Action) Sentence() string {
	name := a.Object
	if a.Connection != "" {
		name += " in " + a.Connection
	}
	s := ""
	switch a.Verb {
	case "create":
		s = "make a new " + name
	case "update":
		s = fmt.Sprintf("change the %s whose %s is %s", name, a.MatchField, a.Match)
	default:
		s = fmt.Sprintf("change the %s whose %s is %s, or make it", name, a.MatchField, a.Match)
	}
	if a.If != "" {
		s += ", but only if " + a.If
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
