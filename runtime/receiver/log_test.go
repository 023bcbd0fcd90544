package receiver

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Of a full disk the log tells at once, and then how often, once a minute.
func TestLogCountsWhatItLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		w := newWarner(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		for range 150 { // never at the moment at which a minute ends
			w.log(slog.LevelError, ReasonStore, "request refused")
			time.Sleep(900 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		w.log(slog.LevelError, ReasonStore, "request refused")
		time.Sleep(time.Hour)
		want := strings.Repeat("level=ERROR msg=\"request refused\"\nlevel=ERROR msg=\"more of the same\" reason=store left_out=66 within=1m0s\n", 2) +
			"level=ERROR msg=\"request refused\"\nlevel=ERROR msg=\"more of the same\" reason=store left_out=15 within=1m0s\n" +
			"level=ERROR msg=\"request refused\"\n"
		if text.String() != want {
			t.Errorf("got\n%swant\n%s", &text, want)
		}
	})
}
