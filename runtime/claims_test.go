package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// Two who run the same events would write everything twice, so the first gives way
// for good, and says so.
func TestRunEndsWhenAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		stop := b.serve()
		b.submit(response("a", 1, 1))
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if _, err := b.store.Claims(ctx, "somebody else"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		b.submit(response("b", 2, 2))
		time.Sleep(time.Second)
		if n := len(b.org.lines()); n != 1 {
			t.Errorf("%d rows are written", n)
		}
		if err := stop(); !errors.Is(err, store.ErrTakenOver) {
			t.Errorf("it ends with %v", err)
		}
		b.store.Close()
	})
}

// lapsing is a store whose claims can be lost without another owner, as those of a
// cluster are that cannot be reached.
type lapsing struct {
	*bolt.Store
	mu    sync.Mutex
	lapse context.CancelCauseFunc
	taken int
}

func (s *lapsing) now() (lapse context.CancelCauseFunc, taken int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lapse, s.taken
}

type lapsingClaim struct {
	store.Claim
	ctx context.Context
}

func (c lapsingClaim) Context() context.Context { return c.ctx }

func (s *lapsing) Claims(ctx context.Context, owner string) (<-chan store.Claim, error) {
	claims, err := s.Store.Claims(ctx, owner)
	if err != nil {
		return nil, err
	}
	claim := <-claims
	held, lapse := context.WithCancelCause(claim.Context())
	s.mu.Lock()
	s.lapse = lapse
	s.taken++
	s.mu.Unlock()
	out := make(chan store.Claim, store.Partitions)
	out <- lapsingClaim{claim, held}
	for len(out) < store.Partitions {
		out <- lapsingClaim{<-claims, held}
	}
	return out, nil
}

func TestRunClaimsAgainWhatIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		s := &lapsing{Store: b.store}
		b.config.Store = s
		b.renew()
		stop := b.serve()
		b.submit(response("a", 1, 1))
		time.Sleep(time.Second)
		for i := range 5 {
			lapse, _ := s.now()
			lapse(fmt.Errorf("%w: the lease has run out", store.ErrFenced))
			b.submit(response(fmt.Sprint("b", i), 2, i))
			time.Sleep(2 * time.Minute)
		}
		_, taken := s.now()
		if n := b.outcomes(); n[store.Synced] != 6 || taken != 6 {
			t.Errorf("outcomes %v after claiming %d times", n, taken)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}
