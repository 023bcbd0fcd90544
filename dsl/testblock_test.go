package dsl

import (
	"slices"
	"testing"
)

func TestStepsOfAChange(t *testing.T) {
	for path, want := range map[string][]string{ // of items of a list, with their brackets
		`answers.nps`:                     {"answers", "nps"},
		`answers["How likely?"]`:          {"answers", "How likely?"},
		`answers["say \"yes\""].a`:        {"answers", `say "yes"`, "a"},
		`answers['it\'s "so"'][0]`:        {"answers", `it's "so"`, "[0]"},
		`response.metadata["x"].y`:        {"response", "metadata", "x", "y"},
		`time`:                            {"time"},
		`answers["0"]`:                    {"answers", "0"},
		`answers.topics[1]["a]b"].c.d[2]`: {"answers", "topics", "[1]", "a]b", "c", "d", "[2]"},
	} {
		f, found := Parse(NewSource("t.sfsync", []byte("test T\ngiven e.json\nwith "+path+" = 1\n")))
		if len(found) > 0 || len(f.Tests) != 1 || len(f.Tests[0].With) != 1 {
			t.Errorf("%s: %v", path, found)
			continue
		}
		var got []string
		for _, step := range f.Tests[0].With[0].Steps() {
			if step.Item {
				step.Name = "[" + step.Name + "]"
			}
			got = append(got, step.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestGivenOrg(t *testing.T) {
	f, found := Parse(NewSource("t.sfsync", []byte("test T\ngiven organisation.json\ngiven org  record_locked\ngiven org a file.json\n")))
	if len(found) > 0 {
		t.Fatal(found)
	}
	test := f.Tests[0]
	if len(test.Given) != 1 || test.Given[0].Text != "organisation.json" {
		t.Errorf("given %v", test.Given)
	}
	if len(test.Org) != 2 || test.Org[0].Text != "record_locked" || test.Org[1].Text != "a file.json" || f.Source.Slice(test.Org[1].Span) != "a file.json" {
		t.Errorf("given org %v", test.Org)
	}
}
