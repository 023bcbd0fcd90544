// Package intake cuts a stream into events: from a file, a pipe, or the body of a
// request.
//
//	for event, err := range intake.Read(os.Stdin) {
//		var broken *intake.Error
//		if errors.As(err, &broken) {
//			log.Printf("line %d: %s", broken.Line, broken.Message) // the rest goes on
//			continue
//		}
//		...
//	}
//
// A stream holds JSON objects, one a line or laid out over several, or a list of
// them; a line that begins with { begins an object. Each is an event, or a CloudEvent
// of version 1.0 in structured form, whose data then is the event; ReadCloudEvent is for
// the binary form. What is broken is
// reported with its line and costs nothing else: reading goes on with the next object.
// Memory is bounded by one event.
//
// Whether an object is an event that rules can run on is not decided here but by
// plan.ReadEvent.
package intake

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
)

// Event is one JSON object of a stream.
type Event struct {
	Text string // the object; of a CloudEvent, the one inside
	Line int    // on which it begins, from 1
}

// An Error says what is wrong with one part of a stream. The rest can still be read.
type Error struct {
	Line    int    // from 1
	Message string // one lower-case clause
	Help    string // what to do about it, "" for none
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Read yields the events of a stream in order. An error is an *Error, after which
// reading goes on, or the last that is yielded: the stream's own.
func Read(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := newSplitter(r, plan.MaxEvent)
		for {
			text, line, err := s.next()
			if err == io.EOF {
				return
			}
			var broken *Error
			if err != nil && !errors.As(err, &broken) {
				yield(Event{}, fmt.Errorf("cannot read events: %w", err))
				return
			}
			event := Event{Line: line}
			if err == nil {
				event.Text, err = open(text, line)
			}
			if !yield(event, err) {
				return
			}
		}
	}
}

// open checks that a text is a JSON object, and takes the event out of a CloudEvent.
func open(text []byte, line int) (string, error) {
	if len(text) > plan.MaxEvent {
		return "", tooLong(line)
	}
	if text[0] != '{' {
		return "", &Error{line, "an event is a JSON object, and this is " + kind(text), ""}
	}
	// A deep nest is refused before anything walks it.
	if depth(text) > maxDepth || !gjson.ValidBytes(text) {
		return "", &Error{line, "this is not JSON", brokenHelp(text)}
	}
	if !utf8.Valid(text) {
		return "", notUTF8(line)
	}
	if !gjson.GetBytes(text, "specversion").Exists() {
		return string(text), nil
	}
	return openCloudEvent(text, line)
}

func tooLong(line int) error {
	return &Error{line, fmt.Sprintf("this event is longer than %d bytes", plan.MaxEvent), "send attachments and the like elsewhere"}
}

// notUTF8 refuses text of another encoding, of which Salesforce would get the letters
// beyond ASCII as question marks.
func notUTF8(line int) error {
	return &Error{line, "this is not UTF-8", "JSON is always UTF-8 (RFC 8259, 8.1), whatever a charset says: convert the text before it is sent"}
}

// maxDepth bounds how deep brackets may nest.
const maxDepth = 64

// depth returns how deep brackets nest, those inside of strings aside.
func depth(text []byte) int {
	deepest, n := 0, 0
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString:
			switch c {
			case '\\':
				i++
			case '"':
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			n++
			deepest = max(deepest, n)
		case c == '}' || c == ']':
			n--
		}
	}
	return deepest
}

// brokenHelp names what most often makes a text no JSON.
func brokenHelp(text []byte) string {
	switch {
	case depth(text) > maxDepth:
		return fmt.Sprintf("brackets nest at most %d deep", maxDepth)
	case text[len(text)-1] != '}':
		return "a bracket or a quote is not closed"
	}
	return "look for a missing quote or comma, or a comma before a closing bracket"
}

func kind(text []byte) string {
	switch text[0] {
	case '[':
		return "a list inside of a list"
	case '"':
		return "text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}
