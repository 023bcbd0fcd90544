package schema

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPicklistSuggest(t *testing.T) {
	f := &Field{PicklistValues: []PicklistValue{
		{Value: "High", Label: "Hoch", Active: true},
		{Value: "Medium", Label: "Mittel", Active: true},
		{Value: "In Progress", Label: "In Arbeit", Active: true},
		{Value: "Retired", Label: "Retired"},
		{Value: "1", Active: true},
	}}
	for in, want := range map[string]string{
		"High":        "",
		"high":        "High",
		"Hoch":        "High",
		"hihg":        "High",
		"Inprogres":   "In Progress",
		"In-Progress": "In Progress",
		"Mittle":      "Medium",
		"Retired":     "",
		"2":           "",
		"Nothing":     "",
		"":            "",
	} {
		if got := f.PicklistSuggest(in); got != want {
			t.Errorf("suggestion for %q: %q, want %q", in, got, want)
		}
	}
	if want := []string{"High", "Medium", "In Progress", "1"}; !slices.Equal(f.ActiveValues(), want) {
		t.Errorf("active values %q", f.ActiveValues())
	}
}

func TestValidFor(t *testing.T) {
	country := &Field{Type: TypePicklist, PicklistValues: make([]PicklistValue, 12)}
	for i := range country.PicklistValues {
		country.PicklistValues[i].Value = string(rune('A' + i))
	}
	city := &Field{Type: TypePicklist, DependentPicklist: true, PicklistValues: []PicklistValue{
		{Value: "first", Active: true, ValidFor: "gAAA"},
		{Value: "second", Active: true, ValidFor: "QAAA"},
		{Value: "tenth", Active: true, ValidFor: "AEAA"},
		{Value: "gone", ValidFor: "gAAA"},
		{Value: "never", Active: true},
		{Value: "broken", Active: true, ValidFor: "*"},
	}}
	for in, want := range map[string][]string{"A": {"first"}, "B": {"second"}, "J": {"tenth"}, "C": {}, "Z": nil} {
		if got := city.ValidFor(in, country); !slices.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("valid for %s: %q, want %q", in, got, want)
		}
	}
	box := &Field{Type: TypeBoolean}
	if got := city.ValidFor("true", box); !slices.Equal(got, []string{"second"}) {
		t.Errorf("valid for a ticked box: %q", got)
	}
	if got := city.ValidFor("false", box); !slices.Equal(got, []string{"first"}) {
		t.Errorf("valid for an empty box: %q", got)
	}
	if city.ValidFor("maybe", box) != nil {
		t.Error("a checkbox has a third value")
	}
}

// The distance is symmetric, zero for equal texts only, and one edit is one.
func TestEditDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[abc]{0,6}`).Draw(t, "a")
		b := rapid.StringMatching(`[abc]{0,6}`).Draw(t, "b")
		d := editDistance(a, b, 10)
		if d != editDistance(b, a, 10) || (d == 0) != (a == b) {
			t.Fatalf("distance of %q and %q: %d", a, b, d)
		}
		if limited := editDistance(a, b, 2); limited != min(d, 3) {
			t.Fatalf("distance of %q and %q: %d, but %d with a limit of 2", a, b, d, limited)
		}
		i := rapid.IntRange(0, len(a)).Draw(t, "at")
		if editDistance(a, a[:i]+"x"+a[i:], 10) != 1 {
			t.Fatalf("one more letter in %q is not one edit", a)
		}
	})
}

func TestPicklistSuggestIgnoresPunctuation(t *testing.T) {
	f := &Field{Name: "Salutation", PicklistValues: []PicklistValue{
		{Value: "Mr.", Label: "Mr.", Active: true}, {Value: "In Progress", Label: "In Progress", Active: true}, {Value: "?", Label: "?", Active: true},
	}}
	for value, want := range map[string]string{"Mr": "Mr.", "mr.": "Mr.", "Mr.": "", "in-progress": "In Progress", "IN_PROGRESS": "In Progress", "!": "", "Ms": ""} {
		if got := f.PicklistSuggest(value); got != want {
			t.Errorf("%q: suggested %q, want %q", value, got, want)
		}
	}
}
