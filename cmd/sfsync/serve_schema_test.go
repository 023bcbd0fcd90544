package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

const driftRules = `connection production
rule Answers on the contact
on survey response nps
when Responded
  update Contact where Id = profile.contact
    set Title = answers.title
        Survey_Status__c: Response Received
`

// strict makes the picklist take nothing but what is given.
func strict(t *testing.T, org *orgsim.Org, values ...string) {
	t.Helper()
	overlay := org.Overlay()
	list := []any{}
	for _, v := range values {
		list = append(list, map[string]any{"value": v, "label": v, "active": true})
	}
	overlay.Describe = []orgsim.DescribeChange{{Object: "Contact", Field: "Survey_Status__c", Set: map[string]any{"restrictedPicklist": true, "picklistValues": list}}}
	if err := org.SetOverlay(overlay); err != nil {
		t.Fatal(err)
	}
}

// alertHook takes alerts.
func alertHook(t *testing.T) *safeBuffer {
	t.Helper()
	told := &safeBuffer{}
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		r.Body.Read(body)
		told.Write(body)
	}))
	t.Cleanup(hook.Close)
	t.Setenv(alertWebhookVariable, hook.URL)
	return told
}

// The daemon finds on its schedule that the schema has changed, says which line breaks
// before any event does, and takes the schema up when it fits again.
func TestServeFollowsTheSchema(t *testing.T) {
	org := testOrg(t)
	told := alertHook(t)
	dir := rulesDir(t, driftRules)
	s := startServe(t, dir, "--instance", org.URL(), "--save-connection", "production", "--schema-refresh", "50ms", "--alert-gather", "10ms")
	strict(t, org, "Invitation Sent")
	eventually(t, "the log names the line", func() bool {
		return strings.Contains(s.log.String(), "a rule breaks") && strings.Contains(s.log.String(), "rules.sfsync:7") && strings.Contains(s.log.String(), "S206")
	})
	eventually(t, "the alert, too", func() bool {
		return strings.Contains(told.String(), `"kind":"schema"`) && strings.Contains(told.String(), "Response Received")
	})
	if n := strings.Count(s.log.String(), "a rule breaks"); n != 1 {
		t.Errorf("it says so %d times", n)
	}
	strict(t, org, "Invitation Sent", "Response Received")
	eventually(t, "it fits again", func() bool { return strings.Contains(s.log.String(), "it takes") })
	if status, answer := s.event(`{"id":"e1","type":"survey.response","time":"2026-11-20T14:03:00Z","survey":{"id":"nps"},"response":{"id":"e1"},"answers":{"title":"Dr"},"profile":{"contact":"0035g00000Ct001AAB"}}`); status/100 != 2 {
		t.Fatalf("%d %s", status, answer)
	}
	eventually(t, "the event is written", func() bool {
		r, _ := org.Record("Contact", "0035g00000Ct001AAB")
		return r["Survey_Status__c"] == "Response Received"
	})
}

// A refusal that smells of drift makes the daemon ask at once.
func TestServeSmellsDrift(t *testing.T) {
	org := testOrg(t)
	dir := rulesDir(t, driftRules)
	s := startServe(t, dir, "--instance", org.URL(), "--save-connection", "production", "--schema-refresh", "0")
	strict(t, org, "Invitation Sent")
	s.event(`{"id":"e1","type":"survey.response","time":"2026-11-20T14:03:00Z","survey":{"id":"nps"},"response":{"id":"e1"},"answers":{"title":"Dr"},"profile":{"contact":"0035g00000Ct001AAB"}}`)
	eventually(t, "the log names the line", func() bool {
		return strings.Contains(s.log.String(), "a rule breaks") && strings.Contains(s.log.String(), "rules.sfsync:7")
	})
}

// What has changed while no daemon was running is told at the start.
func TestServeTellsDriftOfTheMeantime(t *testing.T) {
	org := testOrg(t)
	dir := rulesDir(t, driftRules)
	s := startServe(t, dir, "--instance", org.URL(), "--save-connection", "production")
	if strings.Contains(s.log.String(), "schema has changed") {
		t.Error("it has changed before it was known")
	}
	s.stop()
	overlay := org.Overlay()
	overlay.Describe = append(overlay.Describe, orgsim.DescribeChange{Object: "Contact", Field: "Title", Set: map[string]any{"length": 10}})
	if err := org.SetOverlay(overlay); err != nil {
		t.Fatal(err)
	}
	s = startServe(t, dir)
	eventually(t, "the log says what it means", func() bool { return strings.Contains(s.log.String(), "more than 10 characters fails") })
}

func TestSchemaWatchLooks(t *testing.T) {
	tests := []struct {
		write store.Write
		want  string
	}{
		{store.Write{Outcome: store.Failed, Code: "STRING_TOO_LONG"}, "full"},
		{store.Write{Outcome: store.Failed, Code: "INVALID_FIELD"}, "full"},
		{store.Write{Outcome: store.Failed, Cause: string(salesforce.InvalidValue)}, "changed"},
		{store.Write{Outcome: store.Failed, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION"}, ""},
		{store.Write{Outcome: store.Waiting, Code: "STRING_TOO_LONG"}, ""},
		{store.Write{Outcome: store.Synced}, ""},
	}
	for _, tt := range tests {
		w := newSchemaWatch(nil, 0)
		for range 3 { // no smell waits for another
			w.look(runtime.Report{Runs: []store.Run{{Writes: []store.Write{tt.write}}}})
		}
		got := ""
		select {
		case said := <-w.smelled:
			got = map[bool]string{true: "full", false: "changed"}[said]
		default:
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.write, got, tt.want)
		}
	}
}

// An org that has changed nothing is asked, and answers without describes.
func TestRefreshAsksOnlyForWhatHasChanged(t *testing.T) {
	org := testOrg(t)
	target, err := newTarget(org.URL(), "", "", true)
	if err != nil {
		t.Fatal(err)
	}
	first := refresh{target: target, names: []string{"Contact", "case", "Case"}, progress: func(int, int) {}}
	if err := first.run(t.Context()); err != nil || len(first.states) != 2 || first.states[0].State != stateNew || !first.changed() {
		t.Fatalf("%v %+v", err, first.states)
	}
	for _, name := range first.schema.Names() {
		o := first.schema.Object(name)
		o.LastModified = o.FetchedAt
		if again := (refresh{known: first.schema}); !again.since(name).IsZero() {
			t.Errorf("%s was changed within the last second, and there may be more", name)
		}
		o.LastModified, o.FetchedAt = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	}
	second := refresh{target: target, known: first.schema, progress: func(int, int) {}}
	if err := second.run(t.Context()); err != nil || second.changed() || len(second.states) != 2 {
		t.Fatalf("%v %+v", err, second.states)
	}
	for _, call := range org.Calls()[len(org.Calls())-2:] {
		if call.Status != http.StatusNotModified {
			t.Errorf("%s %s: %d", call.Method, call.Path, call.Status)
		}
	}
	if second.schema.Object("Case") == first.schema.Object("Case") || second.schema.Object("Case").Field("Status") == nil {
		t.Error("an object belongs to one schema")
	}
	// A field that is gone, and an object.
	overlay := org.Overlay()
	overlay.Access = append(overlay.Access, orgsim.Access{Object: "Case", Level: "none"})
	if err := org.SetOverlay(overlay); err != nil {
		t.Fatal(err)
	}
	third := refresh{target: target, known: second.schema, full: true, progress: func(int, int) {}}
	if err := third.run(t.Context()); err != nil || third.states[0].State != stateGone || third.states[1].State != stateUnchanged || third.schema.Object("Case") != nil {
		t.Fatalf("%v %+v", err, third.states)
	}
	if c := third.states[0].Changes; len(c) != 1 || c[0].Aspect != schema.AspectExists {
		t.Errorf("%+v", c)
	}
}

func TestSignedInSince(t *testing.T) {
	s, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	known := schema.New()
	known.FetchedAt = time.Now()
	for at, want := range map[time.Time]bool{{}: false, known.FetchedAt.Add(-time.Hour): false, known.FetchedAt.Add(time.Hour): true} {
		if err := store.PutConnection(t.Context(), s.State(), store.Connection{Name: "a", InstanceURL: "https://a.example.com", AuthorizedAt: at}); err != nil {
			t.Fatal(err)
		}
		if got := signedInSince(t.Context(), s.State(), "a", known); got != want {
			t.Errorf("signed in at %v, fetched at %v: %v", at, known.FetchedAt, got)
		}
	}
	if signedInSince(t.Context(), s.State(), "none", known) || signedInSince(t.Context(), s.State(), "a", nil) {
		t.Error("nobody has signed in")
	}
}
