package salesforce

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever a server answers, a call ends in time, takes no more of an answer than it
// may, and what is no result of Salesforce's leaves the rows in doubt.
func TestHostileServer(t *testing.T) {
	const dripping = "a byte now and then"
	text := func(status int, body string) handler { return answerWith(status, body) }
	result := `{"id":"003ak00000luKU1AAM","success":true,"errors":[]}`
	for name, c := range map[string]struct {
		handle handler
		want   Cause
	}{
		dripping: {func(w http.ResponseWriter, r *http.Request, _ []byte) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		}, Network},
		"a small answer that unpacks to a large one": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			zeros := make([]byte, 1<<20)
			for range 200 {
				if _, err := z.Write(zeros); err != nil {
					return
				}
			}
			_ = z.Close()
		}, Unknown},
		"gzip that is none": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "["+result+","+result+"]")
		}, Network},
		"an encoding that nobody asked for": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "\x0b\x02\x80[]\x03")
		}, Network},
		"more than its length": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n[%s,%s]", result, result)
			_ = rw.Flush()
		}, Unknown},
		"headers without end": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(rw, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(rw, "X: "+strings.Repeat("x", 1<<16)+"\r\n"); err != nil {
					return
				}
			}
		}, Network},
		"no HTTP": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(rw, "220 mail.example ESMTP\r\n")
			_ = rw.Flush()
		}, Network},
		"garbage behind the results":  {text(200, "["+result+","+result+"] }"), Unknown},
		"fewer results":               {text(200, "["+result+"]"), Unknown},
		"more results":                {text(200, "["+result+","+result+","+result+"]"), Unknown},
		"no results":                  {text(200, "[]"), Unknown},
		"results that are null":       {text(200, "[null,null]"), Unknown},
		"results without success":     {text(200, `[{"id":"003ak00000luKU1AAM"},{}]`), Unknown},
		"results that are texts":      {text(200, `["001","002"]`), Unknown},
		"success that is a text":      {text(200, `[{"success":"true"},{"success":"true"}]`), Unknown},
		"brackets without end":        {text(200, strings.Repeat("[", 1<<20)), Unknown},
		"a log-in page":               {text(200, "\n\n<!DOCTYPE html><html>Log in</html>"), Network},
		"a log-in page as JSON":       {text(200, `"<html>"`), Network},
		"text before the results":     {text(200, "while(1);["+result+","+result+"]"), Network},
		"nothing":                     {text(200, ""), Network},
		"accepted, whatever that is":  {text(202, ""), Unknown},
		"an error that names no code": {text(500, `{"error":{"nested":true}}`), Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newFake(t, c.handle)
			client := org.client(t, func(config *Config) {
				if config.MaxResponse = 4 << 20; name == dripping {
					config.Timeout = 100 * time.Millisecond
				}
			})
			rows := []Row{{Object: "Contact", Body: []byte(`{"LastName":"x"}`)}, {Object: "Contact", Body: []byte(`{"LastName":"y"}`)}}
			for i, r := range client.Write(t.Context(), Create, rows) {
				if r.Err == nil || r.Err.Cause != c.want || !r.Err.InDoubt || r.Err.Message == "" {
					t.Errorf("row %d: %+v", i, r.Err)
				}
			}
			if n := len(org.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
