package receiver

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A warner writes down why requests were refused, of each reason no more than a
// person can read: what is left out is counted in the first line of the next window.
type warner struct {
	logger *slog.Logger

	mu      sync.Mutex
	reasons map[Reason]*quiet
}

type quiet struct {
	since   time.Time
	written int
	left    int // left out since
}

// Of one reason, so many lines are written in a window.
const (
	warnLines  = 50
	warnWindow = time.Minute
)

func newWarner(logger *slog.Logger) *warner {
	return &warner{logger: logger, reasons: map[Reason]*quiet{}}
}

func (w *warner) log(level slog.Level, reason Reason, message string, attrs ...slog.Attr) {
	w.mu.Lock()
	q := w.reasons[reason]
	if q == nil {
		q = &quiet{}
		w.reasons[reason] = q
	}
	left, now := 0, time.Now()
	if now.Sub(q.since) >= warnWindow {
		left = q.left
		*q = quiet{since: now}
	}
	if q.written == warnLines {
		q.left++
		w.mu.Unlock()
		return
	}
	q.written++
	w.mu.Unlock()
	if left > 0 {
		attrs = append(attrs, slog.Int("left_out_before", left))
	}
	w.logger.LogAttrs(context.Background(), level, message, attrs...)
}
