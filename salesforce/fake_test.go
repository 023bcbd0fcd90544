package salesforce

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"
)

// seen is one request that a fake org got.
type seen struct {
	method, path, query string
	header              http.Header
	body                string
}

// fake is an org that answers as its handler says and keeps what it was asked.
type fake struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

type handler = func(w http.ResponseWriter, r *http.Request, body []byte)

func newFake(t testing.TB, handle handler) *fake {
	f := &fake{}
	f.Server = httptest.NewServer(f.serve(handle))
	t.Cleanup(f.Close)
	return f
}

// inProcess returns a client of a fake org without a network between them.
func inProcess(t testing.TB, handle handler) *Client {
	t.Helper()
	serve := new(fake).serve(handle)
	c, err := New(Config{InstanceURL: "http://127.0.0.1:1", Token: StaticToken("00D!token"), HTTPClient: &http.Client{
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Body == nil {
				r.Body = http.NoBody
			}
			w := httptest.NewRecorder()
			serve(w, r)
			return w.Result(), nil
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (f *fake) serve(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(in)
			if err != nil {
				http.Error(w, "not gzip", http.StatusBadRequest)
				return
			}
			in = z
		}
		body, err := io.ReadAll(in)
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		f.seen = append(f.seen, seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, string(body)})
		f.mu.Unlock()
		handle(w, r, body)
	}
}

func (f *fake) requests() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]seen(nil), f.seen...)
}

func (f *fake) client(t testing.TB, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{InstanceURL: f.URL, Token: StaticToken("00D!token")}
	for _, c := range change {
		c(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answerWith(status int, body string) handler {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// collectionOrg answers collection and single-row calls. It refuses a call as a
// whole, with the error of refuse, if refuse finds something in one of its records.
func collectionOrg(refuse func(record string, at int) (code, message string)) handler {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		fail := func(code, message string) {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode([]map[string]any{{"errorCode": code, "message": message}})
		}
		if !strings.Contains(r.URL.Path, "/composite/") {
			if code, message := refuse(string(body), 0); code != "" {
				fail(code, message)
				return
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		var in struct {
			AllOrNone *bool             `json:"allOrNone"`
			Records   []json.RawMessage `json:"records"`
		}
		if err := json.Unmarshal(body, &in); err != nil || in.AllOrNone == nil || *in.AllOrNone || len(in.Records) > MaxRows {
			fail("TEST_BAD_REQUEST", fmt.Sprint(err))
			return
		}
		at := 0
		results := make([]map[string]any, len(in.Records))
		for i, record := range in.Records {
			at += strings.Index(string(body[at:]), string(record))
			if code, message := refuse(string(record), at); code != "" {
				fail(code, message)
				return
			}
			id := gjson.GetBytes(record, "id").Str
			if id == "" {
				id = "500000000000001AAA"
			}
			results[i] = map[string]any{"id": id, "success": true, "errors": []any{}}
		}
		_ = json.NewEncoder(w).Encode(results)
	}
}
