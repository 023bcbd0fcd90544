package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/cli/browser"
	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
)

// callbackPath and the default port make the callback URL of the External Client App,
// which Salesforce compares letter for letter.
const (
	callbackPath = "/callback"
	callbackPort = 7717
)

// browserFlags are those of commands that may sign in with a browser.
func browserFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "no-browser", Usage: "print the address to open, instead of opening it: over SSH, for example"},
		&cli.IntFlag{Name: "redirect-port", Value: callbackPort, Usage: "`PORT` of the app's callback URL http://localhost:PORT" + callbackPath},
		&cli.DurationFlag{Name: "timeout", Value: 5 * time.Minute, Usage: "wait at most `TIME` for the browser"},
	}
}

// signInWithBrowser sends a person to the login host, where the user name may be filled in
// already, and waits until the browser is back.
func (c *console) signInWithBrowser(ctx *cli.Context, credentials connection.Credentials, user string) (*salesforce.Token, error) {
	port := strconv.Itoa(ctx.Int("redirect-port"))
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, outsidef("--redirect-port PORT, with http://localhost:PORT"+callbackPath+" as a callback URL of the app",
			"cannot wait for the browser at port %s: %s", port, listenReason(err))
	}
	port = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	redirect := "http://localhost:" + port + callbackPath
	attempt, err := credentials.App(nil).Authorize(redirect, salesforce.WebScopes, user)
	if err != nil {
		listener.Close()
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx.Context, ctx.Duration("timeout"))
	defer cancel()
	back := &callback{ctx: waiting, attempt: attempt, port: port, done: make(chan signedIn, 1)}
	server := &http.Server{
		Handler: back, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}
	go server.Serve(listener)
	defer func() {
		// The last page is still on its way to the browser.
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx.Context), 2*time.Second)
		defer cancel()
		server.Shutdown(short)
	}()
	c.sendToBrowser(ctx, attempt.URL)
	c.takePastedAddress(waiting, ctx, attempt, back.done)
	select {
	case got := <-back.done:
		return got.token, got.err
	case <-waiting.Done():
		if ctx.Context.Err() != nil {
			return nil, ctx.Context.Err()
		}
		return nil, outsidef("--timeout gives more time", "nobody signed in within %s", ctx.Duration("timeout"))
	}
}

// listenReason says why a port cannot be listened on, without Go's words for it.
func listenReason(err error) string {
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	return err.Error()
}

func (c *console) sendToBrowser(ctx *cli.Context, address string) {
	if !ctx.Bool("no-browser") {
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		if browser.OpenURL(address) == nil {
			fmt.Fprintf(c.err, "Sign in and allow the app in the browser that opens now, or open this yourself:\n\n%s\n\n", address)
			return
		}
	}
	fmt.Fprintf(c.err, "Open this in a browser, sign in, and allow the app:\n\n%s\n\n", address)
}

// takePastedAddress lets a person whose browser runs on another machine bring back the
// address at which it ended.
func (c *console) takePastedAddress(waiting context.Context, ctx *cli.Context, attempt *salesforce.Authorization, done chan<- signedIn) {
	if !c.canAsk() || !ctx.Bool("no-browser") {
		return
	}
	go func() {
		var query url.Values
		_, err := c.ask(waiting, "If the browser runs on another machine, paste the address at which it ended:", "", func(answer string) error {
			u, err := url.Parse(answer)
			if err != nil || u.Query().Get("state") == "" {
				return errors.New("this is not that address: it begins with http://localhost, and has code and state in it")
			}
			query = u.Query()
			return nil
		})
		if err != nil {
			return // the browser may still come by itself
		}
		token, err := attempt.Exchange(waiting, query)
		if errors.Is(err, salesforce.ErrForeignAnswer) {
			fmt.Fprintln(c.err, " ", c.errStyle.yellow("this is the address of another sign-in: open the one above, and paste where that ends"))
			c.takePastedAddress(waiting, ctx, attempt, done)
			return
		}
		select {
		case done <- signedIn{token, err}:
		default:
		}
	}()
}

// signedIn is how an attempt has ended.
type signedIn struct {
	token *salesforce.Token
	err   error
}

// callback is where the browser comes back to.
type callback struct {
	ctx     context.Context
	attempt *salesforce.Authorization
	port    string
	done    chan signedIn
}

func (b *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("Referrer-Policy", "no-referrer") // the address has the code in it
	header.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet || r.URL.Path != callbackPath || (r.Host != "localhost:"+b.port && r.Host != "127.0.0.1:"+b.port) {
		http.NotFound(w, r)
		return
	}
	token, err := b.attempt.Exchange(b.ctx, r.URL.Query())
	if errors.Is(err, salesforce.ErrForeignAnswer) {
		page(w, http.StatusBadRequest, "This is another sign-in", "The answer does not belong to the sign-in that sfsync waits for. It goes on waiting.")
		return
	}
	if err != nil {
		said := err.Error()
		if e, ok := errors.AsType[*salesforce.Error](err); ok {
			said = e.Message
		}
		page(w, http.StatusOK, "Not signed in", said+". The terminal says what to do.")
	} else {
		page(w, http.StatusOK, "Signed in", "sfsync has what it needs. You can close this tab and go back to the terminal.")
	}
	select {
	case b.done <- signedIn{token, err}:
	default: // the browser has asked twice
	}
}

func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>sfsync: %[1]s</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 20vh auto 0; padding: 0 1rem }
</style>
<h1>%[1]s</h1>
<p>%[2]s</p>
`, html.EscapeString(title), html.EscapeString(text))
}
