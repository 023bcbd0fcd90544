package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/intake"
	"github.com/sfsync/sfsync/store"
)

// feeder submits events to a job and counts what becomes of them.
type feeder struct {
	console *console
	job     *job
	tally   *tally

	read, accepted, duplicates int
	problems                   []eventProblem // the first maxProblems
	broken                     int
	bar                        *progressbar.ProgressBar
}

// maxProblems is how many broken events are told of one by one.
const maxProblems = 100

// batchSize is how many events are made durable together.
const batchSize = 512

// observe is told of every settlement, from one goroutine.
func (f *feeder) observe(r runtime.Report) {
	f.tally.add(r)
	if f.bar != nil && r.Done {
		f.bar.Add(1)
	}
}

// feed runs the events of the paths. Events are run while others are still being
// read, so that a pipe may stay open for long.
func (f *feeder) feed(ctx context.Context, paths []string) error {
	if f.console.progress {
		f.bar = f.console.newBar("events")
		defer f.bar.Finish()
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		err := f.job.engine.Run(running)
		stop() // when the engine fails, reading on would be for nothing
		ended <- err
	}()
	err := f.console.eachEventFile(paths, func(name string, r io.Reader) error { return f.readFrom(running, name, r) })
	stop()
	failed := <-ended
	if errors.Is(failed, context.Canceled) && ctx.Err() == nil {
		failed = nil // it was told to stop before it had begun
	}
	if err := cmp.Or(failed, err); err != nil {
		return err
	}
	if f.bar != nil {
		f.bar.ChangeMax(f.accepted) // now it is known
	}
	return f.job.engine.Drain(ctx)
}

func (f *feeder) readFrom(ctx context.Context, name string, r io.Reader) error {
	var texts []string
	var lines []int
	for event, err := range intake.Read(&flushingReader{r: r, flush: func() error {
		err := f.submit(ctx, name, texts, lines)
		texts, lines = texts[:0], lines[:0]
		return err
	}}) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			p, ok := problemOf(name, event.Line, err)
			if !ok {
				var e *exitError
				if errors.As(err, &e) || errors.Is(err, context.Canceled) {
					return errors.Unwrap(err)
				}
				return outsidef("", "cannot read %s: %s", name, reason(errors.Unwrap(err)))
			}
			f.read++
			f.problem(p)
			continue
		}
		f.read++
		texts, lines = append(texts, event.Text), append(lines, event.Line)
		if len(texts) == batchSize {
			if err := f.submit(ctx, name, texts, lines); err != nil {
				return err
			}
			texts, lines = texts[:0], lines[:0]
		}
	}
	return f.submit(ctx, name, texts, lines)
}

// flushingReader submits what is at hand before it may have to wait for more.
type flushingReader struct {
	r     io.Reader
	flush func() error
}

func (r *flushingReader) Read(p []byte) (int, error) {
	if err := r.flush(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func (f *feeder) submit(ctx context.Context, name string, texts []string, lines []int) error {
	if len(texts) == 0 {
		return nil
	}
	answers, err := f.job.engine.Submit(ctx, runtime.SourceEvents, texts)
	if errors.Is(err, store.ErrFull) {
		return outsidef("wait until more is done, or give another --store", "%w", err)
	}
	if err != nil {
		return outsidef("", "%w", err)
	}
	for i, a := range answers {
		switch a.Status {
		case runtime.Accepted:
			f.accepted++
		case runtime.Duplicate:
			f.duplicates++
		case runtime.Rejected:
			f.problem(eventProblem{name, lines[i], a.Reason, a.Help})
		}
	}
	return nil
}

func (f *feeder) problem(p eventProblem) {
	f.broken++
	if len(f.problems) == maxProblems {
		return
	}
	f.problems = append(f.problems, p)
	if f.bar != nil {
		f.bar.Clear()
	}
	fmt.Fprintf(f.console.err, "%s %s\n", f.console.errStyle.red("broken event:"), printable(p.String()))
}
