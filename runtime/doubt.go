package runtime

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// intent names an attempt of a create within its event: by its rule, whose name is
// unique, its place among the rule's creates of that object, and how many attempts are
// known to have failed before.
func (w *write) intent(attempts int) string {
	nth := 0
	for _, earlier := range w.run.writes {
		if earlier == w {
			break
		}
		if earlier.op == salesforce.Create && strings.EqualFold(earlier.entry.Object, w.entry.Object) {
			nth++
		}
	}
	name := fmt.Sprintf("%s\x1f%s\x1f%d\x1f%d", w.run.entry.Rule, strings.ToLower(w.entry.Object), nth, attempts)
	if len(name) > store.MaxName {
		sum := sha256.Sum256([]byte(name))
		return string(sum[:])
	}
	return name
}

// creates are the event's writes that create.
func (ev *event) creates(yield func(*write) bool) {
	for w := range ev.writes {
		if w.op == salesforce.Create && !yield(w) {
			return
		}
	}
}

// doubt is for an event that had begun creates when sfsync stopped, and is evaluated
// anew. The same creates are known by their intents when they are to be sent. But if
// the rules have changed since, others may be the same under another name.
func (ev *event) doubt(now time.Time) {
	strays := slices.Clone(ev.item.Begun)
	for w := range ev.creates {
		strays = slices.DeleteFunc(strays, func(begun string) bool { return begun == w.intent(0) })
	}
	if len(strays) == 0 {
		return
	}
	const reason = "sfsync stopped while records were being created for this event, and does not know whether "
	any := false
	for w := range ev.creates {
		if w.state == pending {
			any = true
			w.finish(store.InDoubt, reason+"this is one of them, as the rules have changed since")
			w.help = lookUp(w)
		}
	}
	if !any {
		ev.runs = slices.DeleteFunc(ev.runs, func(r *run) bool { return r.entry.Rule == "" })
		ev.runs = append(ev.runs, &run{event: ev, help: "look in Salesforce for records of this event", entry: store.Run{
			Outcome: store.InDoubt, Reason: reason + "they were", Time: ev.news, Started: now,
		}})
	}
}

// inDoubt reports whether sfsync stopped while this was being created.
func (w *write) inDoubt() bool {
	return w.op == salesforce.Create && slices.Contains(w.run.event.item.Begun, w.intent(w.entry.Attempts))
}
