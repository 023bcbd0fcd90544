package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// finish writes the file's text: the rule, and a test that expects what the rule
// makes of the sample event. Event is the text of the sample if it needs a file.
func (c *console) finish(d *draft) (text, event string, err error) {
	if d.sample == "" {
		d.sample, d.invented = d.madeUp(), true
	}
	if d.given == "" {
		base := path.Join("events", strings.TrimSuffix(filepath.Base(d.path), ruleExtension))
		d.given = base + ".json"
		for n := 2; d.exists(d.given); n++ {
			d.given = fmt.Sprintf("%s-%d.json", base, n)
		}
		event = indentJSON(d.sample) + "\n"
	}
	text = d.rule()
	p, err := c.compileNew(d, text)
	if err != nil {
		return "", "", err
	}
	e, err := d.evaluate(p)
	if err != nil {
		return "", "", err
	}
	with := ""
	for _, change := range d.changes() {
		with += change.String()
	}
	expects, why := expectations(e)
	if expects == "" {
		return "", "", problemf("choose other values, or another --event", "the sample event would write nothing: %s", why)
	}
	text += fmt.Sprintf("\ntest %s\ngiven %s\n%s%sexpect nothing else\n", d.testName(), d.given, with, expects)
	if formatted, ok := dsl.Format(dsl.NewSource(d.path, []byte(text))); ok {
		text = formatted
	}
	_, err = c.compileNew(d, text)
	return text, event, err
}

// exists reports whether there is a file of that name, from where the rule file is.
func (d *draft) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(filepath.Dir(d.path), filepath.FromSlash(name)))
	return err == nil
}

// compileNew compiles the text, and shows what is wrong with it.
func (c *console) compileNew(d *draft, text string) (*plan.Plan, error) {
	set := d.compiled(text)
	if set.plan == nil {
		return nil, c.refuse(set.diagnostics)
	}
	return set.plan, nil
}

func (d *draft) testName() string {
	if d.trigger == onMessage {
		return "A status reaches the " + strings.ToLower(d.object.Label)
	}
	return "A response reaches the " + strings.ToLower(d.object.Label)
}

// expectations is what an event comes to, as a test says it.
func expectations(e *plan.Evaluation) (text, why string) {
	var b strings.Builder
	for _, run := range e.Runs {
		if why = run.Reason; len(run.Writes) == 0 {
			continue
		}
		for _, w := range run.Writes {
			if w.State != plan.Ready {
				why = w.Reason
				continue
			}
			fmt.Fprintf(&b, "expect %s %s", plan.Verb(w.Action.Kind), w.Action.Object)
			if w.Action.MatchField != "" {
				fmt.Fprintf(&b, " where %s = %s", w.Action.MatchField, quoteText(w.MatchValue))
			}
			b.WriteString("\n")
			word := "set "
			gjson.ParseBytes(w.Body).ForEach(func(name, value gjson.Result) bool {
				fmt.Fprintf(&b, "%s%s = %s\n", word, name.Str, value.Raw)
				word = ""
				return true
			})
		}
	}
	if b.Len() == 0 && why == "" {
		why = "no rule concerns it"
	}
	return b.String(), why
}

// quoteText writes text as the language does.
func quoteText(text string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(text)
	return strings.TrimSpace(b.String())
}

func indentJSON(text string) string {
	pretty, err := json.MarshalIndent(json.RawMessage(text), "", "  ")
	if err != nil {
		return text
	}
	return string(pretty)
}
