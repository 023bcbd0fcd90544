package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/sfsync/sfsync/store"
	"go.etcd.io/bbolt"
)

// Begin implements [store.Claim].
func (c *claim) Begin(ctx context.Context, intents ...store.Intent) ([]store.Prior, error) {
	if len(intents) == 0 {
		return nil, ctx.Err()
	}
	if len(intents) > store.MaxBatch {
		return nil, fmt.Errorf("%w begin: %d intents, at most %d are allowed", store.ErrInvalid, len(intents), store.MaxBatch)
	}
	size := 0
	for i := range intents {
		if n := len(intents[i].Key); n == 0 || n > store.MaxName {
			return nil, fmt.Errorf("%w intent of event %d: its key has %d bytes, 1 to %d are allowed", store.ErrInvalid, intents[i].Seq, n, store.MaxName)
		}
		size += 64 + len(intents[i].Key)
	}
	priors := make([]store.Prior, len(intents))
	err := c.store.toQueue.do(ctx, &request{
		items: len(intents),
		bytes: size,
		check: func(b *batch) error {
			for i := range intents {
				if err := c.holds(b, intents[i].Seq); err != nil {
					return err
				}
			}
			return nil
		},
		write: func(b *batch) error {
			bucket := b.tx.Bucket(intentsBucket)
			for i := range intents {
				in := &intents[i]
				key := append(intentPrefix(in.Seq), in.Key...)
				if stored := bucket.Get(key); stored != nil {
					r := reader{rest: stored}
					priors[i] = store.Prior{InDoubt: true, Begun: r.time()}
					if copy(priors[i].Fingerprint[:], r.rest) != len(in.Fingerprint) {
						return fmt.Errorf("%w: an intent of event %d is cut short", store.ErrCorrupt, in.Seq)
					}
					continue
				}
				priors[i] = store.Prior{Begun: b.now, Fingerprint: in.Fingerprint}
				if err := bucket.Put(key, append(appendTime(nil, b.now), in.Fingerprint[:]...)); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return priors, nil
}

func intentPrefix(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// begun returns the keys of an event's intents.
func begun(c *bbolt.Cursor, seq uint64) (keys []string) {
	prefix := intentPrefix(seq)
	for key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = c.Next() {
		keys = append(keys, string(key[len(prefix):]))
	}
	return keys
}

// clearIntents forgets what an event had begun.
func clearIntents(tx *bbolt.Tx, seq uint64) error {
	bucket := tx.Bucket(intentsBucket)
	prefix := intentPrefix(seq)
	c := bucket.Cursor()
	// Seek anew each time: a delete moves the cursor in ways that depend on the page.
	for key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = c.Seek(prefix) {
		if err := bucket.Delete(bytes.Clone(key)); err != nil {
			return err
		}
	}
	return nil
}
