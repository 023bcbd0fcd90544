// Package bolt is the embedded engine of the store: two bbolt files in one
// directory, one process at a time.
//
//	state.db   connections, schema cache: small, seldom written
//	events.db  the queue, the run log, marks, kept messages, intents
//
// They are apart so that events.db may grow with a burst, and be compacted,
// without touching state.db. Everything that one settlement changes is in
// events.db, because a transaction spans one file.
//
// One goroutine a file commits for everybody: it takes what has gathered in its
// channel while the last commit was under way, and answers all callers at once.
// A commit costs two fdatasync whatever its size, so this is what makes the
// engine fast.
//
// # events.db
//
//	meta     format, epoch
//	queue    seq+partition  → event, until it is done
//	attempts seq+partition  → what the last Wait or Save left behind
//	intents  seq+key        → fingerprint, time
//	ids      generation / n → 128-bit hashes of the ids of one commit
//	kept     day / events   → seq → event
//	         day / keys     → key → seq
//	runs     day            → time+seq+partition → the runs of one event
//	marks    key            → revision, expiry, value
//
// Keys rise with time wherever the volume is, so that a commit touches few
// pages; whatever expires lies in buckets that are dropped whole. There is no
// index over event ids, which would touch a page of its own for every event:
// their hashes are appended to ids, and the set in memory that answers whether
// an id is known is read back from there at open. Also in memory, 8 to 40 bytes
// an event, is which events are ready and which wait; bodies stay on disk.
package bolt
