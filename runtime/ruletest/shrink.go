package ruletest

import (
	"encoding/json"
	"slices"
	"strings"
)

// shrinkTries bounds the events that are tried to make one finding simpler.
const shrinkTries = 600

// shrink looks for a simpler event that shows the same: with fewer changes, then with
// fewer members, then with shorter values.
func (f *fuzzer) shrink(one *Finding, d draft) {
	key, tries := one.key(), 0
	known := map[string]bool{} // a simpler event must show nothing else
	found, _ := f.try(d.text())
	for i := range found {
		known[found[i].key()] = true
	}
	shows := func(text string) bool {
		if tries++; tries > shrinkTries {
			return false
		}
		found, _ := f.try(text)
		shown := false
		for i := range found {
			if !known[found[i].key()] {
				return false
			}
			shown = shown || found[i].key() == key
		}
		for i := range found {
			if shown && found[i].key() == key {
				one.Message, one.Help = found[i].Message, found[i].Help
			}
		}
		return shown
	}
	for i := len(d.edits) - 1; i >= 0; i-- {
		fewer := draft{d.base, slices.Delete(slices.Clone(d.edits), i, i+1)}
		if shows(fewer.text()) {
			d = fewer
		}
	}
	text := d.text()
	for _, path := range members(text) {
		if path[0] == "id" || path[0] == "type" {
			continue
		}
		if smaller, err := drop(json.RawMessage(text), path); err == nil && len(smaller) < len(text) && shows(string(smaller)) {
			text = string(smaller)
		}
	}
	for _, path := range members(text) {
		text = shorten(text, path, shows)
	}
	shows(text) // the message is of the event that is shown
	if tries > shrinkTries {
		tries = 0
		shows(text)
	}
	one.Event = json.RawMessage(text)
}

// shorten halves a long text as long as it shows the same.
func shorten(text string, path []string, shows func(string) bool) string {
	for {
		value := at(text, path)
		if len([]rune(value)) < 12 {
			return text
		}
		half := []rune(value)[:len([]rune(value))/2]
		encoded, err := marshal(strings.TrimSpace(string(half)))
		if err != nil {
			return text
		}
		smaller, err := put(json.RawMessage(text), path, encoded)
		if err != nil || !shows(string(smaller)) {
			return text
		}
		text = string(smaller)
	}
}

// at returns the text at a path, "" for anything else.
func at(text string, path []string) string {
	var v any
	if decode(text, &v) != nil {
		return ""
	}
	for _, step := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = object[step]
	}
	s, _ := v.(string)
	return s
}
