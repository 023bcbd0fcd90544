package receiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/intake"
)

// result says what was decided of one event.
type result struct {
	ID     string         `json:"id,omitempty"`
	Line   int            `json:"line,omitempty"` // of the body, for what was rejected
	Status runtime.Status `json:"status"`
	Reason string         `json:"reason,omitempty"`
	Help   string         `json:"help,omitempty"`
}

// results is the answer to a request of events, in the order of the body.
type results struct {
	Error     string   `json:"error,omitempty"`
	Accepted  int      `json:"accepted"`
	Duplicate int      `json:"duplicate"`
	Rejected  int      `json:"rejected"`
	Results   []result `json:"results"`
}

func (r *Receiver) events(x *exchange) *refusal {
	return x.take(func(text string) (string, *intake.Error) { return text, nil })
}

func (r *Receiver) distributions(x *exchange) *refusal { return x.take(distribution) }

// take reads the body, makes each of its objects an event, and submits them together.
func (x *exchange) take(event func(text string) (string, *intake.Error)) *refusal {
	if x.req.Method != http.MethodPost {
		return &refusal{status: http.StatusMethodNotAllowed, reason: ReasonMethod, allow: "POST", unread: true,
			error: "events come by POST", help: "post one JSON object, a list of them, or one a line"}
	}
	signed, err := x.credentials.check(x.req.Header, time.Now())
	if err != nil {
		return x.unauthorized(err.Error(), true)
	}
	if t := x.req.Header.Get("Content-Type"); !isJSON(t) {
		return &refusal{status: http.StatusUnsupportedMediaType, reason: ReasonContentType, unread: true,
			error: fmt.Sprintf("a body of the type %q is not taken", clip(t)), help: "send JSON, with Content-Type: application/json"}
	}
	if refused := x.admit(x.limits.MaxBody); refused != nil {
		return refused
	}
	var body bytes.Buffer
	if n := x.req.ContentLength; n > 0 {
		body.Grow(int(min(n, 64<<10)) + bytes.MinRead) // what is announced may never come
	}
	if _, err := body.ReadFrom(x.body(x.limits.MaxBody)); err != nil {
		return x.unreadable(err)
	}
	if signed != nil && !signed.matches(x.credentials.keys, body.Bytes()) {
		return x.unauthorized("the signature is not of this body, or by another secret", false)
	}
	list, texts, refused := x.cut(body.Bytes(), event)
	if refused != nil {
		return refused
	}
	return x.decide(list, texts)
}

func (x *exchange) unauthorized(reason string, unread bool) *refusal {
	help := "send `Authorization: Bearer TOKEN`, or sign the request as Standard Webhooks say"
	if x.req.Header.Get("Webhook-Signature") != "" && len(x.credentials.keys) > 0 {
		help = "sign every attempt anew; if that is so, compare the secret and the clock of the sender with those here"
	}
	return &refusal{status: http.StatusUnauthorized, reason: ReasonCredentials, unread: unread, error: reason, help: help}
}

// isJSON reports whether a media type is one of JSON's. A request that says nothing
// of its type is believed to be.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch t {
	case "application/json", "text/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines",
		"application/x-jsonlines", "application/cloudevents-batch+json":
		return true
	}
	return strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "json-seq")
}

// cut cuts a body into events. A result without a status is one to submit.
func (x *exchange) cut(body []byte, event func(string) (string, *intake.Error)) (list []result, texts []string, refused *refusal) {
	for e, err := range read(x.req.Header, body) {
		if len(list) == x.limits.MaxEvents {
			f := x.tooLarge(0)
			f.error, f.unread = fmt.Sprintf("there are more than %d events in the body", x.limits.MaxEvents), false
			return nil, nil, f
		}
		text, broken := e.Text, (*intake.Error)(nil)
		switch {
		case errors.As(err, &broken):
		case err != nil: // not from memory
			return nil, nil, x.unreadable(err)
		default:
			if text, broken = event(text); broken == nil {
				broken = x.unknownStatus(text)
			}
		}
		if broken != nil {
			x.answer.Rejected++
			list = append(list, result{ID: clip(gjson.Get(e.Text, "id").String()), Line: max(e.Line, broken.Line), Status: runtime.Rejected, Reason: broken.Message, Help: broken.Help})
			continue
		}
		list = append(list, result{Line: e.Line})
		texts = append(texts, text)
	}
	if len(list) == 0 {
		return nil, nil, &refusal{status: http.StatusBadRequest, reason: ReasonEvent, error: "there is no event in the body",
			help: "post one JSON object, a list of them, or one a line"}
	}
	return list, texts, nil
}

// unknownStatus says what is wrong with the distribution status of an event, if anything.
func (x *exchange) unknownStatus(text string) *intake.Error {
	if x.config.Statuses == nil {
		return nil
	}
	status := gjson.Get(text, "distribution.status")
	if status.Type != gjson.String || status.Str == "" {
		return nil
	}
	known := x.config.Statuses(gjson.Get(text, "type").String(), gjson.Get(text, "survey.id").String())
	normal := dsl.NormalStatus(status.Str)
	if len(known) == 0 || slices.ContainsFunc(known, func(s string) bool { return dsl.NormalStatus(s) == normal }) {
		return nil
	}
	help := "a status of your own goes on a `statuses` line of the rules"
	if near, ok := dsl.Suggest(status.Str, known); ok {
		help = fmt.Sprintf("did you mean %s? %s", near, help)
	}
	return &intake.Error{Message: fmt.Sprintf("the rules know no status %q", clip(status.Str)), Help: help}
}

// decide submits events and answers. The status is 202 if all of them are on disk,
// 207 if some were rejected, and 400 if none was accepted.
func (x *exchange) decide(list []result, texts []string) *refusal {
	if len(texts) > 0 {
		ctx, cancel := context.WithTimeout(x.req.Context(), x.limits.SubmitTimeout)
		defer cancel()
		answers, err := x.submit(ctx, runtime.SourceEvents, texts)
		if err != nil {
			return x.unkept(err)
		}
		for i := range list {
			if list[i].Status != "" {
				continue
			}
			a := answers[0]
			answers = answers[1:]
			if a.Status == runtime.Rejected {
				list[i] = result{ID: clip(a.ID), Line: list[i].Line, Status: a.Status, Reason: a.Reason, Help: a.Help}
			} else {
				list[i] = result{ID: a.ID, Status: a.Status}
			}
		}
	}
	n := &x.answer
	body := results{Accepted: n.Accepted, Duplicate: n.Duplicate, Rejected: n.Rejected, Results: list}
	switch {
	case n.Rejected == len(list):
		n.Status, n.Reason, body.Error = http.StatusBadRequest, ReasonEvent, "no event of the body was accepted"
	case n.Rejected > 0:
		n.Status, n.Reason = http.StatusMultiStatus, ReasonEvent
	default:
		n.Status = http.StatusAccepted
	}
	if n.Rejected > 0 {
		x.logRejected(list)
	}
	x.leave() // the body is no longer needed, however slowly the answer goes out
	writeJSON(x.w, n.Status, body)
	return nil
}

// logRejected writes down what was rejected: the first of them stands for all.
func (x *exchange) logRejected(list []result) {
	first := list[slices.IndexFunc(list, func(r result) bool { return r.Status == runtime.Rejected })]
	x.warn.log(slog.LevelWarn, ReasonEvent, "events rejected", slog.String("path", x.req.URL.Path), slog.String("from", x.from),
		slog.Int("rejected", x.answer.Rejected), slog.Int("of", len(list)),
		slog.String("id", first.ID), slog.Int("line", first.Line), slog.String("error", first.Reason), slog.String("help", first.Help))
}
