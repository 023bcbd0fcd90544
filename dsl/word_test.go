package dsl

import (
	"slices"
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	objects := []string{"Account", "Contact", "Case", "Survey_Response__c"}
	for _, test := range []struct{ word, want string }{
		{"Contcat", "Contact"}, // neighbours swapped
		{"contact", "Contact"},
		{"Contac", "Contact"},
		{"Acount", "Account"},
		{"Cas", "Case"},
		{"Xase", "Case"},
		{"Ca", ""},          // two letters of four
		{"Opportunity", ""}, // far from all
		{"Survey_Reponse_c", "Survey_Response__c"},
		{"", ""},
		{"É", ""},
	} {
		got, ok := Suggest(test.word, objects)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%q: got %q", test.word, got)
		}
	}
	if got, _ := Suggest("ab", []string{"ac", "ad", "ab"}); got != "ab" {
		t.Errorf("the nearest does not win: %q", got)
	}
	if got, _ := Suggest("ab", []string{"ac", "ad"}); got != "ac" {
		t.Errorf("of those equally near, the first does not win: %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"ca", "abc", 3}, {"update", "udpate", 1},
	} {
		for _, swap := range []bool{false, true} {
			a, b := []rune(test.a), []rune(test.b)
			if swap {
				a, b = b, a
			}
			if got := distance(a, b, 10); got != test.want {
				t.Errorf("%q, %q: got %d, want %d", test.a, test.b, got, test.want)
			}
			if got := distance(a, b, test.want-1); got < test.want {
				t.Errorf("%q, %q: got %d within %d", test.a, test.b, got, test.want-1)
			}
		}
	}
}

func TestNormalStatus(t *testing.T) {
	for _, s := range []string{"Not Sent due to Opt-Out", "NOT_SENT_DUE_TO_OPT_OUT", "not sent due to optout", "NotSentDueToOptOut"} {
		if got := NormalStatus(s); got != "notsentduetooptout" {
			t.Errorf("%q: %q", s, got)
		}
	}
	normal := map[string]bool{}
	for _, s := range Statuses {
		normal[NormalStatus(s)] = true
	}
	if len(normal) != 8 {
		t.Errorf("built-in statuses coincide: %v", normal)
	}
}

// The keywords that may begin a line all do, and no other word.
func TestKeywords(t *testing.T) {
	for _, k := range lineKeywords {
		if got := lex(k)[0].Kind; got != KindKeyword {
			t.Errorf("%s is %s", k, got)
		}
		if got := lex(k + "x")[0].Kind; got == KindKeyword {
			t.Errorf("%sx is a keyword", k)
		}
	}
	for _, group := range [][]string{clauseKeywords, actionKeywords} {
		for _, k := range group {
			if !slices.Contains(lineKeywords, k) {
				t.Errorf("%s begins no line", k)
			}
		}
	}
}

func TestSeverity(t *testing.T) {
	if got := Info.String() + Warning.String() + Error.String(); got != "infowarningerror" {
		t.Error(got)
	}
	if HasErrors([]Diagnostic{{Severity: Warning}}) || !HasErrors([]Diagnostic{{Severity: Warning}, {Severity: Error}}) {
		t.Error("HasErrors does not tell errors from warnings")
	}
}

func TestSort(t *testing.T) {
	a, b := NewSource("a", nil), NewSource("b", nil)
	ds := Sort([]Diagnostic{
		{Source: b, Code: "S001", Message: "5"},
		{Source: a, Span: Span{9, 9}, Code: "S001", Message: "4"},
		{Source: a, Span: Span{3, 4}, Code: "S002", Message: "3"},
		{Source: a, Span: Span{3, 4}, Code: "S001", Message: "1"},
		{Source: a, Span: Span{3, 4}, Code: "S001", Message: "2"},
		{Source: a, Span: Span{9, 9}, Code: "S001", Message: "4"},
	})
	var got []string
	for _, d := range ds {
		got = append(got, d.Message)
	}
	if s := strings.Join(got, ""); s != "12345" {
		t.Errorf("got %s", s)
	}
}
