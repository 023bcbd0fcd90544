package main

import (
	"cmp"
	"encoding/json"
	"regexp"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// pathsIn finds the paths into an event that stand in an expression or a text.
var pathsIn = regexp.MustCompile(`\b(?:record|distribution|vars|answers|response|survey|contact|profile|transaction)(?:\??\.[\pL_][\pL\pN_]*|\["[^"\\]*"\]|\['[^'\\]*'\])+`)

// madeUp is an event that has a value for every path of the draft.
func (d *draft) madeUp() string {
	now := "2026-01-15T09:30:00Z"
	event := map[string]any{"id": "sample-1", "time": now}
	put := func(path string, value any) {
		steps := (&dsl.With{Path: dsl.Name{Text: path}}).Steps()
		last, at := steps[len(steps)-1].Name, event
		for _, step := range steps[:len(steps)-1] {
			next, ok := at[step.Name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[step.Name] = next
			}
			at = next
		}
		if _, is := at[last].(map[string]any); !is {
			at[last] = value
		}
	}
	if d.trigger == onMessage {
		event["type"] = plan.TypeOutbound
		put("record.attributes.type", d.of)
		if o := d.schema.Object(d.of); o != nil {
			put("record.Id", madeUpID(o))
		}
	} else {
		event["type"] = plan.TypeResponse
		put("distribution.status", "Responded")
		put("survey.id", cmp.Or(d.of, "survey-1"))
		put("response.id", "sample-1")
		put("response.date", now)
	}
	for _, f := range d.fields {
		for _, path := range pathsIn.FindAllString(f.value, -1) {
			put(path, madeUpValue(f.field, now))
		}
	}
	if d.trigger == onMessage {
		put("distribution.status", "Delivered")
	}
	if f := d.object.Field(d.matchField); f != nil && d.matchValue != "record.Id" {
		for _, path := range pathsIn.FindAllString(d.matchValue, -1) {
			if f.Name == "Id" {
				put(path, madeUpID(d.object))
			} else {
				put(path, madeUpValue(f, now))
			}
		}
	}
	text, _ := json.Marshal(event)
	return string(text)
}

func madeUpID(o *schema.Object) string {
	prefix := cmp.Or(o.KeyPrefix, schema.WellKnownPrefix(o.Name))
	id, _ := schema.To18((prefix + "5g0000000001")[:15])
	return id
}

// madeUpValue is a value that a field takes.
func madeUpValue(f *schema.Field, now string) any {
	if values := f.ActiveValues(); len(values) > 0 {
		return values[0]
	}
	switch {
	case f.Type.Numeric():
		return 9
	case f.Type == schema.TypeBoolean:
		return true
	case f.Type == schema.TypeDateTime:
		return now
	case f.Type == schema.TypeDate:
		return now[:10]
	case f.Type == schema.TypeEmail:
		return "someone@example.com"
	case f.Type == schema.TypeURL:
		return "https://example.com"
	case f.Type == schema.TypeReference && len(f.ReferenceTo) > 0 && f.Object() != nil:
		return madeUpID(&schema.Object{Name: f.ReferenceTo[0], KeyPrefix: schema.WellKnownPrefix(f.ReferenceTo[0])})
	}
	text := "Some text"
	if f.Length > 0 && f.Length < len(text) {
		text = text[:f.Length]
	}
	return text
}
