package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// runLog reads the runs, the newest day and the newest event first.
type runLog struct{ file *file }

func (l *runLog) List(ctx context.Context, filter store.Filter) iter.Seq2[store.Run, error] {
	return func(yield func(store.Run, error) bool) {
		cur := runCursor{filter: &filter}
		if filter.After != "" {
			var ok bool
			if cur.key, cur.passed, ok = parseRunID(filter.After); !ok {
				yield(store.Run{}, fmt.Errorf("%w: %q is no run id", store.ErrInvalid, filter.After))
				return
			}
			cur.started = true
		}
		for n := 0; !cur.done; {
			page, err := l.page(&cur)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(store.Run{}, err)
				return
			}
			for _, r := range page {
				if filter.Limit > 0 && n >= filter.Limit {
					return
				}
				if n++; !yield(r, nil) {
					return
				}
			}
		}
	}
}

// runCursor is where a listing stands between two pages.
type runCursor struct {
	filter  *store.Filter
	started bool
	key     runKey // the next event to look at, or the last of a missing one
	passed  int    // so many runs of it were listed
	done    bool
}

// A page of runs is bounded by what is looked at as well as by what is found,
// so that no transaction stays open for long.
const (
	pageRuns    = 128
	pageScanned = 20_000
)

func (l *runLog) page(cur *runCursor) (page []store.Run, err error) {
	f := cur.filter
	err = l.file.view(func(tx *bbolt.Tx) error {
		all := tx.Bucket(runsBucket)
		days := all.Cursor()
		var name []byte
		switch {
		case cur.started:
			name = seekBack(days, cur.key.day())
		case !f.Until.IsZero():
			name = seekBack(days, dayName(f.Until))
		default:
			name, _ = days.Last()
		}
		scanned := 0
		for ; name != nil; name, _ = days.Prev() {
			if !f.Since.IsZero() && bytes.Compare(name, dayName(f.Since)) < 0 {
				break
			}
			c := all.Bucket(name).Cursor()
			var key, stored []byte
			if cur.started {
				key, stored = seekBackKey(c, cur.key[:])
			} else {
				key, stored = c.Last()
			}
			for ; key != nil; key, stored = c.Prev() {
				k := runKey(key)
				skip := 0
				if cur.started && k == cur.key {
					skip = cur.passed
				}
				if scanned++; scanned > pageScanned || len(page) >= pageRuns {
					cur.started, cur.key, cur.passed = true, k, skip
					return nil
				}
				runs, err := matching(k, stored, f)
				if err != nil {
					return err
				}
				for i := range runs {
					if _, n, _ := parseRunID(runs[i].ID); n > skip {
						page = append(page, runs[i])
					}
				}
			}
			cur.started = false // the days before are read from their end
		}
		cur.done = true
		return nil
	})
	return page, err
}

// seekBack places a cursor on the last key that is not after key.
func seekBack(c *bbolt.Cursor, key []byte) []byte {
	found, _ := seekBackKey(c, key)
	return found
}

func seekBackKey(c *bbolt.Cursor, key []byte) (found, value []byte) {
	found, value = c.Seek(key)
	if found == nil {
		return c.Last()
	}
	if !bytes.Equal(found, key) {
		return c.Prev()
	}
	return found, value
}

// matching decodes an entry and returns those of its runs that pass the filter,
// having first looked whether any can.
func matching(k runKey, stored []byte, f *store.Filter) ([]store.Run, error) {
	if len(stored) >= runHead {
		if f.Outcome != "" && stored[1]&outcomeBit(f.Outcome) == 0 {
			return nil, nil
		}
		if f.Event != "" && binary.BigEndian.Uint64(stored[2:]) != eventMark(f.Event) {
			return nil, nil
		}
	}
	runs, err := decodeRuns(k, stored)
	if err != nil {
		return nil, err
	}
	matched := runs[:0]
	for i := range runs {
		if f.Match(&runs[i]) {
			matched = append(matched, runs[i])
		}
	}
	return matched, nil
}

func (l *runLog) Get(ctx context.Context, ref string) ([]store.Run, error) {
	if key, n, ok := parseRunID(ref); ok {
		runs, err := l.at(key)
		if err != nil || n <= len(runs) {
			return runs[min(n-1, len(runs)):min(n, len(runs))], err
		}
	}
	if ref == "" { // which as a filter would select all
		return nil, fmt.Errorf("run %w: no id is given", store.ErrNotFound)
	}
	var runs []store.Run
	for r, err := range l.List(ctx, store.Filter{Event: ref}) {
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	if len(runs) > 0 {
		return runs, nil
	}
	if first, last, ok := keyRange(ref); ok {
		return l.between(first, last, ref)
	}
	return nil, fmt.Errorf("run %q %w", ref, store.ErrNotFound)
}

// at returns the runs of the event at key, none if there is no such event.
func (l *runLog) at(key runKey) (runs []store.Run, err error) {
	err = l.file.view(func(tx *bbolt.Tx) error {
		day := tx.Bucket(runsBucket).Bucket(key.day())
		if day == nil {
			return nil
		}
		if stored := day.Get(key[:]); stored != nil {
			runs, err = decodeRuns(key, stored)
		}
		return err
	})
	return runs, err
}

// between returns the runs of the only event in a range of keys.
func (l *runLog) between(first, last runKey, ref string) (runs []store.Run, err error) {
	err = l.file.view(func(tx *bbolt.Tx) error {
		all := tx.Bucket(runsBucket)
		return all.ForEachBucket(func(name []byte) error {
			if bytes.Compare(name, first.day()) < 0 || bytes.Compare(name, last.day()) > 0 {
				return nil
			}
			c := all.Bucket(name).Cursor()
			for key, stored := c.Seek(first[:]); key != nil && bytes.Compare(key, last[:]) <= 0; key, stored = c.Next() {
				if runs != nil {
					return fmt.Errorf("run %q is %w: more than one event has runs whose ids begin so", ref, store.ErrAmbiguous)
				}
				var err error
				if runs, err = decodeRuns(runKey(key), stored); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if runs == nil {
		return nil, fmt.Errorf("run %q %w", ref, store.ErrNotFound)
	}
	return runs, nil
}
