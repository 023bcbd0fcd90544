package plan

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// TestLanguageManual checks every rule of the manual: none has anything wrong.
func TestLanguageManual(t *testing.T) {
	text, err := os.ReadFile("../LANGUAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	s := exampleSchema(t)
	blocks := strings.Split(string(text), "```sfsync\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the manual shows no rules")
	}
	for i, block := range blocks {
		rules, _, _ := strings.Cut(block, "```")
		f, diags := dsl.Parse(dsl.NewSource(fmt.Sprintf("LANGUAGE.md#%d", i+1), []byte(rules)))
		_, more := Compile([]*dsl.File{f}, Options{Schema: func(string) *schema.Schema { return s }})
		if diags = append(diags, more...); len(diags) > 0 {
			t.Errorf("block %d yields %s", i+1, show(diags))
		}
	}
}
