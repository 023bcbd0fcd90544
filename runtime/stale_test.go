package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// TestReceptionIsNoNews: when a message was received does not make it stale, as those
// that come together are accepted in any order; when its record was changed does.
func TestReceptionIsNoNews(t *testing.T) {
	b := start(t, messages)
	notify := func(id, received, more string) string {
		return fmt.Sprintf(`{"id":%q,"type":"salesforce.outbound_message","time":%q,"record":{"attributes":{"type":"Case"},"Id":%q%s}}`, id, received, caseID, more)
	}
	if _, err := b.engine.Submit(context.Background(), runtime.SourceOutbound, []string{
		notify("a", "2026-11-20T14:00:00.002Z", ""),
		notify("b", "2026-11-20T14:00:00.001Z", ""),
		notify("c", "2026-11-20T14:00:00.003Z", `,"SystemModstamp":"2026-11-20T13:00:00.000Z"`),
		notify("d", "2026-11-20T14:00:00.004Z", `,"LastModifiedDate":"2026-11-20T12:59:59.000Z"`),
	}); err != nil {
		t.Fatal(err)
	}
	b.drain()
	for _, r := range b.runs() {
		want := store.Synced
		if r.Event == "om/d" {
			want = store.Skipped
		}
		if r.Outcome != want || want == store.Skipped && !strings.Contains(r.Reason, "stale") {
			t.Errorf("%s: %s, %s", r.Event, r.Outcome, r.Reason)
		}
	}
}
