package main

import (
	"context"
	"io"
	"sync"
)

// interruptible reads standard input until the command is interrupted, although the
// system goes on waiting for what nobody types. It takes nothing before it is asked, so
// that questions at the same terminal get their answers.
type interruptible struct {
	ctx   context.Context
	from  io.Reader
	start sync.Once
	pipe  *io.PipeReader
}

func (r *interruptible) Read(p []byte) (int, error) {
	r.start.Do(func() {
		pipe, into := io.Pipe()
		r.pipe = pipe
		context.AfterFunc(r.ctx, func() { into.CloseWithError(context.Cause(r.ctx)) })
		go func() {
			_, err := io.Copy(into, r.from)
			into.CloseWithError(err)
		}()
	})
	return r.pipe.Read(p)
}
