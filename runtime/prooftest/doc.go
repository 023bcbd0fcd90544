// Package prooftest holds the daemon against its promises: an event that was
// acknowledged ends in exactly one outcome, its writes take effect once and in order,
// and whatever breaks underneath is said in words. It has nothing but tests.
//
// The daemon is a process of its own, so that it can be killed; Salesforce is the
// simulator, with its faults on. What was acknowledged is known to the senders, what
// took effect to the simulator's history, and what became of it to the run log.
//
//	go test ./runtime/prooftest                                     # all of it, short: a minute
//	go test ./runtime/prooftest -run TestKill -kills 1000 -timeout 3h
//	go test ./runtime/prooftest -run TestRetryStorm -long -v
//	go test ./runtime/prooftest -run TestSpeed -speed -v                # a table in Markdown; -profiles DIR says why
//
// The files say what is proved:
//
//   - kill_test.go: killed at random moments under load, over and over.
//   - disk_test.go: a full disk, a read-only, truncated or damaged database.
//   - outage_test.go: Salesforce gone, a token revoked, a clock that jumps.
//   - away_test.go: started while Salesforce is gone.
//   - flood_test.go: duplicates without end.
//   - storm_test.go: a day's messages, gathered by the simulator's own sender.
//   - speed_test.go: how fast all this is, beside what the disk can do.
package prooftest
