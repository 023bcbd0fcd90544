package lsp

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
)

// rules2000 are rules of 2,000 lines.
func rules2000() string {
	var b strings.Builder
	b.WriteString("connection production\nstatuses Soft Bounce\n\n")
	for i := 0; strings.Count(b.String(), "\n") < 1980; i++ {
		fmt.Fprintf(&b, `rule Answers %d
on survey response survey-%d if answers.nps != null
let score = number(answers.nps)

when Responded, Partially Responded
  update Contact where Id = profile.salesforce_contact_id
    set NPS_Score__c        = round(score, 0)
        Customer_Comment__c = trim(answers.comment)
        Last_Survey_At__c   = response.date
        Survey_Status__c: Response Received
  upsert Survey_Response__c where Response_Id__c = response.id
    set Score__c              = score
        Comment__c            = truncate(answers.comment, 500)
        Account__r.Crm_Key__c = profile.crm_key

otherwise
  update Contact where Id = profile.salesforce_contact_id
    set Survey_Status__c: Expired

`, i, i)
	}
	return b.String()
}

// benchmark opens the rules and returns the place of an answer in the middle.
func benchmark(b *testing.B) (e *editor, uri string, at position) {
	old := debug.SetGCPercent(400) // sfsync lets garbage pile up, too
	b.Cleanup(func() { debug.SetGCPercent(old) })
	e = newEditor(b, Options{}, `{"textDocument": {"completion": {"completionItem": {"snippetSupport": true}}}}`)
	content := rules2000()
	uri, _ = e.open("rules.sfsync", content)
	e.diagnostics(uri)
	middle := len(content)/2 + strings.Index(content[len(content)/2:], "trim(answers.comment")
	before := content[:middle+len("trim(answers.")]
	return e, uri, position{strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n') - 1}
}

// BenchmarkDidChange2000 is one keystroke until its diagnostics have come.
func BenchmarkDidChange2000(b *testing.B) {
	e, uri, at := benchmark(b)
	b.ResetTimer()
	for i := range b.N {
		if i%2 == 0 {
			e.change(uri, &textRange{at, at}, "x")
		} else {
			e.change(uri, &textRange{at, position{at.Line, at.Character + 1}}, "")
		}
		e.diagnostics(uri)
	}
}

// BenchmarkRequests2000 is a keystroke and a request right behind it, which has to read
// the new text first, and the same request on a text that was read before.
func BenchmarkRequests2000(b *testing.B) {
	for _, name := range []string{
		"completion", "hover", "signatureHelp", "definition", "documentHighlight", "codeAction",
		"documentSymbol", "foldingRange", "semanticTokens/full", "formatting",
	} {
		for _, typing := range []bool{true, false} {
			label := name + "/read"
			if typing {
				label = name + "/typing"
			}
			b.Run(label, func(b *testing.B) {
				e, uri, at := benchmark(b)
				params := map[string]any{
					"textDocument": textDocument{uri}, "position": at, "range": textRange{at, at}, "context": map[string]any{},
				}
				b.ResetTimer()
				for i := range b.N {
					if typing {
						e.change(uri, &textRange{position{i % 2, 0}, position{i % 2, 1}}, "#")
					}
					e.ask("textDocument/"+name, params, nil)
				}
			})
		}
	}
}
