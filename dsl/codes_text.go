package dsl

import "strings"

// The codes of group S0xx, what is wrong with the text itself. Package plan reports
// S020; all others are found by [Parse].
const (
	codeUnknown      Code = "S001"
	codePlace        Code = "S002"
	codeTwice        Code = "S003"
	codeOrder        Code = "S004"
	codeNoTrigger    Code = "S005"
	codeNoSet        Code = "S006"
	codeMissingName  Code = "S007"
	codeMissingValue Code = "S008"
	codeNoEquals     Code = "S009"
	codeNoMatch      Code = "S010"
	codeBracket      Code = "S011"
	codeString       Code = "S012"
	codeBrace        Code = "S013"
	codeTwoWords     Code = "S014"
	codeComment      Code = "S015"
	codeWrapped      Code = "S016"
	codeTrailing     Code = "S017"
	codeKeyword      Code = "S018"
	codeNoComma      Code = "S019"
	codeExpression   Code = "S020"
	codeCompare      Code = "S021"
	codeCharacter    Code = "S022"
	codeNotText      Code = "S023"
	codeTooLarge     Code = "S024"
	codeExpect       Code = "S025"
	codeNothingSet   Code = "S026"
	codeBadName      Code = "S027"
)

// codeTrigger is of group S1xx, and found by [Parse] as well.
const codeTrigger Code = "S101"

var textCodes = []CodeInfo{
	{
		Code:        codeUnknown,
		Title:       "unknown keyword",
		Explanation: "A line begins with a keyword, which is written in lower case, or with a field and `=` or `:`. This line begins with another word.",
		Bad: `rule R
on survey response
Update Case where Id = profile.case_id
  set Status: Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codePlace,
		Title:       "statement in the wrong place",
		Explanation: "Statements belong to others: `on`, `when`, `let` and actions to a rule; `set`, `where`, `using` and fields to an action; `given`, `with` and `expect` to a test. `connection` and `statuses` stand above the first rule, and `let` stands above the actions of its rule or arm.",
		Bad: `rule R
on survey response
  set Status: Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeTwice,
		Title:       "said twice",
		Explanation: "A file names one connection, a rule has one trigger, and an action has each of `using`, `where`, `if` and `set` once.",
		Bad: `rule R
on survey response
on outbound message Case
update Case where Id = profile.case_id
  set Status: Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeOrder,
		Title:       "clause behind `set`",
		Explanation: "`using`, `where` and `if` say which record an action writes to, and whether it writes at all. They stand before `set`, in any order.",
		Bad: `rule R
on survey response
update Case set Status: Closed
  where Id = profile.case_id
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeNoTrigger,
		Title:       "rule without a trigger",
		Explanation: "A rule needs a line `on …` that says what kind of event it reacts to. Without it the rule would never run.",
		Bad: `rule R
update Case where Id = profile.case_id
  set Status: Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeNoSet,
		Title:       "`set` missing",
		Explanation: "The first field of an action follows the keyword `set`; those below it stand alone.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  Status: Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeMissingName,
		Title:       "name missing",
		Explanation: "A keyword is not followed by what it needs: a rule its name, an action its object, `when` a status, `set` and `where` a field.",
		Bad: `rule R
on outbound message
update Contact where Id = profile.contact_id set Title: Call
`,
		Good: `rule R
on outbound message Case
update Contact where Id = profile.contact_id set Title: Call
`,
	},
	{
		Code:        codeMissingValue,
		Title:       "value missing",
		Explanation: "Behind `=` and `if` stands an expression, behind `:` a text, and between braces an expression. Here stands nothing. A field is cleared by `Field = null`.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Status =
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = null
`,
	},
	{
		Code:        codeNoEquals,
		Title:       "field without `=` or `:`",
		Explanation: "A field gets its value by `Field: text`, where the rest of the line is the text, or by `Field = expression`.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Status Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeNoMatch,
		Title:       "`where` without `=`",
		Explanation: "`where Field = expression` says which record is meant, by `Id` or by an external id. It is no condition: those stand behind `if`.",
		Bad: `rule R
on survey response
update Case where Id profile.case_id
  set Status: Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeBracket,
		Title:       "brackets do not match",
		Explanation: "Every bracket that is opened in an expression must be closed, in order. An expression in brackets may span lines, but it ends at an empty line and where the next statement begins.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Survey_Comment__c = trim(answers.comment
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Survey_Comment__c = trim(answers.comment)
`,
	},
	{
		Code:        codeString,
		Title:       "string not closed",
		Explanation: "A string in an expression ends on its line, with the quote that it begins with. A line break within it is written `\\n`.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = "Closed
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = "Closed"
`,
	},
	{
		Code:        codeBrace,
		Title:       "brace not closed",
		Explanation: "In `Field: text`, braces hold an expression whose value becomes part of the text, and end on the same line. A brace that is meant to be read as one is written `{{`.",
		Bad: `rule R
on survey response
update Contact where Id = profile.contact_id set Title: Call {contact.first_name
`,
		Good: `rule R
on survey response
update Contact where Id = profile.contact_id set Title: Call {contact.first_name}
`,
	},
	{
		Code:        codeTwoWords,
		Title:       "words after `=`",
		Explanation: "Behind `=` stands an expression, and words side by side are none. Text that is always the same takes a colon.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Survey_Status__c = Response Received
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Survey_Status__c: Response Received
`,
	},
	{
		Code:        codeComment,
		Title:       "comment in the wrong place",
		Explanation: "A comment begins with `#` and stands on a line of its own. Behind a statement it would be taken for a part of it: `#` and `//` are plain characters in `Field: text`.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id # the customer's case
  set Status: Closed
`,
		Good: `rule R
on survey response
# the customer's case
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeWrapped,
		Title:       "expression goes on without brackets",
		Explanation: "An expression ends at the end of its line. One that is put in brackets may span lines.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Priority = answers.nps <= 3
    ? "High" : "Medium"
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Priority = (answers.nps <= 3
        ? "High" : "Medium")
`,
	},
	{
		Code:        codeTrailing,
		Title:       "unexpected text",
		Explanation: "The statement is complete, but its line goes on with something that does not belong to it.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = "Closed",
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = "Closed"
`,
	},
	{
		Code:        codeKeyword,
		Title:       "keyword in place of a name",
		Explanation: "Keywords cannot be names of fields or values, and no colon follows them. Salesforce's names cannot be mistaken for them: they begin with a capital letter, or end with `__c`.",
		Bad: `rule R
on survey response
let where = profile.case_id
update Case where Id = profile.case_id
  set Status: Closed
`,
		Good: `rule R
on survey response
let case_id = profile.case_id
update Case where Id = case_id
  set Status: Closed
`,
	},
	{
		Code:        codeNoComma,
		Title:       "comma missing",
		Explanation: "Several fields may be set on one line, with commas between them.",
		Bad: `rule R
on survey response
update Contact where Id = profile.contact_id set AccountId = profile.account_id Title: Call
`,
		Good: `rule R
on survey response
update Contact where Id = profile.contact_id set AccountId = profile.account_id, Title: Call
`,
	},
	{
		Code:        codeExpression,
		Title:       "expression cannot be read",
		Explanation: "An expression is made of values (paths such as `answers.nps`, numbers, strings, `true`, `null`), functions and operators.",
		Bad: `rule R
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps +
`,
		Good: `rule R
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code:        codeCompare,
		Title:       "`=` in an expression",
		Explanation: "A single `=` gives a field its value. Within an expression, two values are compared with `==`.",
		Bad: `rule R
on outbound message Case if record.Origin = "Web"
update Contact where Id = profile.contact_id set Title: Call
`,
		Good: `rule R
on outbound message Case if record.Origin == "Web"
update Contact where Id = profile.contact_id set Title: Call
`,
	},
	{
		Code:        codeCharacter,
		Title:       "character that cannot stand here",
		Explanation: "An expression holds a character that it cannot consist of. Often it came along with text copied from a word processor or a web page: curly quotes, or a character that cannot be seen.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = “Closed”
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status = "Closed"
`,
	},
	{
		Code:        codeNotText,
		Title:       "not a text file",
		Explanation: "A rule file is UTF-8 text. This file is something else, or was saved in another encoding.",
		Bad: "rule R\xff\n" +
			"on survey response\n" +
			"update Contact where Id = profile.contact_id set Title: Call\n",
		Good: `rule R
on survey response
update Contact where Id = profile.contact_id set Title: Call
`,
	},
	{
		Code:        codeTooLarge,
		Title:       "too large",
		Explanation: "A rule file has at most 4 MiB, a line 64 KiB, and brackets stand at most 64 deep in each other. Of a file with more than 1,000 faults, the first 1,000 are shown.",
		Bad: "rule R\n" +
			"on survey response\n" +
			"update Contact where Id = profile.contact_id set NPS_Score__c = " + strings.Repeat("(", MaxDepth+1) + "1" + strings.Repeat(")", MaxDepth+1) + "\n",
		Good: `rule R
on survey response
update Contact where Id = profile.contact_id set NPS_Score__c = (1)
`,
	},
	{
		Code:        codeExpect,
		Title:       "unknown expectation",
		Explanation: "A test expects an action (`expect update Contact …`), `expect nothing`, `expect nothing else`, `expect skipped` or `expect failed CAUSE`.",
		Bad: `test T
given event.json
expect success
`,
		Good: `test T
given event.json
expect nothing
`,
	},
	{
		Code:        codeNothingSet,
		Title:       "action that sets nothing",
		Explanation: "An action without `set` would change nothing, and is never sent.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Status: Closed
`,
	},
	{
		Code:        codeBadName,
		Title:       "name cannot be read",
		Explanation: "Objects, fields and connections have names of one word, and a survey's id stands without quotes. A field may be reached through one relationship, as in `Account.Crm_Key__c`.",
		Bad: `rule R
on survey response
update Case where Id = profile.case_id
  set Account.Owner.Name: Smith
`,
		Good: `rule R
on survey response
update Case where Id = profile.case_id
  set Account.Crm_Key__c = profile.crm_key
`,
	},
}
