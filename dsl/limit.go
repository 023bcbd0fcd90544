package dsl

// Limit keeps at most n diagnostics of each file, the worst first and then those
// nearest to the top, and returns them in their order, with the number left out.
func Limit(ds []Diagnostic, n int) (kept []Diagnostic, left int) {
	keep := make([]bool, len(ds))
	count := map[*Source]int{}
	for s := Error; s >= Info; s-- {
		for i := range ds {
			if ds[i].Severity == s && count[ds[i].Source] < n {
				count[ds[i].Source]++
				keep[i] = true
			}
		}
	}
	for i := range ds {
		if keep[i] {
			kept = append(kept, ds[i])
		}
	}
	return kept, len(ds) - len(kept)
}
