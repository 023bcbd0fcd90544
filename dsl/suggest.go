package dsl

import "unicode"

// Suggest returns the candidate that a misspelt word was most likely meant for.
// It compares without regard to case and is silent when nothing is near: at most
// one slip of the finger (a letter left out, put in, changed, or swapped with its
// neighbour) for every three letters, and one in any case. Of candidates equally
// near, the first wins.
func Suggest(word string, candidates []string) (string, bool) {
	w := folded(word)
	if len(w) == 0 {
		return "", false
	}
	best, limit := "", max(1, len(w)/3)
	for _, c := range candidates {
		if d := distance(w, folded(c), limit); d <= limit {
			best, limit = c, d-1
		}
	}
	return best, best != ""
}

func folded(s string) []rune {
	rs := []rune(s)
	for i, r := range rs {
		rs[i] = unicode.ToLower(r)
	}
	return rs
}

// distance is the Damerau-Levenshtein distance of two words in its restricted form,
// where no stretch is changed twice. It returns more than the limit, but not how
// much more, as soon as the distance must exceed it.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
