package dsl

import "testing"

// The help for what people write who know other languages must lead them on, not astray.
func TestHelpForHabits(t *testing.T) {
	tests := []struct{ line, help string }{
		{"set Score__c answers.nps", "an expression takes an equals sign: `Score__c = answers.nps`"},
		{"set Score__c round(answers.nps)", "an expression takes an equals sign: `Score__c = round(answers.nps)`"},
		{"set NPS Score = answers.nps", "names have no blanks: use the API name, such as `NPS_Score__c`"},
		{"set NPS Score: 5", "names have no blanks: use the API name, such as `NPS_Score__c`"},
		{"set Status Invitation Sent", "static text takes a colon: `Status: Invitation Sent`"},
		{"set A = 1\n  Score__c answers.nps", "an expression takes an equals sign: `Score__c = answers.nps`"},
		{"set A = 1\n  NPS Score = answers.nps", "names have no blanks: use the API name, such as `NPS_Score__c`"},
		{"set Score__c = 9,5", "the decimal sign is a point: 9.5"},
		{"set Score__c = 1,000.50", "digits are not grouped: 1000.50"},
		{"set Score__c = 1,000,000", "digits are not grouped: 1000000"},
		{"set Title = if answers.nps > 3 then \"a\" else \"b\"", "`condition ? this : that` chooses a value"},
		{"where Id: profile.id set A = 1", "an expression takes an equals sign: `where Id = profile.id`"},
		{"where Id: 500 set A = 1", "put text in quotes: `where Id = \"…\"`"},
	}
	for _, test := range tests {
		_, ds := Parse(NewSource("", []byte("rule R\non survey response\nupdate Case\n  "+test.line+"\n")))
		if len(ds) != 1 || ds[0].Help != test.help {
			t.Errorf("%s: %v, help %q", test.line, summary(ds), helpOf(ds))
		}
	}
}

func helpOf(ds []Diagnostic) string {
	if len(ds) == 0 {
		return ""
	}
	return ds[0].Help
}
