package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/s2"
	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// The runs of one event are one value:
//
//	version   1 byte
//	outcomes  1 byte, a bit for each that occurs
//	event     8 bytes of the hash of its id
//	runs      JSON, S2
//
// What is in front lets a listing pass over most entries without decoding them.
const (
	runVersion = 1
	runHead    = 10
)

// runEntry is what a settlement adds to the log.
type runEntry struct {
	key   runKey
	runs  []store.Run
	value []byte // encoded, for the usual case that nothing stands there yet
}

func newRunEntry(e *store.Event, partition uint16, set *store.Settlement) (runEntry, error) {
	entry := runEntry{key: newRunKey(e.At, set.Seq, partition)}
	entry.runs = mergeRuns(nil, set.Runs)
	for i := range entry.runs {
		r := &entry.runs[i]
		r.Event, r.Type, r.Received = e.ID, e.Type, e.At
	}
	if len(entry.runs) == 0 {
		return entry, nil
	}
	var err error
	entry.value, err = encodeRuns(e.ID, entry.runs)
	return entry, err
}

func encodeRuns(event string, runs []store.Run) ([]byte, error) {
	for i := range runs {
		runs[i].ID = "" // follows from the place
	}
	text, err := json.Marshal(runs)
	if err != nil {
		return nil, fmt.Errorf("%w run of event %q: %w", store.ErrInvalid, event, err)
	}
	out := make([]byte, runHead, runHead+s2.MaxEncodedLen(len(text)))
	out[0] = runVersion
	for i := range runs {
		out[1] |= outcomeBit(runs[i].Outcome)
	}
	binary.BigEndian.PutUint64(out[2:], eventMark(event))
	packed := s2.Encode(out[runHead:cap(out)], text) // in its place
	return out[:runHead+len(packed)], nil
}

func eventMark(event string) uint64 {
	h := hashID(event)
	return binary.BigEndian.Uint64(h[:8])
}

func decodeRuns(key runKey, stored []byte) ([]store.Run, error) {
	if len(stored) < runHead || stored[0] != runVersion {
		return nil, fmt.Errorf("%w: run %s is not readable", store.ErrCorrupt, runID(key, 1))
	}
	if n, err := s2.DecodedLen(stored[runHead:]); err != nil || n > store.MaxValue {
		return nil, fmt.Errorf("%w: run %s cannot be decompressed", store.ErrCorrupt, runID(key, 1))
	}
	text, err := s2.Decode(nil, stored[runHead:])
	if err != nil {
		return nil, fmt.Errorf("%w: run %s cannot be decompressed: %w", store.ErrCorrupt, runID(key, 1), err)
	}
	var runs []store.Run
	if err := json.Unmarshal(text, &runs); err != nil {
		return nil, fmt.Errorf("%w: run %s cannot be decoded: %w", store.ErrCorrupt, runID(key, 1), err)
	}
	for i := range runs {
		runs[i].ID = runID(key, i+1)
	}
	return runs, nil
}

// mergeRuns puts each of more in the place of the run of the same rule, or at
// the end. Places never change, so a run keeps its id.
func mergeRuns(runs, more []store.Run) []store.Run {
	for _, r := range more {
		placed := false
		for i := range runs {
			if runs[i].Rule == r.Rule && runs[i].RuleFile == r.RuleFile {
				runs[i], placed = r, true
				break
			}
		}
		if !placed {
			runs = append(runs, r)
		}
	}
	return runs
}

// putRuns writes the entry into the log. final says that the event is done:
// then no run of it may stay waiting.
func putRuns(tx *bbolt.Tx, entry *runEntry, final bool) error {
	all := tx.Bucket(runsBucket)
	name := entry.key.day()
	day := all.Bucket(name)
	var stored []byte
	if day != nil {
		stored = day.Get(entry.key[:])
	}
	if stored == nil && entry.value == nil {
		return nil
	}
	value := entry.value
	if stored != nil {
		runs, err := decodeRuns(entry.key, bytes.Clone(stored))
		if err != nil {
			return err
		}
		runs = mergeRuns(runs, entry.runs)
		if final {
			endWaiting(runs)
		}
		if value, err = encodeRuns(runs[0].Event, runs); err != nil {
			return err
		}
	}
	if day == nil {
		var err error
		if day, err = all.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	day.FillPercent = 0.9 // nearly sequential, but retries write to older places
	return day.Put(entry.key[:], value)
}

// endWaiting ends what a rule left waiting that had no part in the last attempt.
func endWaiting(runs []store.Run) {
	for i := range runs {
		if r := &runs[i]; r.Outcome == store.Waiting {
			r.Outcome, r.Reason = store.Skipped, "the rule did not handle the event any more when it was tried again"
			r.NotBefore = r.Ended
		}
	}
}
