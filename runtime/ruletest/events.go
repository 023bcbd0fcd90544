package ruletest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/intake"
)

// maxEvents bounds the events that one test is given.
const maxEvents = 1_000

// event is one that a test is given, with its changes made.
type event struct {
	file string // as the author wrote it
	line int    // on which it begins there
	text string
	head plan.Event
	bad  error // why it is no event
}

// events reads what a test is given. If that is not possible, the result says why.
func (r *runner) events(t *plan.Test, out *Result) ([]event, bool) {
	var events []event
	for _, g := range t.Given {
		found, err := r.given(t, g)
		if err != nil {
			help := ""
			var broken *intake.Error
			if errors.As(err, &broken) {
				help = broken.Help
			}
			out.fail(Failure{Line: g.Line, Expect: "given " + g.File.Text, Message: err.Error(), Help: help})
			return nil, false
		}
		events = append(events, found...)
	}
	switch {
	case len(events) == 0:
		out.fail(Failure{Line: t.Line, Message: "this test is given no event", Help: "name a file below it: `given events/response.json`"})
	case len(events) > maxEvents:
		out.fail(Failure{Line: t.Line, Message: fmt.Sprintf("this test is given more than %d events", maxEvents), Help: "a test is about a few events: put these in a file of their own"})
	default:
		return events, true
	}
	return nil, false
}

func (r *runner) given(t *plan.Test, g plan.Given) ([]event, error) {
	data, err := r.set.Read(Beside(t.File, g.File.Text))
	if err != nil {
		return nil, fmt.Errorf("this file cannot be read: %s", reason(err))
	}
	var events []event
	for found, err := range intake.Read(bytes.NewReader(data)) {
		if err != nil {
			return nil, err
		}
		text := []byte(found.Text)
		for _, c := range g.Changes {
			if text, err = change(text, c.Path, c.JSON); err != nil {
				return nil, err
			}
		}
		e := event{file: g.File.Text, line: found.Line, text: string(text)}
		e.head, e.bad = plan.ReadEvent(e.text)
		if events = append(events, e); len(events) > maxEvents {
			break
		}
	}
	if len(events) == 0 {
		return nil, errors.New("this file has no event")
	}
	return events, nil
}

// Reason says in words of the user why a file could not be read.
func reason(err error) string {
	var p *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "it may not be read"
	case errors.As(err, &p):
		return p.Err.Error()
	}
	return err.Error()
}

// change gives the value at a path of an object, making what leads to it. Everything
// else stays as it was written.
func change(text json.RawMessage, path []dsl.Step, value json.RawMessage) (json.RawMessage, error) {
	if len(path) == 0 {
		return value, nil
	}
	kind := kindOf(text)
	if path[0].Item {
		if kind != plan.List && kind != plan.Null {
			return nil, fmt.Errorf("`[%s]` is an item of a list, and this is %s", path[0].Name, kind)
		}
		return changeItem(text, path, value)
	}
	if kind != plan.Object && kind != plan.Null {
		return nil, fmt.Errorf("`%s` cannot be changed: what it is part of is %s, and no object", path[0].Name, kind)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		object = map[string]json.RawMessage{}
	}
	inner, err := change(object[path[0].Name], path[1:], value)
	if err != nil {
		return nil, err
	}
	object[path[0].Name] = inner
	return marshal(object)
}

func changeItem(text json.RawMessage, path []dsl.Step, value json.RawMessage) (json.RawMessage, error) {
	var list []json.RawMessage
	if kindOf(text) == plan.List {
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, fmt.Errorf("a list cannot be read: %w", err)
		}
	}
	i, err := strconv.Atoi(path[0].Name)
	if err != nil || i < 0 || i > len(list) {
		return nil, fmt.Errorf("`[%s]` is no item of a list of %d: the next one is [%d]", path[0].Name, len(list), len(list))
	}
	if i == len(list) {
		list = append(list, json.RawMessage("null"))
	}
	if list[i], err = change(list[i], path[1:], value); err != nil {
		return nil, err
	}
	return marshal(list)
}

// kindOf is the kind of a JSON value. What is missing is null.
func kindOf(text json.RawMessage) plan.Kinds {
	switch v := gjson.ParseBytes(text); {
	case v.IsObject():
		return plan.Object
	case v.IsArray():
		return plan.List
	case v.Type == gjson.Number:
		return plan.Number
	case v.Type == gjson.String:
		return plan.Text
	case v.IsBool():
		return plan.Bool
	}
	return plan.Null
}

func marshal(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(buf.Bytes()), err
}

// groups returns the events that can go one after the other without an engine: a
// message with its statuses is one group, any other event another.
func groups(events []event) map[string]bool {
	out := map[string]bool{}
	byRecord := map[string]string{}
	for _, e := range events {
		key := e.head.ID
		switch e.head.Type {
		case plan.TypeOutbound:
			byRecord[e.head.Record] = key
		case plan.TypeDistribution:
			if key = e.head.Of; byRecord[key] != "" {
				key = byRecord[key]
			}
		}
		out[key] = true
	}
	return out
}
