package dsl

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
)

// parseWhole parses a statement that is given up at its first fault.
func parseWhole[G any](p *parser, g *participle.Parser[G], st *statement) *G {
	node, bad := parseTokens(g, st, 0)
	if bad >= 0 {
		p.fault(st, bad)
	}
	return node
}

// fault reports that token i of a statement is not what belongs there. What belongs
// there follows from the token before it.
func (p *parser) fault(st *statement, i int) {
	before := st.tokens[max(0, i-1)]
	switch {
	case st.kind(i) == KindKeyword && (st.kind(i+1) == KindEquals || st.kind(i+1) == KindColon):
		p.keywordAsName(st, i)
	case before.Kind == KindKeyword || before.Kind == KindNearMiss:
		p.nothingAfter(st, i, st.keyword(before))
	case before.Kind == KindComma:
		p.strayComma(st, i)
	case st.isField(i - 1):
		p.noEquals(st, i)
	case before.Kind == KindWord && st.keyword(st.tokens[0]) == "on" && i <= 3:
		p.unknownTrigger(st, i)
	default:
		p.trailing(st, i)
	}
}

// missing says what is missing behind each keyword, and gives an example.
var missing = map[string][2]string{
	"connection": {"the name of a connection", "`connection production`"},
	"statuses":   {"the name of a status", "`statuses Soft Bounce, Hard Bounce`"},
	"when":       {"a status", "`when Sent, Delivered`; `otherwise` stands for all others"},
	"rule":       {"a name", "`rule Answers on the contact`"},
	"test":       {"a name", "`test A detractor opens a case`"},
	"given":      {"the path of an event file", "`given events/responded.json`"},
	"create":     {"an object", "`create Case`"},
	"update":     {"an object", "`update Case where Id = record.Id`"},
	"upsert":     {"an object", "`upsert Survey_Response__c where Response_Id__c = response.id`"},
	"using":      {"the name of a connection", "`using production`"},
	"where":      {"a field", "`where Id = record.Id`"},
	"set":        {"a field", "`set Status__c: Sent`"},
	"let":        {"a name", "`let score = number(answers.nps)`"},
	"with":       {"a path of the event", "`with answers.nps = 3`"},
}

// nothingAfter reports that a keyword is not followed by what it needs.
func (p *parser) nothingAfter(st *statement, i int, keyword string) {
	switch keyword {
	case "on":
		p.unknownTrigger(st, i)
		return
	case "expect":
		p.badExpect(st, i)
		return
	case "otherwise":
		p.trailing(st, i)
		return
	}
	what := missing[keyword]
	after := ""
	if i < len(st.tokens) {
		after = fmt.Sprintf(", not `%s`", firstLine(st.text(i)))
	}
	p.report(codeMissingName, st.at(i), fmt.Sprintf("`%s` needs %s%s", keyword, what[0], after), "such as "+what[1])
}

// strayComma reports a comma with nothing behind it that it could separate.
func (p *parser) strayComma(st *statement, i int) {
	comma := st.tokens[i-1].Span
	if i < len(st.tokens) && st.kind(i) != KindComma {
		p.trailing(st, i)
		return
	}
	from := comma.From
	if i >= 2 {
		from = st.tokens[i-2].To
	}
	d := p.report(codeTrailing, comma, "nothing follows this comma", "a comma stands between two values on the same line")
	d.Fixes = []Fix{{"Remove the comma", []Edit{{Span{from, comma.To}, ""}}, true}}
	if i >= len(st.tokens) {
		p.unfinished = len(p.diags)
	}
}

// isField reports whether token i ends the field of a `where` or an assignment.
func (st *statement) isField(i int) bool {
	for i > 0 && st.kind(i) == KindMember {
		i--
	}
	return st.kind(i) == KindName
}

// noEquals reports that a field gets no value.
func (p *parser) noEquals(st *statement, i int) {
	if st.kind(i) == KindIllegal && st.text(i)[0] >= utf8.RuneSelf { // a name goes on behind an invisible character, or ＝ was meant
		p.illegal(st.tokens[i], st.text(i))
		return
	}
	first := i - 1
	for first > 0 && st.kind(first) == KindMember {
		first--
	}
	field := Span{st.tokens[first].From, st.tokens[i-1].To}
	name := p.src.Slice(field)
	keyword := ""
	if first > 0 {
		keyword = st.keyword(st.tokens[first-1])
	}
	code, message, help := codeNoEquals, fmt.Sprintf("`%s` needs `:` and a text, or `=` and an expression", name), ""
	at := st.at(i)
	switch keyword {
	case "where":
		code = codeNoMatch
		message = fmt.Sprintf("`where %s` needs `=` and an expression", name)
		help = fmt.Sprintf("such as `where %s = record.Id`", name)
		if st.kind(i) == KindColon {
			message = "`where` takes `=` and an expression, not a text"
			help = fmt.Sprintf("put text in quotes: `where %s = \"…\"`", name)
			if value := st.text(i + 1); value != "" && isValue(value) {
				help = fmt.Sprintf("an expression takes an equals sign: `where %s = %s`", name, p.src.Text[st.at(i+1).From:st.at(i+1).From+pathLen(value)])
			}
		}
	case "let":
		message = fmt.Sprintf("`let %s` needs `=` and an expression", name)
	default:
		if i < len(st.tokens) {
			help = valueHelp(name, firstLine(p.src.Slice(Span{st.at(i).From, st.span().To})))
		}
	}
	if st.text(i) == "==" {
		d := p.report(code, at, fmt.Sprintf("`%s` is given its value by a single `=`", name), "")
		d.Fixes = []Fix{{"Write a single =", []Edit{{at, "="}}, true}}
		return
	}
	p.report(code, at, message, help)
}

// valueHelp says how a field gets the value that stands behind its name.
func valueHelp(name, rest string) string {
	if equals, colon := assigns(rest); equals || colon {
		return "names have no blanks: use the API name, such as `NPS_Score__c`"
	}
	if isValue(rest) {
		return fmt.Sprintf("an expression takes an equals sign: `%s = %s`", name, rest)
	}
	return fmt.Sprintf("static text takes a colon: `%s: %s`", name, rest)
}

// isValue reports whether a text begins with a path of the event or a call.
func isValue(text string) bool {
	n := identLen(text)
	return n > 0 && text[0] >= 'a' && text[0] <= 'z' && (memberLen(text[n:]) > 0 || strings.HasPrefix(text[n:], "("))
}

// groupedDigits returns the number that was meant by digits with commas between them,
// and what is wrong with the comma.
func (st *statement) groupedDigits(i int) string {
	if st.kind(i) != KindNumber || i < 2 || st.kind(i-1) != KindComma || st.kind(i-2) != KindNumber {
		return ""
	}
	whole := st.text(i-2) + st.text(i)
	digits, _, _ := strings.Cut(st.text(i), ".")
	if len(digits) != 3 {
		return fmt.Sprintf("the decimal sign is a point: %s.%s", st.text(i-2), st.text(i))
	}
	for i += 2; st.kind(i-1) == KindComma && st.kind(i) == KindNumber; i += 2 {
		whole += st.text(i)
	}
	return "digits are not grouped: " + whole
}

// trailing reports what no statement expects at token i.
func (p *parser) trailing(st *statement, i int) {
	end := st.tokens[len(st.tokens)-1].To
	from := st.at(min(i, len(st.tokens)-1)).From
	text := firstLine(p.src.Slice(Span{from, end}))
	at := Span{from, from + len(text)}
	help := ""
	switch st.keyword(st.tokens[0]) {
	case "create", "update", "upsert", "using", "where", "if", "set":
		help = "an action goes on with `using`, `where`, `if` or `set`"
		if grouped := st.groupedDigits(i); grouped != "" {
			help = grouped
		}
	case "otherwise":
		help = "actions stand on lines of their own"
	}
	if st.kind(i) == KindIllegal {
		p.illegal(st.tokens[i], st.text(i))
		return
	}
	p.report(codeTrailing, at, fmt.Sprintf("`%s` does not belong here", shortened(text, 40)), help)
}

// shortened cuts a text of the author's that would make a message too long to read.
func shortened(text string, most int) string {
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i] + "…"
		}
	}
	return text
}

// keywordAsName reports a keyword where the name of a field should stand.
func (p *parser) keywordAsName(st *statement, i int) {
	word, what, help := st.text(i), "field", "Salesforce's names of fields begin with a capital letter, or end with `__c`"
	if st.keyword(st.tokens[0]) == "let" {
		what, help = "value", ""
	}
	p.report(codeKeyword, st.at(i), fmt.Sprintf("`%s` is a keyword and no name of a %s", word, what), help)
}

// colonAfterKeyword reports a keyword with a colon, as YAML has it. What the statement
// says is lost, but nothing below it is missed for that.
func (p *parser) colonAfterKeyword(st *statement, keyword string) {
	d := p.report(codeKeyword, st.at(1), fmt.Sprintf("no colon follows `%s`", keyword), "")
	d.Fixes = []Fix{{"Leave the colon out", []Edit{{st.at(1), ""}}, true}}
	switch keyword {
	case "rule":
		p.endTest()
		p.endRule()
		p.rule = &Rule{Span: st.span()}
		p.file.Rules = append(p.file.Rules, p.rule)
	case "on":
		p.triggers = append(p.triggers, st.span())
	case "create", "update", "upsert", "using", "where", "if", "set":
		p.loseAction()
	}
}

var triggers = []string{"outbound message", "survey response"}

// unknownTrigger reports an `on` line that names no trigger.
func (p *parser) unknownTrigger(st *statement, i int) {
	words := []string{st.text(1)}
	if st.kind(2) == KindWord {
		words = append(words, st.text(2))
	}
	written := strings.Join(words, " ")
	if written == triggers[0] {
		p.report(codeMissingName, st.at(i), "`on outbound message` needs an object", "such as `on outbound message Case`")
		return
	}
	help := "say `on outbound message OBJECT` or `on survey response`"
	if st.kind(1) != KindWord {
		p.report(codeTrigger, st.at(1), "`on` needs a trigger", help)
		return
	}
	at := Span{st.tokens[1].From, st.tokens[len(words)].To}
	d := p.report(codeTrigger, at, fmt.Sprintf("`%s` is no trigger", written), help)
	if near, ok := Suggest(written, triggers); ok {
		d.Help = fmt.Sprintf("did you mean `on %s`?", near)
		d.Fixes = []Fix{{"Write " + near, []Edit{{at, near}}, strings.EqualFold(written, near)}}
	}
}

// badExpect reports an `expect` line that says nothing that can be expected.
func (p *parser) badExpect(st *statement, i int) {
	const help = "a test expects an action (`create`, `update`, `upsert`), `nothing`, `nothing else`, `skipped` or `failed CAUSE`"
	if i >= len(st.tokens) {
		p.report(codeExpect, st.at(i), "`expect` needs what is expected", help)
		return
	}
	word := st.text(i)
	d := p.report(codeExpect, st.at(i), fmt.Sprintf("`%s` cannot be expected", word), help)
	if near, ok := Suggest(word, expectWords); ok {
		d.Help = fmt.Sprintf("did you mean `expect %s`?", near)
		d.Fixes = []Fix{{"Write " + near, []Edit{{st.at(i), near}}, strings.EqualFold(word, near)}}
	}
}

// nearMisses reports words that were meant for keywords. They are read as those
// keywords; of a statement that begins with a guess, nothing else is reported.
func (p *parser) nearMisses(st *statement) {
	for i, t := range st.tokens {
		if t.Kind != KindNearMiss {
			continue
		}
		word, keyword := st.text(i), st.keyword(t)
		p.unknownKeyword(t.Span, word, keyword)
		if strings.ToLower(word) != keyword {
			p.quiet = true
			return
		}
	}
}

func (p *parser) unknownKeyword(at Span, word, keyword string) {
	if strings.ToLower(word) == keyword {
		d := p.report(codeUnknown, at, fmt.Sprintf("`%s` is no keyword: keywords are lower case", word), "")
		d.Fixes = []Fix{{"Write " + keyword, []Edit{{at, keyword}}, true}}
		return
	}
	d := p.report(codeUnknown, at, fmt.Sprintf("`%s` is no keyword", word), fmt.Sprintf("did you mean `%s`?", keyword))
	d.Fixes = []Fix{{"Write " + keyword, []Edit{{at, keyword}}, false}}
}

// unknown reports a statement that begins as none does. Above is the expression
// that the line above ended with, and open says whether that went on.
func (p *parser) unknown(st *statement, above *Expr, open bool) {
	head := st.tokens[0]
	word := st.text(0)
	continued := isOperator(p.src, head) || slices.Contains([]Kind{KindMember, KindClose, KindOpen}, head.Kind)
	path := pathLen(p.src.Text[head.From:])
	dash := word == "-" && st.kind(1) != KindEOL && startsStatement(p.src.Text, st.at(1).From, 0)
	switch {
	case p.unfinished > 0: // it was meant to go on here
		d := &p.diags[p.unfinished-1]
		d.Help, d.Fixes = "what follows stands on the same line", nil
		return
	case head.Kind == KindIllegal:
		p.illegal(head, word)
	case dash || head.Kind == KindClose && (above == nil || !above.Broken):
		help := "lines begin without a dash"
		if !dash {
			help = "no bracket is open here; rules, arms and actions go on to the next one, without braces"
		}
		p.report(codeUnknown, head.Span, fmt.Sprintf("a line cannot begin with `%s`", word), help)
		if !dash {
			return
		}
	case above != nil && (continued || open):
		p.above, p.aboveOpen = above, true
		end := st.span().To
		if above.Broken { // the line above has been reported, and this one belongs to it
			if p.wrapped >= 0 {
				p.diags[p.wrapped].Fixes[0].Edits[1] = Edit{Span{end, end}, ")"}
			}
			return
		}
		above.Broken = true
		d := p.report(codeWrapped, head.Span, "an expression ends at the end of its line", "put it in brackets, and it may span lines")
		p.label(d, above.Span, "it began here")
		d.Fixes = []Fix{{"Put the expression in brackets", []Edit{{Span{above.From, above.From}, "("}, {Span{end, end}, ")"}}, false}}
		if d.Code != "" {
			p.wrapped = len(p.diags) - 1
		}
		return
	case head.Kind == KindIdent && p.looksLikeField(st, path):
		field := Span{head.From, head.From + path}
		at := Span{field.To, field.To}
		name, help := p.src.Slice(field), ""
		if end := st.span().To; end > field.To {
			help = valueHelp(name, firstLine(p.src.Slice(Span{field.To, end})))
		}
		p.report(codeNoEquals, at, fmt.Sprintf("`%s` needs `:` and a text, or `=` and an expression", name), help)
		if p.action != nil && p.setAt == (Span{}) {
			p.setAt = field
		}
		return
	default:
		p.report(codeUnknown, head.Span, fmt.Sprintf("a line cannot begin with `%s`", shortened(word, 40)),
			"lines begin with a keyword such as `rule`, `when` or `update`, or with `Field =` or `Field:`")
	}
	p.loseAction()
}

// looksLikeField reports whether a line begins with a field that was not given a value.
func (p *parser) looksLikeField(st *statement, path int) bool {
	from := st.tokens[0].From
	name := p.src.Text[from : from+path]
	capital := name[0] >= 'A' && name[0] <= 'Z'
	return strings.Contains(name, "__") || capital && (p.action != nil || from+path == st.span().To)
}
