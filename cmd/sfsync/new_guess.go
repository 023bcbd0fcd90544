package main

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// leaf is a value of the sample event, and the path by which rules name it.
type leaf struct {
	path  string
	name  string // its last part
	value gjson.Result
}

// maxLeaves bounds how many values of a sample are looked at.
const maxLeaves = 500

// leaves are the values of the namespaces, in the order of the event.
func (d *draft) leaves(namespaces ...string) []leaf {
	var all []leaf
	for _, ns := range namespaces {
		all = appendLeaves(all, ns, ns, gjson.Get(d.sample, ns), 0)
	}
	return all
}

func appendLeaves(all []leaf, path, name string, v gjson.Result, depth int) []leaf {
	if !v.IsObject() {
		if v.Exists() && v.Type != gjson.Null && len(all) < maxLeaves {
			all = append(all, leaf{path, name, v})
		}
		return all
	}
	if depth > 5 {
		return all
	}
	v.ForEach(func(key, value gjson.Result) bool {
		next := path + "." + key.Str
		if !plainName(key.Str) {
			next = path + "[" + strconv.Quote(key.Str) + "]"
		}
		all = appendLeaves(all, next, key.Str, value, depth+1)
		return true
	})
	return all
}

func plainName(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}

// guessObject is the object whose record the sample names: by its id, else by an
// external id.
func (d *draft) guessObject() string {
	if d.trigger == onMessage {
		return d.of
	}
	leaves := d.leaves("profile", "contact", "transaction", "vars")
	for _, l := range leaves {
		if l.value.Type == gjson.String && schema.ValidID(l.value.Str) {
			if name := d.schema.ObjectOfID(l.value.Str); name != "" && d.schema.Object(name) != nil {
				return name
			}
		}
	}
	for _, l := range leaves {
		for _, name := range d.schema.Names() {
			for _, f := range d.schema.Object(name).Fields {
				if f.ExternalID && alike(f.Name, l.name) == 1 {
					return name
				}
			}
		}
	}
	if d.schema.Object("Contact") != nil {
		return "Contact"
	}
	return ""
}

// guessMatch is how the sample leads to a record of the object.
func (d *draft) guessMatch() string {
	if d.trigger == onMessage && d.of == d.object.Name {
		return "Id=record.Id"
	}
	leaves := d.leaves("record", "profile", "contact", "transaction", "vars", "response")
	for _, l := range leaves {
		if l.value.Type == gjson.String && schema.ValidID(l.value.Str) && strings.EqualFold(d.schema.ObjectOfID(l.value.Str), d.object.Name) {
			return "Id=" + l.path
		}
	}
	for _, f := range d.object.Fields {
		if !f.ExternalID {
			continue
		}
		for _, l := range leaves {
			if alike(f.Name, l.name) == 1 {
				return f.Name + "=" + l.path
			}
		}
		if d.trigger == onResponse && strings.Contains(strings.ToLower(f.Name), "response") {
			return f.Name + "=response.id"
		}
	}
	return ""
}

// guessFields pairs values of the sample with fields that are called alike and take them.
func (d *draft) guessFields() []draftField {
	var fields []draftField
	taken := map[string]bool{}
	if d.trigger == onMessage {
		return d.guessStatus()
	}
	for _, l := range d.leaves("answers", "response") {
		if l.path == "response.id" {
			continue
		}
		var best *schema.Field
		most := 0.6
		for _, f := range d.object.Fields {
			if taken[f.Name] || d.whyNot(f) != "" || f.Type == schema.TypeReference {
				continue
			}
			if n := alike(f.Name, l.name); n > most && takes(f, l) {
				best, most = f, n
			}
		}
		if best == nil {
			continue
		}
		value := l.path
		if l.value.IsArray() {
			value = "multi(" + l.path + ")"
		}
		taken[best.Name] = true
		fields = append(fields, draftField{best, "=", value})
	}
	return fields
}

// guessStatus is the field for the status of the survey that a message sends out.
func (d *draft) guessStatus() []draftField {
	for _, words := range []int{2, 1} {
		for _, f := range d.object.Fields {
			if len(wordsOf(f.Name)) >= words && alike(f.Name, "survey_status") == 1 && d.whyNot(f) == "" {
				return []draftField{{f, "=", "distribution.status"}}
			}
		}
	}
	return nil
}

// takes reports whether a field takes the value of a leaf as it is.
func takes(f *schema.Field, l leaf) bool {
	if l.value.IsArray() {
		return f.Type == schema.TypeMultiPicklist
	}
	v := schema.Value{Text: l.value.String()}
	switch l.value.Type {
	case gjson.String:
		v.Kind = schema.KindText
	case gjson.Number:
		v.Kind, v.Text = schema.KindNumber, l.value.Raw
	default:
		v.Kind = schema.KindBool
	}
	_, wrong := f.AppendJSON(nil, v)
	return wrong == nil
}

// alike says how much two names have in common: 1 if one has all the words of the other.
// Words that every field has do not count.
func alike(a, b string) float64 {
	x, y := wordsOf(a), wordsOf(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	if len(x) > len(y) {
		x, y = y, x
	}
	both := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			both++
		}
	}
	return float64(both) / float64(len(x))
}

// wordsOf splits NPS_Score__c and npsScore alike into nps and score.
func wordsOf(name string) []string {
	name = strings.TrimSuffix(name, "__c")
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte(' ')
			lower = false
			continue
		case unicode.IsUpper(r) && lower:
			b.WriteByte(' ')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return slices.DeleteFunc(strings.Fields(b.String()), func(w string) bool { return w == "id" || w == "sf" || w == "salesforce" })
}
