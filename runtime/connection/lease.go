package connection

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/sfsync/sfsync/store"
)

const (
	leasePrefix = "lease/grant/"
	// leaseLife is how long a process that died keeps others from renewing. It is
	// longer than any call to a login host.
	leaseLife = 45 * time.Second
	// The waits between two looks at a lease that another process holds.
	leaseFirst, leaseMax = 20 * time.Millisecond, time.Second
)

// lease takes the right to renew a grant, unless another process has it.
func (m *Manager) lease(ctx context.Context, id string) (release func(), ok bool, err error) {
	key := leasePrefix + id
	mine := store.Entry{Key: key, Value: []byte(rand.Text()), Expires: time.Now().Add(leaseLife)}
	revision, err := m.config.KV.Put(ctx, mine)
	if errors.Is(err, store.ErrConflict) {
		// One that ends later than any lease can was taken before the clock was set back,
		// and nobody lives by it any more.
		if other, gone := m.config.KV.Get(ctx, key); gone == nil && other.Expires.After(mine.Expires.Add(leaseLife)) {
			mine.Revision = other.Revision
			revision, err = m.config.KV.Put(ctx, mine)
		}
	}
	if errors.Is(err, store.ErrConflict) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return func() {
		// Whoever cancelled the renewal does not want others to wait for it. A lease that
		// is not given back runs out.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = m.config.KV.Delete(ctx, key, revision)
	}, true, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
