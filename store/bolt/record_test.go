package bolt

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sfsync/sfsync/store"
)

// FuzzRecord: what is encoded comes back the same, and what is cut short or
// made up is refused as damaged, or is read, but never panics.
func FuzzRecord(f *testing.F) {
	f.Add("om/1", "key", "type", int64(1), []byte("body"), 3)
	f.Add("", "", "", int64(0), bytes.Repeat([]byte(`{"a":1}`), 200), 0)
	f.Add("ä", "\x00", "\xff", int64(-1), []byte{1, 0xff, 0xff, 0xff, 0xff, 0x7f}, 9)
	f.Fuzz(func(t *testing.T, id, key, kind string, at int64, content []byte, cut int) {
		e := store.Event{ID: id, Key: key, Type: kind, Body: content}
		if at != 0 {
			e.At = time.Unix(0, at).UTC()
		}
		stored := appendEvent(nil, &e)
		got, err := decodeEvent(stored, true)
		if diff := cmp.Diff(e, got, cmp.Comparer(bytes.Equal)); diff != "" || err != nil {
			t.Fatalf("event changed, %v:\n%s", err, diff)
		}
		a := attempt{waits: at%2 == 0, notBefore: e.At, forKey: key, count: len(id), key: hashKey(key), progress: content}
		back, err := decodeAttempt(a.append(nil))
		if diff := cmp.Diff(a, back, cmp.AllowUnexported(attempt{}), cmp.Comparer(bytes.Equal)); diff != "" || err != nil {
			t.Fatalf("attempt changed, %v:\n%s", err, diff)
		}
		runs := []store.Run{{Event: "e", Rule: "r", Outcome: store.Synced}}
		entry, err := encodeRuns("e", runs)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range [][]byte{content, stored[:uint(cut)%uint(len(stored))], append(entry[:runHead:runHead], content...), entry[:uint(cut)%uint(len(entry))]} {
			_, err1 := decodeEvent(broken, true)
			_, err2 := decodeAttempt(broken)
			_, err3 := decodeRuns(runKey{}, broken)
			_, err4 := decodeEntry([]byte("k"), broken)
			for _, err := range []error{err1, err2, err3, err4} {
				if err != nil && !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("%x: %v, want ErrCorrupt", broken, err)
				}
			}
		}
	})
}

func TestRunKey(t *testing.T) {
	at := time.Date(2026, 11, 20, 23, 59, 59, 999e6, time.UTC)
	keys := []runKey{
		newRunKey(at, 1, 0), newRunKey(at, 1, 63), newRunKey(at, 2, 0), newRunKey(at, 1<<40-1, 63), newRunKey(at.Add(time.Millisecond), 1, 0),
	}
	for i, k := range keys {
		id := runID(k, 12)
		if back, n, ok := parseRunID(id); !ok || back != k || n != 12 {
			t.Errorf("%s reads as %x, %d, %v", id, back, n, ok)
		}
		if i > 0 && id <= runID(keys[i-1], 1) {
			t.Errorf("%s does not sort after the key before it", id)
		}
		for n := 1; n <= idLen; n++ {
			first, last, ok := keyRange(id[:n])
			if !ok || bytes.Compare(first[:], k[:]) > 0 || bytes.Compare(last[:], k[:]) < 0 {
				t.Errorf("%s is not in the range of its prefix %s", id, id[:n])
			}
		}
	}
	if got := string(keys[0].day()) + " " + string(keys[4].day()); got != "20261120 20261121" {
		t.Errorf("days %s", got)
	}
}
