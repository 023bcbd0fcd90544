package receiver

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
)

// Whatever is sent, the answer is JSON that tells of every event, what is accepted is
// an event, what came as a status is one, and telling it again has the same ids.
func FuzzEvents(f *testing.F) {
	for _, body := range []string{
		"", "[]", "hello", response("a"), "[" + response("a") + ",\n" + response("b") + "]", `{"of":"04l5g0000000001AAA","status":"Sent","time":"2026-11-20T14:05:00Z"}`,
		`{"specversion":"1.0","id":"a","type":"survey.response","data":{"answers":{}}}`, `{"id":1e999,"of":"a","status":null,"distribution":{"status":"Sent","status":"x"}}`,
		"{\"of\":\"\\ud800\",\"status\":\"\x00\"}", `{"of":{"a":1},"status":[],"distribution":{},"":{}}`,
	} {
		f.Add(body, false, "")
		f.Add(body, true, "")
		f.Add(body, false, "1.0")
	}
	f.Fuzz(func(t *testing.T, body string, short bool, version string) {
		var seen [][]string
		submit := func(_ context.Context, _ string, events []string) ([]runtime.Submission, error) {
			answers := make([]runtime.Submission, len(events))
			var ids []string
			for i, text := range events {
				ev, err := plan.ReadEvent(text)
				answers[i].ID = ev.ID
				if answers[i].Status = runtime.Accepted; err != nil {
					answers[i].Status, answers[i].Reason = runtime.Rejected, err.Error()
					continue
				}
				if short && ev.Type != plan.TypeDistribution {
					t.Errorf("%s came as a status", text)
				}
				ids = append(ids, ev.ID)
			}
			seen = append(seen, ids)
			return answers, nil
		}
		d := newDeskOn(t, submit, func(c *Config) { c.Statuses = nil })
		path := "/v1/events"
		if short {
			path = "/v1/distributions"
		}
		w := d.do(post(path, body, "Ce-Specversion", version))
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("the answer is no JSON: %s", w.Body)
		}
		answer := gjson.ParseBytes(w.Body.Bytes())
		accepted, rejected, all := answer.Get("accepted").Int(), answer.Get("rejected").Int(), answer.Get("results.#").Int()
		switch {
		case w.Code == 202 && accepted == all && all > 0:
		case w.Code == 207 && accepted > 0 && rejected > 0 && accepted+rejected == all:
		case w.Code == 400 && accepted == 0 && rejected == all && answer.Get("error").String() != "":
		default:
			t.Errorf("status %d with %s", w.Code, w.Body)
		}
		d.do(post(path, body, "Ce-Specversion", version))
		if len(seen) == 2 && strings.Join(seen[0], " ") != strings.Join(seen[1], " ") {
			t.Errorf("the ids were %q, and then %q", seen[0], seen[1])
		}
	})
}

// A signature matches nothing but what was signed.
func FuzzSignature(f *testing.F) {
	f.Add("msg_1", "1614265330", "v1,AAAA", []byte("{}"))
	f.Add("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte(`{"test": 2432232315}`))
	key, err := readSecret(secret)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, stamp, sums string, body []byte) {
		s, err := readSignature(map[string][]string{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {sums}}, time.Unix(1614265330, 0))
		if err == nil && s.matches([][]byte{key}, body) && string(body) != `{"test": 2432232314}` {
			t.Errorf("a forged signature matches: %q %q %q %q", id, stamp, sums, body)
		}
	})
}
