package prooftest

import (
	"context"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// findings are what verify counted.
type findings struct {
	effects      int // writes that changed a record
	echoes       int // writes that repeated what was there
	inDoubt      int // creates that may have been carried out
	killed       int // of these, those that a kill met, and not a lost answer
	inDoubtThere int // of those in doubt, the ones that were carried out
}

// verify holds what the daemon has done, by its run log and by the org's own history,
// against what it acknowledged.
func (l *load) verify(dir string) (found findings) {
	l.t.Helper()
	st, err := bolt.Open(dir, bolt.Options{ReadOnly: true})
	if err != nil {
		l.t.Fatal(err)
	}
	defer st.Close()
	doubtful := l.verifyOutcomes(st, &found)
	l.verifyOrder(&found)
	l.verifyUpserts(&found)
	l.verifyCreates(doubtful, &found)
	return found
}

// verifyOutcomes: every acknowledged event has one outcome, and nothing else has any.
func (l *load) verifyOutcomes(st store.Store, found *findings) (doubtful map[string]bool) {
	doubtful = map[string]bool{}
	runs := map[string]int{}
	for r, err := range st.Runs().List(context.Background(), store.Filter{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		if r.Rule == "" {
			// That a status waited for its message stands beside what it did then.
			if r.Outcome != store.Skipped {
				l.t.Errorf("%s: %s, %s", r.Event, r.Outcome, r.Reason)
			}
			continue
		}
		if runs[r.Event]++; !l.events[r.Event] {
			l.t.Errorf("%s has an outcome and was never sent", r.Event)
		}
		for _, w := range r.Writes {
			switch {
			case w.Outcome == store.Synced:
			case w.Outcome == store.Skipped && w.Op == "create":
			case w.Outcome == store.InDoubt && w.Op == "create":
				doubtful[subjectOf(&w)] = true
				found.inDoubt++
				if strings.HasPrefix(w.Reason, "sfsync stopped") {
					found.killed++
				}
			default:
				l.t.Errorf("%s: %s of %s: %s, %s", r.Event, w.Op, w.Object, w.Outcome, w.Reason)
			}
		}
		if r.Outcome != store.Synced && r.Outcome != store.InDoubt {
			l.t.Errorf("%s: %s, %s", r.Event, r.Outcome, r.Reason)
		}
	}
	for id := range l.events {
		if runs[id] != 1 {
			l.t.Errorf("%s has %d outcomes", id, runs[id])
		}
	}
	return doubtful
}

func subjectOf(w *store.Write) string {
	for _, f := range w.Fields {
		if f.Name == "Subject" && len(f.Value) > 2 {
			return string(f.Value[1 : len(f.Value)-1])
		}
	}
	return ""
}

// verifyOrder: each value took effect once on its contact, in the order of acceptance.
func (l *load) verifyOrder(found *findings) {
	for id, want := range l.contacts {
		var got []string
		for _, rev := range l.org.History(id) {
			if rev.Op == "seed" {
				continue
			}
			if change, ok := rev.Fields["Description"]; ok {
				got = append(got, change.After)
			} else {
				found.echoes++
			}
		}
		found.effects += len(got)
		if !slices.Equal(got, want) {
			l.t.Errorf("contact %s had the values\n\t%q, accepted were\n\t%q", id, got, want)
		}
	}
}

// verifyUpserts: one record for each response, written once.
func (l *load) verifyUpserts(found *findings) {
	there := map[string]bool{}
	for _, r := range l.org.Records("Survey_Response__c") {
		key, _ := r["Response_Id__c"].(string)
		want, sent := l.responses[key]
		if there[key] || !sent || r["Comment__c"] != want {
			l.t.Errorf("response %q has the comment %v, want %q (sent: %t, twice: %t)", key, r["Comment__c"], want, sent, there[key])
		}
		there[key] = true
		for i, rev := range l.org.History(r["Id"].(string)) {
			switch {
			case i == 0:
				found.effects++
			case len(rev.Fields) > 0:
				l.t.Errorf("response %q was changed after it was made: %v", key, rev.Fields)
			default:
				found.echoes++
			}
		}
	}
	for key := range l.responses {
		if !there[key] {
			l.t.Errorf("response %q is missing", key)
		}
	}
}

// verifyCreates: each case is there once, or not more than once if it is in doubt.
func (l *load) verifyCreates(doubtful map[string]bool, found *findings) {
	there := map[string]int{}
	for _, r := range l.org.Records("Case") {
		subject, _ := r["Subject"].(string)
		there[subject]++
	}
	for subject := range l.creates {
		n := there[subject]
		delete(there, subject)
		found.effects += min(n, 1)
		if doubtful[subject] {
			found.inDoubtThere += n
		}
		if n > 1 || n == 0 && !doubtful[subject] {
			l.t.Errorf("case %q is there %d times (in doubt: %t)", subject, n, doubtful[subject])
		}
	}
	for subject := range there {
		l.t.Errorf("case %q was never asked for", subject)
	}
}
