package receiver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// wide is a message of n notifications whose events have about 2 kB.
func wide(n int) string {
	return strings.ReplaceAll(message(org, count(n)...), private, strings.Repeat("a customer wrote this. ", 80))
}

// The cost of a message without network and disk; the events a second are a metric.
func BenchmarkOutboundMessage(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newBare(b)
			body := wide(n)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				d.ServeHTTP(w, soap(body))
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// The same over loopback, with 64 senders that keep their connections.
func BenchmarkAcks(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newBare(b)
			address := "http://" + d.serve(b, nil) + "/soap/production"
			transport := &http.Transport{MaxIdleConnsPerHost: 64}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			body := wide(n)
			b.SetBytes(int64(len(body)))
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					response, err := client.Post(address, "text/xml", strings.NewReader(body))
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, response.Body)
					response.Body.Close()
					if response.StatusCode != 200 {
						b.Error(response.StatusCode)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acks/s")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newBare(b)
			body := strings.Repeat(strings.Replace(response("a"), `"nps":9`, `"nps":9,"comment":"`+strings.Repeat("a customer wrote this. ", 80)+`"`, 1)+"\n", n)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				d.ServeHTTP(w, post("/v1/events", body))
				if w.Code != 202 {
					b.Fatal(w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// newBare is a desk that keeps nothing, not even for the test.
func newBare(b *testing.B) *desk {
	return newDeskOn(b, take, func(c *Config) { c.Submit, c.Observe = take, nil })
}
