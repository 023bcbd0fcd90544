package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// What somebody else has changed is shown field by field, and is a problem.
func TestVerificationShowsDifferences(t *testing.T) {
	f := &feeder{tally: newTally()}
	f.tally.add(runtime.Report{Event: "ev/r1", Done: true, Runs: []store.Run{{Rule: "R", Outcome: store.Synced, Writes: []store.Write{
		{Op: "update", Object: "Lead", RecordID: "00Q1", Outcome: store.Synced, ReadBack: store.Differs, Fields: []store.Field{
			{Name: "Rating", Value: json.RawMessage(`"Hot"`), Found: json.RawMessage(`"Cold"`)}, {Name: "City", Value: json.RawMessage(`"Ulm"`)}}},
		{Op: "create", Object: "Case", RecordID: "5001", Outcome: store.Synced, ReadBack: store.Same},
		{Op: "create", Object: "Task", Outcome: store.Synced, ReadBack: "it is not there, or may not be seen"},
		{Op: "create", Object: "Note", Outcome: store.Skipped},
	}}}})
	v := &f.tally.Verified
	if got, want := v.counts(), "3 writes read back, 1 as sent, 1 otherwise, 1 could not be read"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var out bytes.Buffer
	c := &console{out: &out, width: defaultWidth}
	c.printVerification(v)
	want := "not as sent  r1\n  Lead 00Q1\n    read back: Rating was sent as \"Hot\" and is \"Cold\"\n  Task (new)\n    not read back: it is not there, or may not be seen\n\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if strings.Contains(out.String(), "City") {
		t.Error("shows a field that is as it was sent")
	}
	if err := f.verdict(); err != problem {
		t.Errorf("verdict %v", err)
	}
}
