package runtime_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func (b *bench) longAgo() time.Time { return time.Now().AddDate(0, 0, -8) }

// waiting leaves r1 behind, half done: the update of its contact waits, for an hour.
func waiting(t *testing.T, change ...func(*runtime.Config)) *bench {
	t.Helper()
	b := start(t, updates+"\nrule Both\non survey response\ncreate Case\n set Score__c = answers.nps\nupdate Contact where Id = profile.contact\n set Copy__c = answers.nps\n",
		append(change, func(c *runtime.Config) {
			c.MaxWait = -1
			c.Pace = func(e *salesforce.Error) salesforce.Retry {
				r := e.Retry()
				r.First, r.Max = time.Hour, time.Hour
				return r
			}
		})...)
	b.org.row = func(op salesforce.Op, _ salesforce.Row) *salesforce.Error {
		if op == salesforce.Update {
			return locked()
		}
		return nil
	}
	b.run(response("r1", 1, 7))
	for _, r := range b.runs() {
		if r.Outcome != store.Waiting {
			t.Fatalf("run %+v", r)
		}
	}
	b.org.row = nil
	return b
}

func expectDiscarded(t *testing.T, b *bench) {
	t.Helper()
	for _, r := range b.runs() {
		if r.Event != "ev/r1" {
			continue
		}
		if r.Outcome != store.Skipped || r.Reason != "discarded by me" || r.Ended.IsZero() {
			t.Errorf("run %+v", r)
		}
		if r.Rule == "Both" && (r.Writes[0].Outcome != store.Synced || r.Writes[1].Outcome != store.Skipped) {
			t.Errorf("writes %+v", r.Writes)
		}
	}
	if h, err := b.store.Health(context.Background()); err != nil || h.Queued != 0 {
		t.Errorf("%d are queued, %v", h.Queued, err)
	}
	// What it held up goes on, now and after a restart.
	b.run(response("r2", 1, 8))
	b.reopen()
	b.run(response("r3", 1, 9))
	for _, want := range []string{`"NPS__c":8`, `"NPS__c":9`} {
		if lines := strings.Join(b.org.lines(), "\n"); !strings.Contains(lines, want) || strings.Contains(lines, `"NPS__c":7`) {
			t.Errorf("org got\n%s", lines)
		}
	}
}

func TestDiscardWithoutAnEngine(t *testing.T) {
	b := waiting(t)
	b.reopen()
	answers, err := runtime.Discard(context.Background(), b.store, []string{"ev/r1", "ev/nobody"}, "discarded by me")
	if err != nil || answers[0] != (runtime.Discarded{Event: "ev/r1"}) || answers[1].Reason == "" {
		t.Fatalf("%+v, %v", answers, err)
	}
	expectDiscarded(t, b)
}

func TestDiscardWhileTheEngineRuns(t *testing.T) {
	b := waiting(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.engine.Run(ctx) }()
	answers, err := b.engine.Discard(context.Background(), []string{"ev/r1"}, "discarded by me")
	if err != nil || answers[0] != (runtime.Discarded{Event: "ev/r1"}) {
		t.Errorf("%+v, %v", answers, err)
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if answers, err = b.engine.Discard(short, []string{"ev/nobody"}, "x"); err != nil || !strings.Contains(answers[0].Reason, "not there") {
		t.Errorf("%+v, %v", answers, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	expectDiscarded(t, b)
}

// An event that is in a call when it is to be given up is given up once it has to wait.
func TestDiscardWaitsForTheCall(t *testing.T) {
	b := waiting(t)
	calling, answer := make(chan struct{}), make(chan struct{})
	b.org.call = func(_ salesforce.Op, rows []salesforce.Row) *salesforce.Error {
		if strings.HasSuffix(rows[0].ID, "00002AAA") {
			calling <- struct{}{}
			<-answer
			return locked()
		}
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.engine.Run(ctx) }()
	b.submit(response("r2", 2, 8))
	<-calling
	got := make(chan []runtime.Discarded, 1)
	go func() {
		answers, err := b.engine.Discard(context.Background(), []string{"ev/r2"}, "discarded by me")
		if err != nil {
			t.Error(err)
		}
		got <- answers
	}()
	for len(got) == 0 {
		select {
		case answer <- struct{}{}:
		case <-calling:
		case answers := <-got:
			if answers[0].Reason != "" {
				t.Errorf("%+v", answers)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			for _, r := range b.runs() {
				if r.Event == "ev/r2" && (r.Outcome != store.Skipped || r.Reason != "discarded by me") {
					t.Errorf("run %+v", r)
				}
			}
			return
		}
	}
}

func TestDiscardOfAStatusThatWaitsForItsMessage(t *testing.T) {
	b := start(t, "rule R\non outbound message Case\nwhen Sent\nupdate Case where Id = record.Id\n set S__c: x\n")
	b.run(status("st", "m", "Sent"))
	if r := b.of("st"); r.Outcome != store.Waiting {
		t.Fatalf("%+v", r)
	}
	if answers, err := runtime.Discard(context.Background(), b.store, []string{"ev/st"}, "discarded by me"); err != nil || answers[0].Reason != "" {
		t.Fatalf("%+v, %v", answers, err)
	}
	if r := b.of("st"); r.Outcome != store.Skipped || r.Reason != "discarded by me" {
		t.Errorf("%+v", r)
	}
	b.run(message("m", caseID, ""))
	b.expectRows()
}
