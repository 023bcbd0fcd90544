package receiver

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A warner writes down why requests were refused, of each reason no more than a
// person can read; what is left out is counted at the end of the window.
type warner struct {
	logger *slog.Logger

	mu      sync.Mutex
	reasons map[Reason]*quiet
}

type quiet struct {
	since   time.Time
	written int
	left    int // left out since
	level   slog.Level
}

// Of one reason, so many lines are written in a window.
const (
	warnLines  = 50
	warnWindow = time.Minute
)

// lines is how many requests refused for a reason say more than one does. Where the store
// keeps nothing, all of them say the same.
func (r Reason) lines() int {
	if r == ReasonStore {
		return 1
	}
	return warnLines
}

func newWarner(logger *slog.Logger) *warner {
	return &warner{logger: logger, reasons: map[Reason]*quiet{}}
}

func (w *warner) log(level slog.Level, reason Reason, message string, attrs ...slog.Attr) {
	if w.leaveOut(level, reason) {
		return
	}
	w.logger.LogAttrs(context.Background(), level, message, attrs...)
}

// leaveOut counts a line, and reports whether it is one too many.
func (w *warner) leaveOut(level slog.Level, reason Reason) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, now := w.reasons[reason], time.Now()
	if q == nil || q.left == 0 && now.Sub(q.since) >= warnWindow {
		q = &quiet{since: now}
		w.reasons[reason] = q
	}
	if q.written < reason.lines() {
		q.written++
		return false
	}
	if q.left++; q.left == 1 {
		q.level = level
		time.AfterFunc(warnWindow-now.Sub(q.since), func() { w.count(reason) })
	}
	return true
}

// count tells what a window has left out, and ends it.
func (w *warner) count(reason Reason) {
	w.mu.Lock()
	q := w.reasons[reason]
	delete(w.reasons, reason)
	w.mu.Unlock()
	w.logger.LogAttrs(context.Background(), q.level, "more of the same", slog.String("reason", string(reason)),
		slog.Int("left_out", q.left), slog.Duration("within", warnWindow))
}
