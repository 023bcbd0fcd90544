package ruletest_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/runtime/ruletest"
)

func fuzz(t testing.TB, files map[string]string, o ruletest.FuzzOptions) *ruletest.FuzzReport {
	t.Helper()
	report, err := ruletest.Fuzz(context.Background(), compile(t, files), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A sound rule takes whatever comes: here every value is made what the field needs.
const sound = `rule Sound
on survey response
update Contact where Id = "0035g00000Ct001AAB"
  set Survey_Status__c: Response Received
`

func TestFuzzFinds(t *testing.T) {
	for name, c := range map[string]struct{ rules, kind, words string }{
		"nothing":                       {sound, "", ""},
		"an error":                      {"rule R\non survey response\nupdate Contact where Id = \"0035g00000Ct001AAB\"\n set NPS_Score__c = answers.nps\n", ruletest.FoundError, "takes a number"},
		"a guard that breaks":           {"rule R\non survey response if answers.nps > 6\nupdate Contact where Id = \"0035g00000Ct001AAB\"\n set Survey_Status__c: Expired\n", ruletest.FoundError, "does not work between"},
		"no wipe by empty text":         {"rule R\non survey response\nupdate Contact where Id = \"0035g00000Ct001AAB\"\n set Customer_Comment__c = trim(text(answers.a))\n", "", ""},
		"no wipe where it is asked for": {"rule R\non survey response\nupdate Contact where Id = \"0035g00000Ct001AAB\"\n set Customer_Comment__c = null\n", "", ""},
		"a loop":                        {"rule R\non outbound message Case\nupdate Case where Id = record.Id\n set Survey_Sent_At__c = event.time\n", ruletest.FoundLoop, "sets it off again"},
		"a loop of two":                 {"rule A\non outbound message Case if record.Priority == \"High\"\nupdate Case where Id = record.Id\n set Priority: Low\nrule B\non outbound message Case if record.Priority == \"Low\"\nupdate Case where Id = record.Id\n set Priority: High\n", ruletest.FoundLoop, "sets it off again"},
		"no loop behind a guard":        {"rule R\non outbound message Case if record.Survey_Status__c == null\nupdate Case where Id = record.Id\n set Survey_Status__c: FAILED\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			report := fuzz(t, map[string]string{"rules.sfsync": c.rules}, ruletest.FuzzOptions{Events: 500, Seed: 7})
			var got *ruletest.Finding
			for i := range report.Findings {
				if f := &report.Findings[i]; f.Kind == c.kind || c.kind == "" && f.Cause != "record_not_found" && f.Cause != "wrong_object" && f.Cause != "invalid_value" {
					got = f
					break
				}
			}
			switch {
			case c.kind == "" && got != nil:
				t.Errorf("found %+v in %s", got, got.Event)
			case c.kind != "" && (got == nil || !strings.Contains(got.Message, c.words)):
				t.Errorf("found %+v", report.Findings)
			}
			if report.Events != 500 || report.Refused > 250 {
				t.Errorf("%d events, of which %d were none", report.Events, report.Refused)
			}
		})
	}
}

// The same seed finds the same, and the test that is printed with a finding passes.
func TestFindingsAreTests(t *testing.T) {
	files := map[string]string{"rules.sfsync": rules}
	o := ruletest.FuzzOptions{Events: 800, Seed: 3, Samples: []string{response}}
	report := fuzz(t, files, o)
	if diff := cmp.Diff(report, fuzz(t, files, o)); diff != "" {
		t.Errorf("another time: %s", diff)
	}
	if len(report.Findings) < 5 {
		t.Fatalf("found only %+v", report.Findings)
	}
	with := maps.Clone(files)
	for _, f := range report.Findings {
		if !json.Valid(f.Event) || len(f.Event) > 2_000 {
			t.Errorf("event of %d bytes: %.200s", len(f.Event), f.Event)
		}
		with[f.Name] = string(f.Event)
		with["rules.sfsync"] += "\n" + f.Test
	}
	for _, r := range run(t, with).Tests {
		if !r.Passed {
			t.Errorf("%s: %+v\n%s", r.Name, r.Failures, with["events/fuzz-"+strings.Fields(r.Name)[1]])
		}
	}
}

func TestFuzzIsBounded(t *testing.T) {
	set := compile(t, map[string]string{"rules.sfsync": rules})
	if _, err := ruletest.Fuzz(context.Background(), set, ruletest.FuzzOptions{}); err == nil {
		t.Error("fuzzing without a bound")
	}
	begun := time.Now()
	report, err := ruletest.Fuzz(context.Background(), set, ruletest.FuzzOptions{Time: 50 * time.Millisecond})
	if err != nil || report.Events == 0 || time.Since(begun) > 10*time.Second {
		t.Errorf("%+v %v", report, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ruletest.Fuzz(ctx, set, ruletest.FuzzOptions{Events: 1_000_000}); err == nil {
		t.Error("it goes on although nobody waits for it")
	}
}

func BenchmarkFuzz(b *testing.B) {
	set := compile(b, map[string]string{"rules.sfsync": rules})
	b.ResetTimer()
	if _, err := ruletest.Fuzz(context.Background(), set, ruletest.FuzzOptions{Events: b.N, Samples: []string{response}}); err != nil {
		b.Fatal(err)
	}
}

// Whoever interrupts gets what was found by then.
func TestFuzzInterrupted(t *testing.T) {
	set := compile(t, map[string]string{"rules.sfsync": "rule R\non survey response\nupdate Contact where Id = \"0035g00000Ct001AAB\"\n set NPS_Score__c = answers.nps\n"})
	ctx, stop := context.WithCancel(context.Background())
	events := 0
	report, err := ruletest.Fuzz(ctx, set, ruletest.FuzzOptions{Time: time.Hour, Each: func() {
		if events++; events == 500 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) || report == nil || report.Events != events || events > 600 || len(report.Findings) == 0 || report.Findings[0].Test == "" {
		t.Errorf("%d events: %+v, %v", events, report, err)
	}
}
