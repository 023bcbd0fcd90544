package lsp

// keywordDocs say what each keyword does, as the manual has it.
var keywordDocs = map[string]string{
	"connection": "`connection NAME`: the Salesforce connection that this file writes to",
	"statuses":   "`statuses A, B`: distribution statuses of your own, beside the built-in ones",
	"rule":       "`rule NAME`: begins a rule; the run log calls it by this name",
	"on":         "`on outbound message OBJECT` or `on survey response [SURVEY-ID]`: what the rule reacts to",
	"let":        "`let name = expression`: names a value for the lines below",
	"when":       "`when A, B`: what follows runs for these statuses",
	"otherwise":  "what follows runs for every status that no `when` names",
	"update":     "`update OBJECT where Id = …`: changes a record",
	"upsert":     "`upsert OBJECT where External_Id__c = …`: changes a record, or makes it when it is not there",
	"create":     "`create OBJECT`: makes a record",
	"where":      "`where Field = expression`: which record, by its id or an external id",
	"set":        "what the action writes: `Field: text` or `Field = expression`",
	"using":      "`using NAME`: write through another connection",
	"if":         "`if expression`: only if this is true",
	"test":       "`test NAME`: a test of the rules",
	"given":      "`given FILE`: the event that the test is about",
	"with":       "`with path = expression`: changes the given event",
	"expect":     "`expect` and an action, `nothing`, `nothing else`, `skipped` or `failed CAUSE`: what must come of it",
}

// statusDocs say what the built-in statuses mean.
var statusDocs = map[string]string{
	"Sent":                    "The survey was sent.",
	"Delivered":               "The survey reached the person.",
	"Quarantined":             "The survey was held back, since this person was asked too recently.",
	"Failed":                  "The survey could not be sent or delivered.",
	"Not Sent due to Opt-Out": "The person does not want to be asked.",
	"Responded":               "The person answered. A response without a status counts as this.",
	"Partially Responded":     "The person answered some of the questions.",
	"Expired":                 "The survey's time has passed without an answer.",
}

// lineWords are the keywords that a line may begin with, by where it stands.
func lineWords(sc scope, top bool) []string {
	switch {
	case sc.test != nil:
		words := []string{"given", "with", "expect", "test", "rule"}
		if sc.object != "" {
			words = append(words, "where", "set")
		}
		return words
	case sc.rule != nil && !sc.known:
		return []string{"on"}
	case sc.rule != nil:
		words := []string{"when", "otherwise", "update", "upsert", "create", "let"}
		if sc.head >= 0 && !sc.setting {
			words = append([]string{"set", "where", "if", "using"}, words...)
		}
		return append(words, "rule", "test", "if")
	case top:
		return []string{"rule", "connection", "statuses", "test"}
	}
	return []string{"rule", "test"}
}
