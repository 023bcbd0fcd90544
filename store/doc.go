// Package store names what must outlive the process, and what any engine that
// keeps it has to promise: events waiting to be run, how each of them was
// settled, small state with compare-and-swap, and the run log.
//
// The package holds types and the interface [Store]; store/bolt is the embedded
// engine, and store/storetest is the conformance suite that every engine passes
// unchanged.
//
// # The life of an event
//
// A receiver calls [Store.Append]; when it returns, the event is on disk and may
// be acknowledged. Events are spread over [Partitions] partitions by a hash of
// their key. Whoever runs events takes [Claim]s, one a partition, and repeats:
//
//	items, due, err := claim.Next(ctx, 200) // what is unsettled and due, in order
//	priors, err := claim.Begin(ctx, ...)    // before a call that must not be repeated blindly
//	...                                     // the calls to Salesforce
//	err = claim.Settle(ctx, ...)            // what became of it: one atomic step
//
// A settlement ends the event ([Done]), or puts it back until a time or until
// another message arrives ([Wait]), or notes how far it has come ([Save]). What
// the settlement carries along (entries of the run log, marks, a kept message)
// is committed with it or not at all, so that no crash can separate an event
// from its outcome. After a crash the event is handed out again, with the
// progress that was saved and with its begun intents in doubt.
//
// # Order
//
// Sequence numbers rise within a partition, and Next hands out in that order.
// An event that waits for a time holds back the later events of its key, so
// that a retry is never overtaken. An event that waits for a message does not:
// the message may well carry the same key.
//
// # Errors
//
// Errors wrap one of the sentinels of this package ([ErrFull], [ErrFenced],
// [ErrClosed], [ErrUnavailable], [ErrConflict], [ErrNotFound], [ErrInvalid]);
// test them with errors.Is.
package store
