package dsl

import (
	"fmt"
	"reflect"
	"strings"
)

// dump writes a tree for comparison with a golden file: every node with its place
// and what the author wrote there, every value that is set.
func dump(f *File) string {
	var b strings.Builder
	d := dumper{&b, f.Source}
	d.fields(reflect.ValueOf(f).Elem(), 0)
	return b.String()
}

type dumper struct {
	b   *strings.Builder
	src *Source
}

func (d dumper) fields(v reflect.Value, depth int) {
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		switch {
		case name == "Source" || name == "Tokens" || name == "Span" || f.IsZero():
		case name == "Block":
			d.fields(f, depth)
		default:
			d.value(name, f, depth)
		}
	}
}

func (d dumper) value(name string, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		d.value(name, v.Elem(), depth)
	case reflect.Slice:
		for i := range v.Len() {
			d.value(name, v.Index(i), depth)
		}
	case reflect.Struct:
		fmt.Fprintf(d.b, "%s%s%s\n", strings.Repeat("  ", depth), name, d.place(v))
		if v.Type() != reflect.TypeFor[Name]() && v.Type() != reflect.TypeFor[Span]() {
			d.fields(v, depth+1)
		}
	default:
		fmt.Fprintf(d.b, "%s%s %q\n", strings.Repeat("  ", depth), name, fmt.Sprint(v.Interface()))
	}
}

func (d dumper) place(v reflect.Value) string {
	span, ok := v.Interface().(Span)
	if !ok {
		f := v.FieldByName("Span")
		if !f.IsValid() {
			return ""
		}
		span = f.Interface().(Span)
	}
	at := d.src.Position(span.From)
	text := d.src.Slice(span)
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		text = text[:i] + "…"
	}
	return fmt.Sprintf(" %d:%d %q", at.Line, at.Column, text)
}
