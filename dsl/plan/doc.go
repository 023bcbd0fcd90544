// Package plan gives rules their meaning: it checks the trees of package dsl
// against Salesforce's schema, compiles them, and evaluates events to writes. It
// does no input or output, so that any Go program can embed it; the example of
// [Compile] is a whole one.
//
// # From rules to writes
//
//	file, faults := dsl.Parse(dsl.NewSource(path, text))
//	p, diagnostics := plan.Compile([]*dsl.File{file}, plan.Options{Schema: …})
//	var e plan.Evaluation
//	err := p.Eval(&e, event, "")
//	// e.Runs: for each rule that the event concerns, its writes and why
//
// A [Plan] does not change and is safe for concurrent use. An [Evaluation] holds
// the buffers of one goroutine, which the next event uses again.
//
// # Values
//
// Expressions are expr-lang expressions over the namespaces of an event, with
// none of expr's functions and with those of [Functions]. A value is text, a
// number, true or false, a date, a date-time, a list, or missing (null):
//
//   - A missing value leaves its field as it is. Only the literal null clears one.
//   - A comparison of order, or a calculation, with a missing value is missing.
//   - == and != always answer: a missing value equals only null.
//   - and, or and not reckon with missing values: a side that decides decides.
//   - A guard that is missing does not let anything through.
//
// # Salesforce changes
//
// [CompareSchemas] tells which lines of the rules a change of Salesforce's schema
// breaks, and which mean something else from then on. [NeedsOf] tells what the
// connected user has to be allowed: as data, held against a describe, and as the
// metadata of a permission set.
//
// # How it is fast
//
// A path is not looked up when it is needed. All paths of all the rules that an
// event can concern stand in one tree, and one walk over the event's JSON fills
// their slots. A field that takes a path as it stands gets the JSON as it stands,
// so that 4.50 and numbers of any size stay exact; static text is encoded when the
// plan is made; only what has to be computed runs in expr's virtual machine.
package plan
