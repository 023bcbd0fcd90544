package bolt

import (
	"errors"
	"testing"

	"github.com/sfsync/sfsync/store"
)

// TestDiskFails takes the file from under the committer: from then on every
// write must be refused, and Health must say why.
func TestDiskFails(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.events.db.Close()
	for range 2 {
		if _, err := s.Append(t.Context(), []store.Event{{ID: "a"}}); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("append: %v, want ErrUnavailable", err)
		}
	}
	if _, err := s.State().Put(t.Context(), store.Entry{Key: "a"}); err != nil {
		t.Errorf("the other file is well, but: %v", err)
	}
	if err := s.toQueue.failed.Load(); err == nil || !errors.Is(*err, store.ErrUnavailable) {
		t.Errorf("the committer says %v", err)
	}
}

// TestBadRequest: one whose write fails must not take its neighbours along.
func TestBadRequest(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	bad := errors.New("bad")
	put := func(key string, err error) *request {
		return &request{items: 1, answer: make(chan error, 1), write: func(b *batch) error {
			if err != nil {
				b.tx.Bucket(stateBucket).Put([]byte(key), []byte("half done"))
				return err
			}
			return b.tx.Bucket(stateBucket).Put([]byte(key), encodeEntry(1, b.now.Add(1e12), []byte(key)))
		}}
	}
	refused := put("refused", nil)
	refused.check = func(*batch) error { return bad }
	group := []*request{put("a", nil), put("b", bad), refused, put("c", nil)}
	s.toState.commit(append([]*request(nil), group...))
	for i, want := range []error{nil, bad, bad, nil} {
		if err := <-group[i].answer; !errors.Is(err, want) {
			t.Errorf("request %d: %v, want %v", i, err, want)
		}
	}
	for key, want := range map[string]error{"a": nil, "b": store.ErrNotFound, "refused": store.ErrNotFound, "c": nil} {
		if _, err := s.State().Get(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("get %s: %v, want %v", key, err, want)
		}
	}
}
