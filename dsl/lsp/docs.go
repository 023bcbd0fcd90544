package lsp

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

var causeNames = plan.Causes

// maxListed is how many values of a picklist a doc lists.
const maxListed = 40

// fieldDetail tells of a field on one line: its type and label.
func fieldDetail(f *schema.Field) string {
	return typeText(f) + " · " + f.Label
}

func typeText(f *schema.Field) string {
	switch {
	case f.Type == schema.TypeReference && len(f.ReferenceTo) > 0:
		return "lookup to " + strings.Join(f.ReferenceTo, ", ")
	case f.Type == schema.TypeBoolean:
		return "checkbox"
	case f.Type == schema.TypeMultiPicklist:
		return "multi-select picklist"
	case f.Type.Textual() && f.Length > 0:
		return fmt.Sprintf("%s(%d)", f.Type, f.Length)
	case f.Type.Numeric() && f.Precision > 0:
		return fmt.Sprintf("%s(%d, %d)", f.Type, f.Precision, f.Scale)
	}
	return string(f.Type)
}

// fieldDoc tells of a field what the schema knows.
func fieldDoc(f *schema.Field) string {
	var b strings.Builder
	name := f.Name
	if o := f.Object(); o != nil {
		name = o.Name + "." + name
	}
	fmt.Fprintf(&b, "**%s** · %s\n\n%s", name, escaped(f.Label), typeText(f))
	if f.RequiredOnCreate() {
		b.WriteString(", required on create")
	}
	if f.ExternalID {
		b.WriteString(", external id")
	}
	if f.Unique {
		b.WriteString(", unique")
	}
	if o := f.Object(); o == nil || !o.Partial {
		b.WriteString("\n\n" + writableText(f))
	}
	if f.InlineHelpText != "" {
		b.WriteString("\n\n" + escaped(f.InlineHelpText))
	}
	if f.DependentPicklist {
		fmt.Fprintf(&b, "\n\nIts values depend on %s.", f.ControllerName)
	}
	listed := 0
	for _, p := range f.PicklistValues {
		if !p.Active {
			continue
		}
		if listed++; listed > maxListed {
			continue
		}
		if listed == 1 {
			b.WriteString("\n")
		}
		b.WriteString("\n- " + escaped(p.Value))
		if p.Label != p.Value {
			b.WriteString(" (" + escaped(p.Label) + ")")
		}
		if p.Default {
			b.WriteString(", the default")
		}
	}
	if listed > maxListed {
		fmt.Fprintf(&b, "\n- and %d more", listed-maxListed)
	}
	return b.String()
}

func writableText(f *schema.Field) string {
	create, update := f.WhyNotCreateable(), f.WhyNotUpdateable()
	switch {
	case create == "" && update == "":
		return "can be written"
	case create == "":
		return "can be written on create only"
	case update == "":
		return "can be written on update only"
	}
	return "cannot be written: " + update
}

func objectDoc(o *schema.Object) string {
	doc := fmt.Sprintf("**%s** · %s\n\n", o.Name, escaped(o.Label))
	if o.Partial {
		return doc + "only what outbound messages carry is known of it"
	}
	switch {
	case o.Createable && o.Updateable:
		doc += "records can be created and updated"
	case o.Createable:
		doc += "records can be created, and not updated"
	case o.Updateable:
		doc += "records can be updated, and not created"
	default:
		return doc + "records cannot be written"
	}
	var required []string
	for _, f := range o.Fields {
		if f.RequiredOnCreate() {
			required = append(required, "`"+f.Name+"`")
		}
	}
	if len(required) > 0 {
		doc += "\n\na create needs " + strings.Join(required, ", ")
	}
	return doc
}

func functionDoc(f plan.Function) string {
	return fmt.Sprintf("```\n%s → %s\n```\n\n%s\n\nFor example: `%s`", f.Signature(), f.Result, escaped(f.Doc), f.Example)
}

// codeDoc explains a finding.
func codeDoc(d dsl.Diagnostic) string {
	info, ok := dsl.Explain(d.Code)
	if !ok {
		return ""
	}
	doc := fmt.Sprintf("**%s** · %s\n\n%s", d.Code, escaped(info.Title), info.Explanation)
	if info.Good != "" {
		doc += "\n\n```sfsync\n" + strings.TrimSpace(info.Good) + "\n```"
	}
	return doc
}

// escaped keeps other people's text from being read as Markdown.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`, "\n", " ", "\r", " ").Replace(text)
}
