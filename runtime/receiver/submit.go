package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// submit makes events durable and counts what was decided of them.
func (x *exchange) submit(ctx context.Context, source string, events []string) ([]runtime.Submission, error) {
	answers, err := x.config.Submit(ctx, source, events)
	if err != nil {
		return nil, err
	}
	if len(answers) != len(events) {
		return nil, fmt.Errorf("%d answers came for %d events", len(answers), len(events))
	}
	for i := range answers {
		switch answers[i].Status {
		case runtime.Accepted:
			x.answer.Accepted++
		case runtime.Duplicate:
			x.answer.Duplicate++
		case runtime.Rejected:
			x.answer.Rejected++
		default:
			return nil, fmt.Errorf("an event was answered with the status %q", answers[i].Status)
		}
	}
	return answers, nil
}

// unkept is the answer when nothing could be decided. The sender learns that it
// should try again, and the log why.
func (x *exchange) unkept(err error) *refusal {
	x.answer.Accepted, x.answer.Duplicate, x.answer.Rejected = 0, 0, 0
	if errors.Is(x.req.Context().Err(), context.Canceled) {
		return gone(context.Canceled)
	}
	f := &refusal{status: http.StatusServiceUnavailable, reason: ReasonStore, retry: retryAfter(5),
		error: "the events could not be put on disk", log: []slog.Attr{slog.String("cause", err.Error())}}
	switch {
	case errors.Is(err, store.ErrFull):
		f.retry, f.error = retryAfter(60), "there is no room on disk for more events"
	case errors.Is(err, context.DeadlineExceeded):
		f.error = "putting the events on disk took too long"
	}
	return f
}
