package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Options is what the server gets from the program that it is part of. Every part may
// be left out, and what needs it is then left out, too.
type Options struct {
	Version string       // of the program, for the editor's log
	Log     *slog.Logger // where failures of the server itself go

	// Events reads the sample events of a file or a directory.
	Events func(path string) ([]string, error)

	// File says why a file that a test names, by its path from the file that the test
	// stands in, cannot be read.
	File func(from *dsl.Source, name string) error

	// Connections returns the names of the stored connections, and Schema what is
	// remembered of a connection's org, nil if nothing is. They are asked where no
	// directory `schema` lies beside the rules.
	Connections func() []string
	Schema      func(connection string) *schema.Schema

	// Cause explains a cause of failure in a sentence or two of Markdown.
	Cause func(name string) string

	// RunTest runs one test block, for the button above it.
	RunTest func(ctx context.Context, t Test) TestResult
}

// ErrNoShutdown is the error of a client that went without saying so first.
var ErrNoShutdown = errors.New("the editor ended without shutting the language server down")

// Serve answers a client until it says exit, its end of the stream closes, the process
// that it named as its parent ends, or ctx does.
func Serve(ctx context.Context, in io.Reader, out io.WriteCloser, o Options) error {
	s := newServer(ctx, o)
	defer s.cancel()
	// Nothing can end a read of standard input, so whoever reads it is left behind at the end.
	messages, arrived := io.Pipe()
	go func() {
		_, err := io.Copy(arrived, bounded(in))
		arrived.CloseWithError(err)
	}()
	s.rpc.Start(channel.LSP(messages, hangUp{out, messages}))
	stop := context.AfterFunc(s.ctx, s.rpc.Stop)
	defer stop()
	status := s.rpc.WaitStatus()
	s.cancel()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase == stopped:
		return nil
	case s.parentDied, ctx.Err() != nil:
		return nil
	case status.Err != nil:
		return fmt.Errorf("cannot go on with the editor: %w", status.Err)
	}
	return ErrNoShutdown
}

// hangUp closes both directions of a conversation at once.
type hangUp struct {
	io.WriteCloser
	in io.Closer
}

func (h hangUp) Close() error {
	h.in.Close()
	return h.WriteCloser.Close()
}

// phase is how far a session is.
type phase int

const (
	created phase = iota
	running
	stopped // shut down: the only thing left to say is exit
)

type server struct {
	options Options
	rpc     *jrpc2.Server
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
	loading sync.Mutex    // held while files are read
	tests   chan struct{} // has an element for each test that runs

	mu         sync.Mutex
	phase      phase
	parentDied bool
	client     initializeParams
	encoding   encoding
	documents  map[string]*document // by URI
	folders    map[string]*folder   // by directory
}

func newServer(ctx context.Context, o Options) *server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{
		options: o, encoding: utf16Units,
		documents: map[string]*document{}, folders: map[string]*folder{},
		tests: make(chan struct{}, maxTests),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.rpc = jrpc2.NewServer(s.methods(), &jrpc2.ServerOptions{
		AllowPush: true, DisableBuiltin: true, Concurrency: maxRequests,
		NewContext: func() context.Context { return s.ctx },
	})
	return s
}

// maxRequests bounds how many requests are answered at once. Nothing else of the client
// is read while so many are: neither what is typed, nor that one of them is given up.
const maxRequests = 1000

// Errors of the protocol itself.
const (
	codeNotInitialized jrpc2.Code = -32002
	codeCancelled      jrpc2.Code = -32800
	codeFailed         jrpc2.Code = -32803
)

// method makes a handler of a function: it reads the parameters, answers what comes at
// the wrong time, and turns a panic into an error.
func method[P, R any](s *server, f func(context.Context, P) (R, error)) jrpc2.Handler {
	return func(ctx context.Context, req *jrpc2.Request) (result any, err error) {
		defer func() {
			if r := recover(); r != nil {
				s.logf("%s: %v\n%s", req.Method(), r, debug.Stack())
				err = jrpc2.Errorf(jrpc2.InternalError, "%s failed; the language server's log says why", req.Method())
			}
			if errors.Is(err, context.Canceled) {
				err = jrpc2.Errorf(codeCancelled, "%s was given up", req.Method())
			}
		}()
		s.mu.Lock()
		now := s.phase
		s.mu.Unlock()
		switch name := req.Method(); {
		case name == "exit":
		case now == created && name != "initialize":
			return nil, jrpc2.Errorf(codeNotInitialized, "the first request is initialize")
		case now == stopped || now == running && name == "initialize":
			return nil, jrpc2.Errorf(jrpc2.InvalidRequest, "%s cannot follow here", name)
		}
		var p P
		if err := req.UnmarshalParams(&p); err != nil {
			return nil, err
		}
		return f(ctx, p)
	}
}

// notification is a method without an answer.
func notification[P any](s *server, f func(context.Context, P) error) jrpc2.Handler {
	return method(s, func(ctx context.Context, p P) (any, error) {
		err := f(ctx, p)
		if err != nil {
			s.logf("%v", err)
		}
		return nil, err
	})
}

// view is what a request looks at. It stays as it is while the author types on.
type view struct {
	*server
	document
	around *surroundings
	enc    encoding
}

// view returns what a request about a document looks at, or an error if it is not open.
func (s *server) view(uri string) (*view, error) {
	v, err := s.glance(uri)
	if err != nil {
		return nil, err
	}
	v.read()
	v.around = s.surroundings(v.folder, false)
	return v, nil
}

// glance is view for those who need neither the tree nor what lies beside the document.
func (s *server) glance(uri string) (*view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.documents[uri]
	switch {
	case d == nil:
		return nil, jrpc2.Errorf(jrpc2.InvalidParams, "%s is not open", uri)
	case d.refused:
		return nil, jrpc2.Errorf(codeFailed, "the file is longer than %d MiB and was not read", dsl.MaxSize>>20)
	}
	return &view{server: s, document: *d, enc: s.encoding}, nil
}

// texts returns the texts of the view's folder, open ones as they are in the editor.
func (v *view) texts() map[string]*text {
	v.mu.Lock()
	texts := v.openTexts(v.folder)
	v.mu.Unlock()
	v.around.addSiblings(texts)
	return texts
}

func (v *view) offset(p position) int        { return v.enc.offset(v.source, p) }
func (v *view) span(span dsl.Span) textRange { return v.enc.span(v.source, span) }

// slice returns the text of a range of the view's document.
func (v *view) slice(span dsl.Span) string { return v.source.Slice(span) }

// notify sends the client a notification. A client that has gone need not know.
func (s *server) notify(method string, params any) {
	if err := s.rpc.Notify(s.ctx, method, params); err != nil && s.ctx.Err() == nil {
		s.logf("%s: %v", method, err)
	}
}

func (s *server) show(severity int, message string) {
	s.notify("window/showMessage", showMessageParams{severity, message})
}

func (s *server) logf(format string, args ...any) { s.options.Log.Error(fmt.Sprintf(format, args...)) }
