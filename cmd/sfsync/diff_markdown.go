package main

import (
	"fmt"
	"html"
	"strings"

	"github.com/sfsync/sfsync/dsl/plan/rulediff"
	"github.com/sfsync/sfsync/dsl/plan/ruledoc"
)

// diffMarkdown says what differs, for a pull request. Names and values are the rules'
// and the events', so nothing of them is taken for Markdown.
func diffMarkdown(r *diffReport) string {
	var b strings.Builder
	text, code := ruledoc.EscapeMarkdown, ruledoc.CodeMarkdown
	b.WriteString("## What the rules do otherwise\n")
	if r.Empty() {
		b.WriteString("\nThe rules do the same as before.\n")
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		fmt.Fprintf(&b, "\n### %s\n\n%s, %s\n\n", text(rule.Name), text(upperFirst(ruleChange(rule))), code(fmt.Sprintf("%s:%d", rule.File, rule.Line)))
		for _, s := range ruleSentences(rule) {
			fmt.Fprintf(&b, "- %s\n", text(s.text))
		}
		for j := range rule.Actions {
			actionMarkdown(&b, &rule.Actions[j])
		}
	}
	if declared := statusDeclarations(r.Diff); len(declared) > 0 {
		b.WriteString("\n### Statuses\n\n")
		for _, s := range declared {
			fmt.Fprintf(&b, "- %s\n", text(s.text))
		}
	}
	if len(r.Findings) > 0 {
		b.WriteString("\n### Warnings\n\n")
		for i := range r.Findings {
			f := &r.Findings[i]
			head := "New"
			if f.Change == rulediff.Removed {
				head = "Gone"
			}
			fmt.Fprintf(&b, "- **%s** %s: %s (%s)\n", head, f.Code, text(f.Message), code(fmt.Sprintf("%s:%d", f.File, f.Line)))
		}
	}
	if r.Calls.Old != r.Calls.New {
		fmt.Fprintf(&b, "\n%s\n", text(callsText("1,000 events", r.Calls)+"."))
	}
	if r.Replay != nil {
		replayMarkdown(&b, r.Replay)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "\n_Note: %s._\n", text(note))
	}
	return b.String()
}

func actionMarkdown(b *strings.Builder, a *rulediff.Action) {
	text, code := ruledoc.EscapeMarkdown, ruledoc.CodeMarkdown
	word := map[string]string{rulediff.Added: "added", rulediff.Removed: "removed", rulediff.Changed: "changed"}[a.Change]
	fmt.Fprintf(b, "\n**%s** %s, line %d, %s\n", upperFirst(word), code(a.Head), a.Line, text(whenText(a.When)))
	if a.Was != "" {
		fmt.Fprintf(b, "\nbefore: %s\n", code(a.Was))
	}
	if a.After != "" {
		fmt.Fprintf(b, "\nnow after: %s\n", code(a.After))
	}
	if len(a.Fields) == 0 {
		return
	}
	b.WriteString("\n| | field | | before | now |\n|---|---|---|---|---|\n")
	for i := range a.Fields {
		f := &a.Fields[i]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", marks[f.Change], text(a.Object+"."+f.Name), text(fieldSentence(f, a.When)), code(f.Old), code(f.New))
	}
}

func replayMarkdown(b *strings.Builder, r *replay) {
	text, code := ruledoc.EscapeMarkdown, ruledoc.CodeMarkdown
	b.WriteString("\n## Events that end otherwise\n\n")
	for _, line := range r.summary() {
		b.WriteString(text(line) + "\n")
	}
	for i := range r.Changes {
		if i == maxPrinted {
			break
		}
		ev := &r.Changes[i]
		fmt.Fprintf(b, "\n<details><summary>%s</summary>\n", html.EscapeString(eventTitle(ev)))
		for j := range ev.Writes {
			w := &ev.Writes[j]
			for k, line := range writeSentences(w) {
				if k == 0 {
					fmt.Fprintf(b, "\n%s %s\n", marks[w.Change], code(line))
				} else {
					fmt.Fprintf(b, "\n%s\n", text(line))
				}
			}
			if len(w.Fields) == 0 {
				continue
			}
			b.WriteString("\n| field | before | now |\n|---|---|---|\n")
			for _, f := range w.Fields {
				fmt.Fprintf(b, "| %s | %s | %s |\n", text(f.Field), code(string(f.Old)), code(string(f.New)))
			}
		}
		b.WriteString("\n</details>\n")
	}
	if left := r.Differ - min(len(r.Changes), maxPrinted); left > 0 {
		fmt.Fprintf(b, "\nand %s\n", plural(left, "more event"))
	}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
