// Package dsl reads rule files: text becomes a tree and diagnostics.
//
//	src := dsl.NewSource("rules.sfsync", text)
//	file, diagnostics := dsl.Parse(src)
//	dsl.Render(os.Stderr, diagnostics, dsl.TextOptions{})
//
// A rule file says what a Salesforce outbound message or a survey response does to
// Salesforce records:
//
//	rule Answers on the contact
//	on survey response post-purchase-nps
//
//	when Responded, Partially Responded
//	  update Contact where Id = profile.salesforce_contact_id
//	    set NPS_Score__c = answers.nps
//	        Survey_Status__c: Response Received
//
// A line begins with a keyword, or with `Field = expression` or `Field: text`.
// Indentation means nothing. An expression ends with its line unless a bracket is
// open; text between braces in `Field: text` is an expression too.
//
// Parse never fails. Whatever the text is like, there is a tree of what could be
// read ([File]), and a [Diagnostic] for every fault. A diagnostic is data: its code
// is explained by [Explain], its fixes are edits of the text ([ApplyFixes]), and
// [Render], [RenderJSON], [RenderSARIF], [RenderGitHub] and [RenderJUnit] write it down.
// [Format] writes a file in the one style that rules have. What Parse finds are the codes S0xx, about the text
// itself, and S101, an unknown trigger; package plan knows what expressions, fields
// and statuses mean, and adds the others.
//
// How it works: lex.go cuts the text into tokens, and knows by the keyword of each
// statement what the rest of its line is made of. grammar.go has the grammar of
// single statements; parse.go and assemble.go put them together, so that a fault
// costs its statement and no more. fault.go says in the author's words what a
// statement lacks. format.go lays the tokens out again: format_lines.go knows of lines
// and their indentation, format_spaces.go of what stands between two words.
//
// The package does no input or output of its own and may be used from several
// goroutines at once.
package dsl
