package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// newBar counts what was done of long work, on a terminal; how much there is of it,
// nobody knows.
func (c *console) newBar(what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(-1, progressbar.OptionSetWriter(c.err), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(100*time.Millisecond))
}
