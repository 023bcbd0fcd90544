package schema

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestID(t *testing.T) {
	for _, c := range []struct {
		in    string
		valid bool
		to18  string
	}{
		{"0067F000003pmdW", true, "0067F000003pmdWQAQ"},
		{"0067F000003pmdWQAQ", true, "0067F000003pmdWQAQ"},
		{"003ak00000luKU1AAM", true, "003ak00000luKU1AAM"},
		{"012000000000000AAA", true, "012000000000000AAA"},
		{"0067F000003pmdWQAA", false, ""},
		{"0067f000003pmdwQAQ", false, ""},
		{"0067F000003pmd", false, ""},
		{"0067F000003pmdWQA", false, ""},
		{"0067F000003pmd-QAQ", false, ""},
		{"", false, ""},
	} {
		to18, ok := To18(c.in)
		if ValidID(c.in) != c.valid || ok != c.valid || to18 != c.to18 {
			t.Errorf("%q: valid %v, To18 %q %v; want %v, %q", c.in, ValidID(c.in), to18, ok, c.valid, c.to18)
		}
	}
	if !SameID("0067F000003pmdW", "0067F000003pmdWQAQ") {
		t.Error("the short and the long form of one id are not the same")
	}
	if SameID("0067F000003pmdW", "0067F000003pmdw") {
		t.Error("ids that differ in case are the same")
	}
	if SameID("x", "x") {
		t.Error("two texts that are no ids are the same id")
	}
	if KeyPrefix("003ak") != "003" || KeyPrefix("00") != "" {
		t.Error("key prefix is not the first three characters")
	}
	for in, want := range map[string]string{
		"0067f000003PMDWqaq": "0067F000003pmdWQAQ",
		"0067F000003PMDWQAQ": "0067F000003pmdWQAQ",
		"0067F000003pmdWQA9": "", // 9 is no check character
		"006000000000000BAA": "", // says that a digit is a capital
		"0067F000003pmdW":    "",
	} {
		if got, _ := RepairID(in); got != want {
			t.Errorf("RepairID(%q) = %q, want %q", in, got, want)
		}
	}
}

// Any change of case in an 18-character id can be undone, and the wrong case is
// never taken for the right one.
func TestIDCaseSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, ok := To18(rapid.StringMatching(`[0-9a-zA-Z]{15}`).Draw(t, "id"))
		if !ok || len(id) != 18 || !ValidID(id) {
			t.Fatalf("To18 gave %q", id)
		}
		for _, changed := range []string{strings.ToLower(id), strings.ToUpper(id)} {
			if got, ok := RepairID(changed); !ok || got != id {
				t.Fatalf("RepairID(%q) = %q %v, want %q", changed, got, ok, id)
			}
		}
		i := rapid.IntRange(0, 14).Draw(t, "at")
		other := []byte(id)
		if isLetter(other[i]) {
			other[i] ^= 0x20
			if ValidID(string(other)) {
				t.Fatalf("%q is valid beside %q", other, id)
			}
		}
		if string(AppendID18([]byte("x"), id[:15])) != "x"+id {
			t.Fatalf("AppendID18 of %q", id[:15])
		}
	})
}

func TestObjectOfID(t *testing.T) {
	s := New(&Object{Name: "Survey_Response__c", KeyPrefix: "a00"})
	for id, want := range map[string]string{
		"a00000000000001": "Survey_Response__c",
		"003000000000001": "Contact",
		"500000000000001": "Case",
		"zzz000000000001": "",
		"":                "",
	} {
		if got := s.ObjectOfID(id); got != want {
			t.Errorf("object of %q is %q, want %q", id, got, want)
		}
	}
	if WellKnownPrefix("lead") != "00Q" || WellKnownPrefix("Nothing__c") != "" {
		t.Error("well-known prefix")
	}
}
