package ruledoc_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/ruledoc"
	"github.com/sfsync/sfsync/salesforce/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const contact = `{"name": "Contact", "label": "Person", "keyPrefix": "003", "createable": true, "updateable": true, "fields": [
	{"name": "Id", "type": "id", "label": "Contact ID"},
	{"name": "Survey__c", "type": "string", "label": "Survey <state>", "length": 40, "createable": true, "updateable": true, "nillable": true},
	{"name": "Sent_At__c", "type": "datetime", "label": "Sent at", "createable": true, "updateable": true, "nillable": true},
	{"name": "Score__c", "type": "string", "label": "Score", "length": 20, "createable": true, "updateable": true, "nillable": true},
	{"name": "Unknown__c", "type": "textarea", "label": "Unknown", "length": 2000, "createable": true, "updateable": true, "nillable": true},
	{"name": "Key__c", "type": "string", "label": "Key", "length": 20, "externalId": true, "createable": true, "updateable": true, "nillable": true},
	{"name": "Account__c", "type": "reference", "label": "Company", "relationshipName": "Account__r", "referenceTo": ["Account"], "createable": true, "updateable": true, "nillable": true}]}`

const task = `{"name": "Task", "label": "Task", "keyPrefix": "00T", "createable": true, "updateable": true, "fields": [
	{"name": "Id", "type": "id", "label": "Task ID"},
	{"name": "Subject", "type": "combobox", "label": "Subject", "length": 255, "createable": true, "updateable": true, "nillable": true}]}`

func set(t *testing.T, name, text string) ruledoc.Set {
	t.Helper()
	s, err := schema.ReadDir(fstest.MapFS{"Contact.json": {Data: []byte(contact)}, "Task.json": {Data: []byte(task)}})
	if err != nil {
		t.Fatal(err)
	}
	file, found := dsl.Parse(dsl.NewSource(name, []byte(text)))
	p, more := plan.Compile([]*dsl.File{file}, plan.Options{Schema: func(string) *schema.Schema { return s }})
	if p == nil {
		t.Fatal(append(found, more...))
	}
	return ruledoc.Set{Plan: p, Schema: s}
}

func example(t *testing.T) ruledoc.Set {
	t.Helper()
	text, err := os.ReadFile("testdata/rules.sfsync")
	if err != nil {
		t.Fatal(err)
	}
	return set(t, "rules.sfsync", string(text))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile("testdata/"+name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it)\n%s", name, diff)
	}
}

func page(t *testing.T, d *ruledoc.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) { golden(t, "rules.md", ruledoc.New(example(t)).Markdown()) }

func TestHTML(t *testing.T) { golden(t, "rules.html", page(t, ruledoc.New(example(t)))) }

func TestPicture(t *testing.T) {
	golden(t, "rule.svg", ruledoc.New(example(t)).Rules[0].Picture("r1")+"\n")
}

// Names and texts of rules are other people's: none of them becomes markup.
func TestNothingOfTheRulesBecomesMarkup(t *testing.T) {
	const evil = `<script>alert(1)</script><img src=x onerror=alert(1)>"'&]]>--></style></svg>`
	d := ruledoc.New(set(t, evil, "statuses "+evil+"\nrule "+evil+"\non survey response if answers['"+strings.ReplaceAll(evil, "'", "")+"'] != null\n"+
		"create Task set Subject: "+evil+"\nwhen "+evil+"\n"))
	if n := len(d.Rules); n != 1 {
		t.Fatalf("%d rules", n)
	}
	for name, text := range map[string]string{"HTML": page(t, d), "Markdown": codeSpan.ReplaceAllString(d.Markdown(), "")} {
		for _, bad := range []string{"<script", "<img", "]]>", "onerror=alert(1)>\""} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
	for i := range d.Rules {
		picture := d.Rules[i].Picture("r1")
		wellFormed(t, picture)
		if strings.Contains(picture, "<script") || strings.Contains(picture, "<img") {
			t.Errorf("the picture has markup of the rules: %s", picture)
		}
	}
}

// codeSpan is what Markdown shows as it is.
var codeSpan = regexp.MustCompile("`[^`]*`")

func wellFormed(t *testing.T, text string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
}

// The page is whole by itself.
func TestHTMLNeedsNothingElse(t *testing.T) {
	text := page(t, ruledoc.New(example(t)))
	for _, bad := range []string{"<script", "<link", "src=", "@import", "url(", "https:"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "http:") {
		t.Error("the page leads elsewhere")
	}
}

func TestSameRulesSameText(t *testing.T) {
	first := page(t, ruledoc.New(example(t)))
	for range 5 {
		if page(t, ruledoc.New(example(t))) != first {
			t.Fatal("two pages of the same rules differ")
		}
	}
}

func TestEscapeMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"NPS_Score__c":       "NPS_Score__c",
		"_x_ __y__ a_":       `\_x\_ \_\_y\_\_ a\_`,
		"a|b [c](d) `e` *f*": "a\\|b \\[c\\](d) \\`e\\` \\*f\\*",
		"<b>&\n x":           "&lt;b&gt;&amp; x",
		"\x1b[31m":           `�\[31m`,
	} {
		if got := ruledoc.EscapeMarkdown(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"":        "",
		"a | b":   "`a \\| b`",
		"`a` b":   "`` `a` b ``",
		"a\n\n b": "`a b`",
	} {
		if got := ruledoc.CodeMarkdown(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
