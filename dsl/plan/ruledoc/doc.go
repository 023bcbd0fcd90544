// Package ruledoc tells an admin what rules write to Salesforce: for every object and
// field where its value comes from, when, and by which rule.
//
//	d := ruledoc.New(ruledoc.Set{Plan: p, Schema: s})
//	fmt.Print(d.Markdown())
//	err := d.HTML(w) // one page, with a picture of each rule
//
// The same rules always give the same text. Everything that comes from rules and
// schema is escaped, so that no name becomes markup.
package ruledoc
