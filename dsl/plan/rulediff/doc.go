// Package rulediff says what a change of rules means: which writes come, go or change,
// for which statuses, and what that does to loops and to API calls.
//
//	d := rulediff.Compare(
//		rulediff.Side{Plan: before, Findings: itsDiagnostics},
//		rulediff.Side{Plan: after, Findings: itsDiagnostics})
//	if !d.Empty() { … }
//
// Each rule is taken apart into what it does for every status there is, through
// whichever arm, and that is what is compared. So layout, comments, the names of lets
// and the order of rules, arms and fields do not count, nor does how statuses are
// spread over arms. Order counts only where actions or rules set the same field of the
// same record, since the last of them wins. A rule is known again by its name, or else by
// what it does.
package rulediff
