package lsp

import (
	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

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

// lineWords are the keywords that a line may begin with where the place is, the
// likeliest first.
func (c *completer) lineWords() []string {
	var words []string
	if c.scope.head >= 0 && !c.setting {
		words = c.clauseWords()
	}
	switch tests := plan.IsTestFile(c.source.Path); {
	case c.test != nil:
		words = append(words, "given", "with", "expect", "test")
		if !tests {
			words = append(words, "rule")
		}
		return words
	case c.rule == nil:
		if !tests {
			words = append(words, "rule")
		}
		if name := c.file.Connection; name.Missing() || name.From >= c.from {
			words = append(words, "connection")
		}
		return append(words, "statuses", "test")
	case !c.known:
		return []string{"on"}
	}
	return append(append(words, c.blockWords()...), "rule", "test")
}

// clauseWords are the clauses that the action of the place does not have yet.
func (c *completer) clauseWords() []string {
	var has dsl.Action
	if action := c.action(); action != nil {
		has = *action
	}
	var words []string
	if has.Where == nil && c.cursor.verb != "create" {
		words = append(words, "where")
	}
	words = append(words, "set")
	if has.If == nil && c.test == nil {
		words = append(words, "if")
	}
	if has.Using.Missing() {
		words = append(words, "using")
	}
	return words
}

// blockWords are what may begin an action or an arm of the rule.
func (c *completer) blockWords() []string {
	block, open := c.rule.Block, true
	if c.arm != nil {
		block, open = c.arm.Block, !c.arm.Otherwise
	}
	empty := len(block.Actions) == 0 || block.Actions[0].From >= c.from
	actions, arms := []string{"update", "upsert", "create"}, []string{"when", "otherwise"}
	if empty {
		actions = append(actions, "let")
	}
	switch {
	case !open: // nothing can follow `otherwise`
		return actions
	case c.arm != nil && empty:
		return append(actions, arms...)
	case c.arm == nil && empty && len(c.lets(c.from)) == 0 && c.rule.On.If == nil:
		actions = append(actions, "if") // the trigger's
	}
	return append(arms, actions...)
}
