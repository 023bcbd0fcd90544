package dsl

import "strings"

// Statuses are the distribution statuses that every rule file knows. A file's
// `statuses` lines add to them.
var Statuses = []string{
	"Sent", "Delivered", "Quarantined", "Failed", "Not Sent due to Opt-Out", "Responded", "Partially Responded", "Expired",
}

// NormalStatus returns the form in which statuses are compared: without regard to
// case, blanks, hyphens and underscores, so that `DELIVERED` is `Delivered` and
// `not_sent_due_to_opt_out` is `Not Sent due to Opt-Out`.
func NormalStatus(status string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\u00a0', '-', '_':
			return -1
		}
		return r
	}, strings.ToLower(status))
}
