package store

import "strings"

// Match reports whether r passes every condition of f that concerns a run by
// itself, which is all but Limit and After.
func (f *Filter) Match(r *Run) bool {
	switch {
	case !f.Since.IsZero() && r.Received.Before(f.Since),
		!f.Until.IsZero() && !r.Received.Before(f.Until),
		f.Rule != "" && r.Rule != f.Rule,
		f.Event != "" && r.Event != f.Event,
		f.Outcome != "" && r.Outcome != f.Outcome:
		return false
	}
	if f.Object != "" && !anyWrite(r, func(w *Write) bool { return strings.EqualFold(w.Object, f.Object) }) {
		return false
	}
	if f.RecordID != "" && !anyWrite(r, func(w *Write) bool { return sameRecord(w, f.RecordID) }) {
		return false
	}
	return f.Cause == "" || r.Cause == f.Cause || anyWrite(r, func(w *Write) bool { return w.Cause == f.Cause })
}

func anyWrite(r *Run, is func(*Write) bool) bool {
	for i := range r.Writes {
		if is(&r.Writes[i]) {
			return true
		}
	}
	return false
}

// sameRecord compares ids by their first 15 characters: the other three of an
// 18-character id are a checksum of those. A write that failed before Salesforce
// named the record is found by the id it was matched with.
func sameRecord(w *Write, id string) bool {
	if sameID(w.RecordID, id) {
		return true
	}
	return w.RecordID == "" && strings.EqualFold(w.MatchField, "Id") && sameID(w.MatchValue, id)
}

func sameID(a, b string) bool {
	if len(a) < 15 || len(b) < 15 {
		return a == b
	}
	return a[:15] == b[:15]
}
