package plan

import (
	"regexp"
	"strings"
)

// otherFunctions says how to do what people know as a function of spreadsheets,
// Salesforce's formulas, SQL or programming languages; the names in capitals.
var otherFunctions = map[string]string{
	"IF": choose, "IIF": choose, "CASE": choose, "SWITCH": choose, "IFS": choose,
	"ISBLANK": testMissing, "ISNULL": testMissing, "EXISTS": testMissing, "EMPTY": testMissing, "ISEMPTY": testMissing,
	"BLANKVALUE": giveDefault, "NULLVALUE": giveDefault, "COALESCE": giveDefault, "IFNULL": giveDefault, "NVL": giveDefault, "IFERROR": giveDefault, "DEFAULT": giveDefault,
	"AND": combineConditions, "OR": combineConditions, "NOT": combineConditions,
	"CONCATENATE": joinTexts, "CONCAT": joinTexts, "TEXTJOIN": "join([a, b], \", \") joins texts",
	"CONTAINS": "write `text contains \"part\"`", "ISPICKVAL": "a picklist value is compared like text: `record.Status == \"New\"`",
	"INCLUDES": "write `text contains \"part\"`", "BEGINS": "write `text startsWith \"part\"`",
	"STARTSWITH": "write `text startsWith \"part\"`", "ENDSWITH": "write `text endsWith \"part\"`",
	"REGEX": "write `text matches \"pattern\"`", "MATCH": "write `text matches \"pattern\"`",
	"LEFT": "truncate(text, 10) cuts a text, and ends it in an ellipsis", "SUBSTRING": "truncate(text, 10) cuts a text, and ends it in an ellipsis",
	"SUBSTITUTE": "replace(text, old, new) does that",
	"VALUE":      readNumber, "INT": readNumber, "FLOAT": readNumber, "DECIMAL": readNumber,
	"STR": "text(value) does that", "STRING": "text(value) does that", "TOSTRING": "text(value) does that",
	"BOOLEAN": "bool(value) does that", "CEILING": "ceil(number) does that",
	"DATEVALUE": "date(value) does that", "DATETIMEVALUE": "datetime(value) does that",
	"ADDMONTHS": moveDate, "DATEADD": moveDate, "EDATE": moveDate,
	"NOW": noClock, "TODAY": noClock, "SYSDATE": noClock, "GETDATE": noClock, "CURRENT_DATE": noClock,
	"CASESAFEID": "id18(id) does that",
}

const (
	choose            = "`condition ? this : that` chooses"
	testMissing       = "a missing value equals null: `answers.nps == null`"
	giveDefault       = "`??` gives a default for a missing value: `answers.nps ?? 0`"
	combineConditions = "conditions are combined as in `a and b`, `a or b`, `not a`"
	joinTexts         = "`+` joins texts: contact.first_name + \" \" + contact.last_name"
	readNumber        = "number(value) reads a number from text"
	moveDate          = "date_add(time, \"1mo\") moves a date"
	leaveThen         = "leave it out; `condition ? this : that` chooses a value"
	noClock           = "a rule gives the same result whenever it runs: use event.time"
)

// otherOperators says what to write for operators of other languages.
var otherOperators = map[string]string{
	"AND": "write `and`", "OR": "write `or`", "NOT": "write `not`", "IN": "write `in`", "In": "write `in`", "And": "write `and`", "Or": "write `or`", "Not": "write `not`",
	"&": "`+` joins texts, `and` joins conditions", "|": "`or` joins conditions",
	"is": testMissing, "IS": testMissing, "Is": testMissing,
	"like": looks, "LIKE": looks, "Like": looks,
	"between": between, "BETWEEN": between,
	"then": leaveThen, "THEN": leaveThen, "else": choose, "ELSE": choose,
	"mod": "there is no remainder", "div": "write `/`, and floor(…) round it",
	"equals": "write `==`", "eq": "write `==`", "ne": "write `!=`", "gt": "write `>`", "lt": "write `<`",
}

const (
	looks   = "write `text contains \"part\"`, `startsWith`, `endsWith` or `matches`"
	between = "write `answers.nps >= 1 and answers.nps <= 6`"
)

var (
	listInBrackets = regexp.MustCompile(`\b(in|IN)\s*\([^()]*$`)
	pathBefore     = regexp.MustCompile(`\b[a-z]+((?:\.\w+)+)\s*$`)
	nameInBraces   = regexp.MustCompile(`^\{\s*([a-z]\w*(?:\.\w+)+)\s*\}$`)
)

// operatorHelp says what was meant by what cannot be read at an offset of an expression;
// "" if that cannot be told.
func operatorHelp(text string, at int, word string) string {
	before := strings.TrimRight(text[:at], " \t")
	switch {
	case word == ">" && strings.HasSuffix(before, "<"):
		return "write `!=`"
	case word == "," && listInBrackets.MatchString(before):
		return "a list stands in square brackets: `in [\"a\", \"b\"]`"
	case otherOperators[word] != "":
		return otherOperators[word]
	}
	if m := nameInBraces.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		return "braces belong into static text; here the value stands alone: " + m[1]
	}
	if m := pathBefore.FindStringSubmatch(before); m != nil && word != "" && isName(word) {
		path := strings.TrimSpace(before)
		dot := strings.LastIndexByte(path, '.')
		space := ""
		if len(before) < at {
			space = " "
		}
		return "a name with blanks is written in brackets: `" + path[strings.LastIndexAny(path[:dot], " (!")+1:dot] + "[\"" + path[dot+1:] + space + word + "\"]`"
	}
	return ""
}

func isName(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}
