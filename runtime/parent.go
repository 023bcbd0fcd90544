package runtime

import (
	"encoding/json"
	"strings"

	"github.com/sfsync/sfsync/salesforce"
)

// findParents makes writes wait for earlier ones of the same event that make the
// parents they point to by external id.
func (ev *event) findParents() {
	for child := range ev.writes {
		if child.state != pending {
			continue
		}
		for _, f := range child.entry.Fields {
			_, name, ok := strings.Cut(f.Name, ".")
			if !ok || len(f.Value) == 0 {
				continue
			}
			for parent := range ev.writes {
				if parent == child {
					break
				}
				if parent.state == pending && parent.entry.Connection == child.entry.Connection && parent.makes(name, text(f.Value)) {
					child.needs++
					parent.dependents = append(parent.dependents, child)
				}
			}
		}
	}
}

// makes reports whether the write may bring a record of that external id about.
func (w *write) makes(field, value string) bool {
	if w.op == salesforce.Update {
		return false
	}
	if strings.EqualFold(w.entry.MatchField, field) {
		return strings.EqualFold(w.entry.MatchValue, value)
	}
	for _, f := range w.entry.Fields {
		if strings.EqualFold(f.Name, field) {
			return strings.EqualFold(text(f.Value), value)
		}
	}
	return false
}

func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}
