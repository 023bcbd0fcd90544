package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// TestCodeExamples runs the examples that `sfsync explain` prints: the bad one
// yields exactly its code, the good one nothing.
func TestCodeExamples(t *testing.T) {
	s := exampleSchema(t)
	check := func(code dsl.Code, text string) []dsl.Diagnostic {
		o := Options{Connections: []string{"production", "sandbox"}}
		if code >= "S100" { // what is wrong with the text itself needs no org
			o.Schema = func(string) *schema.Schema { return s }
		}
		if code == "S114" {
			o.Samples = []string{strings.Replace(responded, `"profile":{`, `"profile":{"record_id":"0035g00000AbCdE",`, 1)}
		}
		if code == "S123" {
			o.File = func(_ *dsl.Source, name string) error {
				if name == "events/nowhere.json" {
					return errors.New("there is no such file")
				}
				return nil
			}
		}
		name := "example.sfsync"
		if code == "S125" {
			name = "example_test.sfsync"
		}
		f, diags := dsl.Parse(dsl.NewSource(name, []byte(text)))
		_, more := Compile([]*dsl.File{f}, o)
		return append(diags, more...)
	}
	for _, c := range dsl.Codes() {
		t.Run(string(c.Code), func(t *testing.T) {
			if c.Bad == "" || c.Good == "" || c.Title == "" || c.Explanation == "" {
				t.Fatal("a code needs a title, an explanation, a bad and a good example")
			}
			found := check(c.Code, c.Bad)
			if len(found) != 1 || found[0].Code != c.Code {
				t.Errorf("the bad example yields %s, want %s alone", show(found), c.Code)
			}
			if found := check(c.Code, c.Good); len(found) != 0 {
				t.Errorf("the good example yields %s", show(found))
			}
		})
	}
}

func show(ds []dsl.Diagnostic) string {
	var lines []string
	for _, d := range ds {
		lines = append(lines, string(d.Code)+" "+d.Message+" ["+d.Source.Slice(d.Span)+"] help: "+d.Help)
	}
	return strings.Join(lines, "\n    ")
}
