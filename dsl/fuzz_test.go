package dsl

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func addSeeds(f *testing.F) {
	f.Helper()
	paths, _ := filepath.Glob("testdata/*.sfsync")
	faults, _ := filepath.Glob("testdata/faults/*.sfsync")
	for _, path := range append(paths, faults...) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for chunk := range strings.SplitSeq(string(text), "\n\n") { // small seeds keep the fuzzer fast
			f.Add(chunk)
		}
	}
	for _, info := range textCodes {
		f.Add(info.Bad)
	}
	f.Add("A: {\r\n")
	f.Add("set A = (\r\"")
}

// Whatever the text: tokens cover it, diagnostics and tree stay within it, nodes stay
// within their parents, expressions are the text they cover, and applying the fixes
// that are marked safe leaves a text that can be read again.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		src := NewSource("fuzz.sfsync", []byte(text))
		file, ds := Parse(src)
		if d := time.Since(start); d > time.Second+time.Duration(len(text))*20*time.Microsecond {
			t.Errorf("%d bytes took %v", len(text), d)
		}
		if file.Tokens != nil {
			checkTokens(t, text, file.Tokens)
		} else if utf8.ValidString(text) && len(ds) == 0 && text != "" {
			t.Error("no tokens and no diagnostic")
		}
		within := Span{0, len(src.Text)}
		for i, d := range ds {
			checkSpan(t, "diagnostic "+d.Message, d.Span, within)
			if i > 0 && ds[i-1].From > d.From {
				t.Errorf("diagnostics are out of order: %q", d.Message)
			}
			if _, ok := Explain(d.Code); !ok || d.Message == "" || d.Source != src {
				t.Errorf("incomplete diagnostic: %+v", d)
			}
			for _, l := range d.Labels {
				checkSpan(t, "label", l.Span, within)
			}
			for _, fix := range d.Fixes {
				for _, e := range fix.Edits {
					checkSpan(t, "edit", e.Span, within)
				}
				Parse(NewSource("fixed.sfsync", []byte(apply(text, fix))))
			}
		}
		checkTree(t, src, reflect.ValueOf(file).Elem(), within)
	})
}

func checkSpan(t *testing.T, what string, span, within Span) {
	t.Helper()
	if span.From > span.To || span.From < within.From || span.To > within.To {
		t.Errorf("%s at %d-%d is not within %d-%d", what, span.From, span.To, within.From, within.To)
	}
}

// checkTree walks a tree. Rules, arms, tests and expectations have the place of their head line only.
func checkTree(t *testing.T, src *Source, v reflect.Value, within Span) {
	t.Helper()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if name == "Source" || name == "Tokens" || name == "Faults" || name == "Span" {
			continue
		}
		checkNode(t, src, name, f, within)
	}
}

func checkNode(t *testing.T, src *Source, name string, v reflect.Value, within Span) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkNode(t, src, name, v.Elem(), within)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkNode(t, src, name, v.Index(i), within)
		}
	case reflect.Struct:
		switch node := v.Interface().(type) {
		case Name:
			if !node.Missing() {
				checkSpan(t, name, node.Span, within)
			}
		case Expr:
			checkSpan(t, name, node.Span, within)
			if len(node.Text) != node.To-node.From {
				t.Errorf("an expression of %d bytes has text %q", node.To-node.From, node.Text)
			}
		case Span:
			checkSpan(t, name, node, within)
		case Assignment:
			if (node.Text == nil) == (node.Value == nil) {
				t.Errorf("%s has both values or none", node.Field)
			}
			checkInner(t, src, name, v, within)
		default:
			checkInner(t, src, name, v, within)
		}
	}
}

func checkInner(t *testing.T, src *Source, name string, v reflect.Value, within Span) {
	t.Helper()
	if f := v.FieldByName("Span"); f.IsValid() {
		span := f.Interface().(Span)
		checkSpan(t, name, span, within)
		if name != "Rules" && name != "Arms" && name != "Tests" && name != "Expects" {
			within = span
		}
	}
	checkTree(t, src, v, within)
}

// apply returns a text with a fix applied.
func apply(text string, fix Fix) string {
	for i := len(fix.Edits) - 1; i >= 0; i-- {
		e := fix.Edits[i]
		text = text[:e.From] + e.New + text[e.To:]
	}
	return text
}
