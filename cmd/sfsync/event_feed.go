package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/intake"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// eventFeed reads events of files one after the other, and joins the statuses of
// surveys to the outbound messages that came before them.
type eventFeed struct {
	console  *console
	each     func(ev plan.Event, text, of string) error // of is the text of the message, for a status
	messages map[string]string                          // texts by event id and record id
	broken   int                                        // events that could not be read, each told of
}

func (f *eventFeed) read(name string, r io.Reader) error {
	for event, err := range intake.Read(r) {
		if err == nil {
			err = f.event(event.Text)
		}
		if err == nil {
			continue
		}
		p, ok := problemOf(name, event.Line, err)
		if !ok {
			if inner := errors.Unwrap(err); inner != nil {
				err = inner
			}
			return cannotRead(name, err)
		}
		f.broken++
		fmt.Fprintf(f.console.err, "%s %s\n", f.console.errStyle.red("broken event:"), printable(p.String()))
	}
	return nil
}

func (f *eventFeed) event(text string) error {
	ev, err := plan.ReadEvent(text)
	if err != nil {
		return err
	}
	if ev.Type == plan.TypeOutbound {
		if f.messages == nil {
			f.messages = map[string]string{}
		}
		f.messages[messageName(ev.ID)] = text
		if ev.Record != "" {
			f.messages[messageName(ev.Record)] = text
		}
	}
	return f.each(ev, text, f.messages[messageName(ev.Of)])
}

// messageName is what a message is known by to its statuses. Of what looks like a
// record id, 15 characters count.
func messageName(of string) string {
	if id, ok := schema.To18(of); ok {
		return id[:15]
	}
	return of
}
