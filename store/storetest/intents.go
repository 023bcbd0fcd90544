package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
)

var intentTests = map[string]func(*testing.T, Open){
	"is new once, then in doubt": intentDoubt,
	"outlives a wait":            intentOutlives,
	"needs the event":            intentHeld,
}

func begin(t testing.TB, c store.Claim, intents ...store.Intent) []store.Prior {
	t.Helper()
	priors, err := c.Begin(t.Context(), intents...)
	must(t, err)
	return priors
}

func intentDoubt(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, events(1, 2)...)
	c := claimOf(t, s, key)
	items := next(t, c, 2)
	first := store.Intent{Seq: items[0].Seq, Key: "rule/1", Fingerprint: [32]byte{1}}
	before := time.Now()
	for i, p := range begin(t, c, first, store.Intent{Seq: items[1].Seq, Key: "rule/1"}) {
		if p.InDoubt {
			t.Errorf("intent %d is in doubt at first", i)
		}
	}
	// A save does not say how the call has ended.
	must(t, c.Settle(t.Context(), store.Settlement{Seq: items[0].Seq, Do: store.Save}))
	must(t, s.Close())

	s = open(t, dir)
	c = claimOf(t, s, key)
	items = next(t, c, 2)
	for _, item := range items {
		if !slices.Equal(item.Begun, []string{"rule/1"}) {
			t.Errorf("%s had begun %q", item.ID, item.Begun)
		}
	}
	changed := first
	changed.Fingerprint = [32]byte{2}
	priors := begin(t, c, changed, store.Intent{Seq: items[0].Seq, Key: "rule/2"})
	p := priors[0]
	if !p.InDoubt || p.Fingerprint != first.Fingerprint || p.Begun.Before(before.Add(-time.Millisecond)) || p.Begun.After(time.Now()) {
		t.Errorf("after the restart: %+v", p)
	}
	if priors[1].InDoubt {
		t.Error("another intent of the event is in doubt")
	}
}

// intentOutlives: who puts an event back need not have begun its calls again, so what
// an earlier process has begun is still in doubt.
func intentOutlives(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, distinctKeys(2)...)
	c := claimOf(t, s, key)
	items := next(t, c, 2)
	in := func(i int, key string) store.Intent { return store.Intent{Seq: items[i].Seq, Key: key} }
	begin(t, c, in(0, "a"), in(0, "b"), in(1, "a"))
	must(t, c.Settle(t.Context(), store.Settlement{Seq: items[0].Seq, Do: store.Wait, NotBefore: time.Now()}))
	again := await(t, c, 1)
	if again[0].Seq != items[0].Seq {
		t.Fatalf("event %d came back, want %d", again[0].Seq, items[0].Seq)
	}
	priors := begin(t, c, in(0, "a"), in(0, "b"), in(1, "a"), in(0, "a again"))
	if !priors[0].InDoubt || !priors[1].InDoubt || !priors[2].InDoubt {
		t.Error("a wait cleared an intent")
	}
	if priors[3].InDoubt {
		t.Error("an intent under another key is in doubt")
	}
	must(t, c.Settle(t.Context(), done(items[0].Seq), done(items[1].Seq)))
}

func intentHeld(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, events(1, 2)...)
	c := claimOf(t, s, key)
	held := next(t, c, 1)[0].Seq
	if _, err := c.Begin(t.Context(), store.Intent{Seq: held, Key: "a"}, store.Intent{Seq: held + 1, Key: "a"}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("begin for an event that is not handed out: %v, want ErrFenced", err)
	}
	if begin(t, c, store.Intent{Seq: held, Key: "a"})[0].InDoubt {
		t.Error("a begin that failed left an intent")
	}
	if _, err := c.Begin(t.Context(), store.Intent{Seq: held}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("an intent without a key: %v, want ErrInvalid", err)
	}
}
