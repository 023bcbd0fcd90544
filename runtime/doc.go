// Package runtime carries events through plans to writes. The same engine serves a
// file that is run once and a daemon that never ends:
//
//	engine, err := runtime.New(runtime.Config{
//		Store: st,                   // where events and outcomes live
//		Plan:  p,                    // what the rules compile to
//		Org: func(ctx context.Context, connection string) (runtime.Org, error) {
//			return runtime.Org{Client: client}, nil
//		},
//	})
//	answers, err := engine.Submit(ctx, runtime.SourceEvents, events)
//	err = engine.Drain(ctx)          // until nothing is left that could go on soon
//	err = engine.Run(ctx)            // or: until ctx ends
//
// An event is accepted when Submit returns, because it is on disk then. From there
// on it ends in exactly one outcome for each rule, which the run log shows: synced,
// skipped, failed, in doubt, or waiting until a time.
//
// # How it works
//
// One goroutine, the loop, decides everything and owns all that is in memory.
//
//   - merge.go reads the store's partitions and merges them into the order in
//     which events were accepted.
//   - evaluate.go turns an event into writes; progress.go takes up one that was
//     put off, with the very writes it began with.
//   - schedule.go lines writes up by record: one at a time, the first first.
//   - lane.go sends what is ready, up to 200 records a call. While few calls are in
//     flight it sends what is there; else lanes fill. No timer is involved.
//   - signin.go asks for the orgs, beside the loop.
//   - retry.go and connection.go decide what a failure means: for a write, or for
//     everything that goes to the org.
//   - settle.go puts outcomes on disk, all that gathered during the last commit in
//     the next one.
//
// # Order
//
// Writes to one record take effect in the order in which their events were
// accepted, whichever rules they come from. A record is what the rule names: an
// object and an id, or an object, an external-id field and its value. (A record
// that one rule names by id and another by external id is two here.) A write that
// is put off holds up the later ones to its record and nothing else, also across
// a restart (hold.go). Of a record that very many events write, a few hundred writes
// are in memory, and the others wait on disk, so that they hold up nobody else.
//
// A status that comes before its outbound message stands behind that, in the order
// of such statuses. Two events accepted at the same time by concurrent calls of
// Submit may go either way.
//
// Children of one parent go in one call at a time once lock errors show that they
// fight for it (contention.go), for ten minutes after the last of these.
//
// # Reading back
//
// With Config.Verify, the records of a call are read again before the next write to
// them, and the run log notes where they differ from what was sent (readback.go). A
// flow or trigger that changes a value is thus seen; the write has been done all the
// same.
//
// # Crashes
//
// What was in flight when the process died is done again, except creates: those
// are announced on disk before the call, and after a crash they are in doubt. The
// next event's write to a record begins only when the outcome of the one before is
// on disk, so what is done again is always what the record holds already or what
// comes next, and a record never goes back. (Only several writes of one event to
// the same record may be seen twice in a row.)
//
// # Trying again, giving up, keeping
//
// An event that failed or is in doubt stays known as long as the run log (again.go).
// Retry accepts it once more for the rules that failed, as they are then, under its
// id with "#2" behind it; what was created is not created again. Dismiss closes such a
// run in the same way without running anything. Discard ends an event that waits
// (discard.go). Run prunes the store by age and size (retention.go).
//
// # Waiting
//
// Failures that heal are repeated at the pace that the cause's entry in package
// salesforce gives, with jitter, and not before Retry-After. Whatever concerns the
// whole connection (sign-in, network, limits, maintenance) pauses it and burns no
// attempt of an event. The org's share of daily API calls is one such pause: it is
// left after 15 minutes by a single call, whose answer tells how things are. The first
// call that succeeds after a pause, whichever it was for, wakes everything that waits
// on the connection, however long it would have waited; a few of these events are
// tried at once when Run begins and after Reconnect, by which the embedding program
// tells that somebody has signed in again. A
// status whose outbound message is not there waits for it for 7 days; messages are
// kept for 30.
//
// # Loops
//
// A write whose values the message already shows is skipped by the plan. A message
// about a record that the connection's own user changed last is skipped as our
// echo, if it carries LastModifiedById. And when a rule has run LoopRuns times
// within LoopWindow for the record of an outbound message, its further runs for
// that record wait for the window's end; only after a day of that do they fail.
//
// # Counting calls
//
// A call counts in the run of the first of its records, so that the runs add up to
// the calls made. Where the client splits a call because of one bad record, the
// log counts one; the client's own count has them all.
package runtime
