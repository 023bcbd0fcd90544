package runtime_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func refused() *salesforce.Error {
	return &salesforce.Error{Cause: salesforce.ValidationRule, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "no", HTTPStatus: 400}
}

func (b *bench) retry(inDoubt bool, runs ...store.Run) []runtime.Retried {
	b.t.Helper()
	answers, err := b.engine.Retry(context.Background(), runs, inDoubt)
	if err != nil {
		b.t.Fatal(err)
	}
	return answers
}

func byRule(t *testing.T, runs []store.Run, rule string) store.Run {
	t.Helper()
	for _, r := range runs {
		if r.Rule == rule {
			return r
		}
	}
	t.Fatalf("no run of %s", rule)
	return store.Run{}
}

func TestRetryRunsOnlyWhatFailed(t *testing.T) {
	b := start(t, "rule Good\non survey response\nupdate Contact where Id = profile.contact\n set Copy__c = answers.nps\n\n"+
		"rule Bad\non survey response\ncreate Case\n set Score__c = answers.nps\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\ncreate Case\n set Second__c = answers.nps\n")
	broken := true
	b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
		if broken && (strings.Contains(string(r.Body), "NPS__c") || strings.Contains(string(r.Body), "Second__c")) {
			return refused()
		}
		return nil
	}
	b.run(response("r", 1, 7))
	if n := len(b.org.lines()); n != 2 {
		t.Fatalf("%d rows at first: %v", n, b.org.lines())
	}
	runs := b.runs()
	if a := b.retry(false, byRule(t, runs, "Good")); a[0].As != "" || !strings.Contains(a[0].Reason, "synced") {
		t.Errorf("what went well: %+v", a)
	}
	// The second try fails in part, the third does the rest.
	answers := b.retry(false, runs...)
	if len(answers) != 1 || answers[0].As != "ev/r#2" || len(answers[0].Rules) != 1 || answers[0].Rules[0] != "Bad" {
		t.Fatalf("%+v", answers)
	}
	if again := b.retry(false, runs...); again[0].As != "" || !strings.Contains(again[0].Reason, "ev/r#2, which has not ended") {
		t.Errorf("while it is under way: %+v", again)
	}
	b.drain()
	second := b.of("r#2")
	if second.Outcome != store.Failed || second.Writes[0].Outcome != store.Skipped || second.Writes[0].RecordID == "" {
		t.Errorf("second %+v", second)
	}
	if again := b.retry(false, runs...); again[0].As != "" || !strings.Contains(again[0].Reason, "tried again already, as ev/r#2") {
		t.Errorf("the first once more: %+v", again)
	}
	broken = false
	b.reopen() // all of this is on disk
	if answers := b.retry(false, second); answers[0].As != "ev/r#3" {
		t.Fatalf("%+v", answers)
	}
	b.drain()
	if r := b.of("r#3"); r.Outcome != store.Synced {
		t.Errorf("third %+v", r)
	}
	count := map[string]int{}
	for _, line := range b.org.lines() {
		count[line]++
	}
	for _, want := range []string{`create Case {"Score__c":7}`, `update Contact ` + contactID(1) + ` {"Copy__c":7}`,
		`update Contact ` + contactID(1) + ` {"NPS__c":7}`, `create Case {"Second__c":7}`} {
		if count[want] != 1 {
			t.Errorf("%s: %d times", want, count[want])
		}
	}
	if a := b.retry(false, second); a[0].As != "" || !strings.Contains(a[0].Reason, "as ev/r#3") {
		t.Errorf("after it is done: %+v", a)
	}
}

func TestRetryEvaluatesTheRulesAsTheyAre(t *testing.T) {
	b := start(t, strings.ReplaceAll(updates, "answers.nps", "trim(answers.nps)"))
	b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error { return refused() }
	b.run(response("r", 1, 7))
	failed := b.of("r")
	if failed.Outcome != store.Failed {
		t.Fatalf("%+v", failed)
	}
	b.org.row = nil
	b.engine.SetPlan(compile(t, strings.ReplaceAll(updates, "NPS__c", "Score__c")))
	b.retry(false, failed)
	b.drain()
	b.expectRows(`update Contact ` + contactID(1) + ` {"Score__c":7}`)

	// A rule that is not there any more leaves nothing to be done, and says so.
	b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error { return refused() }
	b.run(response("s", 2, 7))
	b.engine.SetPlan(compile(t, creates))
	b.retry(false, b.of("s"))
	b.drain()
	if r := b.of("s#2"); r.Outcome != store.Skipped || !strings.Contains(r.Reason, "none of the rules that failed") {
		t.Errorf("%+v", r)
	}
}

func TestInDoubtIsTriedAgainOnlyOnRequest(t *testing.T) {
	b := start(t, creates+"\n"+updates)
	b.org.call = func(op salesforce.Op, _ []salesforce.Row) *salesforce.Error {
		if op == salesforce.Create {
			return lost()
		}
		return refused()
	}
	b.run(response("r", 1, 7))
	b.org.call = nil
	runs := b.runs()
	doubtful := byRule(t, runs, "Cases")
	if len(runs) != 2 || doubtful.Outcome != store.InDoubt || byRule(t, runs, "Answers").Outcome != store.Failed {
		t.Fatalf("%+v", runs)
	}
	if a := b.retry(false, doubtful); a[0].As != "" || !strings.Contains(a[0].Reason, "in doubt") {
		t.Errorf("%+v", a)
	}
	// What failed goes without what is in doubt, and that can still go later.
	if a := b.retry(false, runs...); a[0].As != "ev/r#2" || len(a[0].Rules) != 1 || a[0].Rules[0] != "Answers" {
		t.Errorf("%+v", a)
	}
	b.drain()
	if r := b.of("r#2"); r.Rule != "Answers" || r.Outcome != store.Synced {
		t.Errorf("%+v", r)
	}
	if a := b.retry(true, runs...); a[0].As != "ev/r#3" || len(a[0].Rules) != 1 || a[0].Rules[0] != "Cases" {
		t.Errorf("%+v", a)
	}
	b.drain()
	if r := b.of("r#3"); r.Rule != "Cases" || r.Outcome != store.Synced {
		t.Errorf("%+v", r)
	}
	if a := b.retry(true, runs...); a[0].As != "" {
		t.Errorf("a third time: %+v", a)
	}
}

func TestRetryOfAnEventThatNoRuleCouldRead(t *testing.T) {
	// A status whose message never came fails as a whole, before any rule.
	b := start(t, "rule R\non outbound message Case\nwhen Sent\nupdate Case where Id = record.Id\n set S__c: x\n")
	old := store.Event{ID: "ev/st", Key: "ev/st", Type: "survey.distribution", Body: []byte(status("st", "m", "Sent"))}
	old.At = b.longAgo()
	if _, err := b.store.Append(context.Background(), []store.Event{old}); err != nil {
		t.Fatal(err)
	}
	b.drain()
	failed := b.of("st")
	if failed.Outcome != store.Failed || failed.Rule != "" {
		t.Fatalf("%+v", failed)
	}
	b.run(message("m", caseID, ""))
	answers, err := runtime.Retry(context.Background(), b.store, []store.Run{failed}, false)
	if err != nil || answers[0].As != "ev/st#2" {
		t.Fatalf("%+v, %v", answers, err)
	}
	b.drain()
	if r := b.of("st#2"); r.Outcome != store.Synced || r.Rule != "R" {
		t.Errorf("%+v", r)
	}
	b.expectRows(`update Case ` + caseID + ` {"S__c":"x"}`)
}

func TestRetryNeedsTheEvent(t *testing.T) {
	b := start(t, updates)
	b.run(response("r", 1, 7))
	r := b.of("r")
	r.Outcome = store.Failed // as of a store from before failed events were kept
	if a := b.retry(false, r); a[0].As != "" || !strings.Contains(a[0].Reason, "no longer kept") {
		t.Errorf("%+v", a)
	}
	r.Outcome = store.Waiting
	if a := b.retry(false, r); a[0].As != "" || !strings.Contains(a[0].Reason, "by itself") {
		t.Errorf("%+v", a)
	}
}

// What somebody has seen to is closed: nothing is sent, and it is open no more.
func TestDismiss(t *testing.T) {
	b := start(t, "rule Bad\non survey response\ncreate Case\n set Score__c = answers.nps\n\n"+
		"rule Worse\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n")
	b.org.row = func(op salesforce.Op, _ salesforce.Row) *salesforce.Error {
		if op == salesforce.Create {
			return lost()
		}
		return refused()
	}
	b.run(response("r", 1, 7))
	sent := len(b.org.lines())
	runs := b.runs()
	if got := byRule(t, runs, "Bad").Outcome; got != store.InDoubt {
		t.Fatalf("the create is %s", got)
	}
	answers, err := b.engine.Dismiss(t.Context(), []store.Run{byRule(t, runs, "Bad")}, "it is there")
	if err != nil || len(answers) != 1 || answers[0].As != "ev/r#2" {
		t.Fatalf("%+v, %v", answers, err)
	}
	b.run()
	if n := len(b.org.lines()); n != sent {
		t.Errorf("%d rows were sent for it", n-sent)
	}
	open := map[string]bool{}
	for run, err := range runtime.RunLog(b.store).List(t.Context(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case run.Event == "ev/r#2" && (run.Rule != "Bad" || run.Outcome != store.Skipped || run.Why != store.WhyDiscarded || run.Reason != "it is there"):
			t.Errorf("closed as %+v", run)
		case run.Event == "ev/r":
			open[run.Rule] = run.Again == ""
		}
	}
	if open["Bad"] || !open["Worse"] {
		t.Errorf("open: %v", open)
	}
	// The other rule can still be tried again, and the one that was closed cannot.
	again := b.retry(true, runs...)
	if len(again) != 1 || again[0].As != "ev/r#3" || len(again[0].Rules) != 1 || again[0].Rules[0] != "Worse" {
		t.Errorf("%+v", again)
	}
}
