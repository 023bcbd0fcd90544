// Package ruletest runs the test blocks of rule files.
//
//	p, _ := plan.Compile(files, plan.Options{})
//	report, err := ruletest.Run(ctx, ruletest.Set{Plan: p}, ruletest.Options{})
//	for _, t := range report.Tests {
//		fmt.Println(t.Name, t.Passed)
//	}
//
// Everything that a test says is data in its [Result]: what was expected, what was
// written instead, field by field, and the way that each event took through the rules.
//
// A test that is given one event runs the rules alone, in microseconds. A test that is
// given something of the org, or several events, runs the whole engine against a
// simulated org of its own, in some ten milliseconds: then order, repetition and what
// Salesforce refuses count, too. A status and the message that it belongs to count as one.
//
// # Which rules a test is about
//
// A test in a file with rules is about these. A test in a file whose name ends in
// _test.sfsync, or that has no rules, is about all rules of its folder. So a test means
// the same whether it is run alone or with others.
//
// # Fuzzing
//
// [Fuzz] makes events of the shape that rules read, and reports what makes a rule fail,
// empty a field, or set itself off again without end.
package ruletest
