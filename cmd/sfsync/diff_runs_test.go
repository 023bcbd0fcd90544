package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/store/bolt"
)

// Other commands ask for a bounded list of events at once, and for nothing else.
func TestPastHandlerTakesShortListsOnly(t *testing.T) {
	s, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for body, want := range map[string]int{
		`["ev/a"]`: http.StatusOK,
		`[]`:       http.StatusOK,
		`{"a": 1}`: http.StatusBadRequest,
		``:         http.StatusBadRequest,
		`["x"` + strings.Repeat(`,"x"`, maxPast) + `]`: http.StatusBadRequest,
		`["` + strings.Repeat("x", 300<<10) + `"]`:     http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		pastHandler(s).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("%.40s: %d, want %d: %s", body, w.Code, want, w.Body)
		}
	}
}
