package plan

import "testing"

// Of names that are equally near, the same one is suggested every time.
func TestSampleSuggestionsAreSteady(t *testing.T) {
	const text = "rule A\non survey response\ncreate Case\n  set Subject = answers.friend_comp\n"
	o := Options{Samples: []string{`{"id": "1", "type": "survey.response", "answers": {"friend_name": 1, "friend_company": 2}}`}}
	helps := map[string]bool{}
	for range 50 {
		_, _, found := checkAll(t, o, text)
		for _, d := range found {
			if d.Code == "S114" {
				helps[d.Help] = true
			}
		}
	}
	if len(helps) != 1 {
		t.Errorf("it suggests %v", helps)
	}
}
