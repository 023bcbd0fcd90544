package bolt_test

import (
	"testing"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
	"github.com/sfsync/sfsync/store/storetest"
)

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func open(t testing.TB, dir string) store.Store { return openWith(t, dir, bolt.Options{}) }

func openWith(t testing.TB, dir string, o bolt.Options) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
