package dsl

import (
	"slices"
	"strings"
)

// ApplyFixes returns the text of a file with the safe fixes of its diagnostics applied,
// and the diagnostics that they mend. Of fixes that touch each other the first one is
// applied; what is found in the new text tells whether the others are still wanted.
func ApplyFixes(src *Source, ds []Diagnostic) (text string, mended []Diagnostic) {
	var edits []Edit
	for i := range ds {
		if ds[i].Source != src {
			continue
		}
		at := slices.IndexFunc(ds[i].Fixes, func(f Fix) bool { return f.Safe })
		if at < 0 || slices.ContainsFunc(ds[i].Fixes[at].Edits, func(e Edit) bool { return touchesAny(e, edits) }) {
			continue
		}
		for _, e := range ds[i].Fixes[at].Edits {
			edits = slices.Insert(edits, behind(e, edits), e)
		}
		mended = append(mended, ds[i])
	}
	return ApplyEdits(src.Text, edits), mended
}

// behind returns how many edits, which are in the order of the text, begin before one.
func behind(e Edit, edits []Edit) int {
	n, _ := slices.BinarySearchFunc(edits, e, func(a, b Edit) int { return a.From - b.From })
	return n
}

// touchesAny reports whether an edit and one of others, which are in the order of the
// text and do not touch, would change the same place.
func touchesAny(e Edit, others []Edit) bool {
	n := behind(e, others)
	return n > 0 && others[n-1].To >= e.From || n < len(others) && others[n].From <= e.To
}

// ApplyEdits returns a text with edits that do not overlap applied to it.
func ApplyEdits(text string, edits []Edit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.From - b.From })
	var out strings.Builder
	end := 0
	for _, e := range edits {
		out.WriteString(text[end:e.From])
		out.WriteString(e.New)
		end = e.To
	}
	out.WriteString(text[end:])
	return out.String()
}
