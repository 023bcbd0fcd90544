package plan

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
)

// What rules mean, and what is wrong with them, is the same when they are formatted.
func TestFormattedRulesMeanTheSame(t *testing.T) {
	texts := map[string]string{}
	for path, text := range goldenFiles(t) {
		texts[path] = golden.ReplaceAllString(text, "")
	}
	for _, c := range dsl.Codes() {
		texts["bad "+string(c.Code)], texts["good "+string(c.Code)] = c.Bad, c.Good
	}
	// Spaced as badly as can be.
	tight, wide := regexp.MustCompile(` ?(==|!=|<=|>=|\?\?|[=+*/<>,()\[\]]) ?`), regexp.MustCompile(`[ (),]`)
	for name, text := range texts {
		texts[name+", tight"], texts[name+", wide"] = tight.ReplaceAllString(text, "$1"), wide.ReplaceAllString(text, " $0 ")
	}
	plans, changed := 0, 0
	for name, text := range texts {
		formatted, ok := dsl.Format(dsl.NewSource("rules.sfsync", []byte(text)))
		if !ok {
			continue
		}
		if formatted != text {
			changed++
		}
		_, was, before := checkAll(t, goldenOptions(name), text)
		_, is, after := checkAll(t, goldenOptions(name), formatted)
		if diff := cmp.Diff(codesOf(before), codesOf(after)); diff != "" {
			t.Errorf("%s: something else is wrong with what is formatted: %s", name, diff)
		}
		if was != nil && is != nil {
			plans++
			if diff := cmp.Diff(shape(was), shape(is)); diff != "" {
				t.Errorf("%s: what is formatted does something else: %s", name, diff)
			}
		}
	}
	if plans < 20 || changed < 100 {
		t.Errorf("only %d plans were compared, %d texts formatted", plans, changed)
	}
}

func codesOf(ds []dsl.Diagnostic) []dsl.Code {
	var codes []dsl.Code
	for _, d := range ds {
		codes = append(codes, d.Code)
	}
	return codes
}

// shape is what a plan does, without the places and the text that it comes from.
func shape(p *Plan) Description {
	d := p.Describe(true)
	for i := range d.Rules {
		r := &d.Rules[i]
		r.Line = 0
		bare(r.Guard)
		bareActions(r.Actions)
		for j := range r.Arms {
			r.Arms[j].Line = 0
			bareActions(r.Arms[j].Actions)
		}
	}
	return d
}

func bareActions(actions []ActionDescription) {
	for i := range actions {
		a := &actions[i]
		a.Line = 0
		bare(a.Guard)
		bare(a.Match)
		for j := range a.Fields {
			a.Fields[j].Line = 0
			if a.Fields[j].How != Composed { // text stays as it is
				a.Fields[j].Source = ""
			}
		}
	}
}

func bare(x *ExprDescription) {
	if x != nil {
		x.Source = ""
	}
}
