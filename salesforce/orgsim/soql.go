package orgsim

import (
	"fmt"
	"strconv"
	"strings"
)

// soql is a parsed query: SELECT of fields and parents' fields or COUNT(), FROM one object,
// WHERE with AND, OR, NOT and brackets, ORDER BY, LIMIT and OFFSET.
type soql struct {
	count     bool
	selected  []word
	allFields bool // FIELDS(ALL)
	from      word
	where     *predicate
	order     []ordering
	limit     int // -1 is none
	offset    int
}

// word is a token with its place, which errors point at.
type word struct {
	text   string
	column int // from 1
	kind   wordKind
}

type wordKind uint8

const (
	nameWord wordKind = iota
	stringWord
	literalWord // number, date or date/time
	markWord
	endWord
)

type ordering struct {
	path       word
	descending bool
	nullsLast  bool
}

// predicate is a node of WHERE: "and", "or" and "not" with parts, or a comparison.
type predicate struct {
	op     string
	parts  []*predicate
	path   word
	values []word
}

// queryError is what is wrong with a query, and where.
type queryError struct {
	code, message string
	column        int
}

func (e *queryError) Error() string { return e.message }

// answer points at the place in the query as Salesforce does.
func (e *queryError) answer(q string) answer {
	from := max(0, min(e.column-1-40, len(q)))
	to := min(len(q), e.column-1+20)
	context := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, q[from:max(from, to)])
	return fail(400, e.code, fmt.Sprintf("\n%s\n%s^\nERROR at Row:1:Column:%d\n%s", context, strings.Repeat(" ", max(0, e.column-1-from)), e.column, e.message))
}

// maxQuery is Salesforce's limit on the characters of a query.
const maxQuery = 100_000

// maxNesting bounds the brackets of WHERE.
const maxNesting = 50

type soqlParser struct {
	words []word
	next  int
	depth int
}

func parseSOQL(q string) (*soql, error) {
	if len(q) > maxQuery {
		return nil, &queryError{"QUERY_TOO_COMPLICATED", "the query is longer than 100,000 characters", 1}
	}
	words, err := lexSOQL(q)
	if err != nil {
		return nil, err
	}
	p := &soqlParser{words: words}
	return p.query()
}

func lexSOQL(q string) ([]word, error) {
	var words []word
	for i := 0; i < len(q); {
		c := q[i]
		start := i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '+' && i+1 < len(q) && q[i+1] == ' ':
			i++
			continue
		case c == '\'':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(q) {
					return nil, malformed(start+1, "unterminated string literal")
				}
				if q[i] == '\'' {
					break
				}
				if q[i] == '\\' && i+1 < len(q) {
					i++
					b.WriteByte(unescapeSOQL(q[i]))
					continue
				}
				b.WriteByte(q[i])
			}
			i++
			words = append(words, word{b.String(), start + 1, stringWord})
		case isNameByte(c) && !isDigitByte(c):
			for i < len(q) && (isNameByte(q[i]) || q[i] == '.') {
				i++
			}
			words = append(words, word{q[start:i], start + 1, nameWord})
		case isDigitByte(c) || (c == '-' || c == '+' || c == '.') && i+1 < len(q) && isDigitByte(q[i+1]):
			for i++; i < len(q) && (isNameByte(q[i]) || strings.IndexByte(".:+-", q[i]) >= 0); {
				i++
			}
			words = append(words, word{q[start:i], start + 1, literalWord})
		case strings.IndexByte("(),=", c) >= 0:
			i++
			words = append(words, word{q[start:i], start + 1, markWord})
		case strings.IndexByte("<>!", c) >= 0:
			if i++; i < len(q) && (q[i] == '=' || c == '<' && q[i] == '>') {
				i++
			}
			words = append(words, word{q[start:i], start + 1, markWord})
		default:
			return nil, malformed(start+1, "unexpected token: '"+string(c)+"'")
		}
	}
	return append(words, word{"<EOF>", len(q) + 1, endWord}), nil
}

func unescapeSOQL(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || isDigitByte(c)
}

func isDigitByte(c byte) bool { return '0' <= c && c <= '9' }

func malformed(column int, message string) *queryError {
	return &queryError{"MALFORMED_QUERY", message, column}
}

func (p *soqlParser) peek() word { return p.words[p.next] }

func (p *soqlParser) take() word {
	w := p.words[p.next]
	if w.kind != endWord {
		p.next++
	}
	return w
}

// accept takes the next word if it is the keyword or mark.
func (p *soqlParser) accept(text string) bool {
	w := p.peek()
	if (w.kind == nameWord || w.kind == markWord) && strings.EqualFold(w.text, text) {
		p.next++
		return true
	}
	return false
}

func (p *soqlParser) expect(text string) error {
	if p.accept(text) {
		return nil
	}
	return malformed(p.peek().column, "expecting "+text+", found '"+p.peek().text+"'")
}

func (p *soqlParser) name() (word, error) {
	w := p.take()
	if w.kind != nameWord {
		return w, malformed(w.column, "unexpected token: '"+w.text+"'")
	}
	return w, nil
}

func (p *soqlParser) query() (*soql, error) {
	q := &soql{limit: -1}
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	if err := p.selection(q); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	var err error
	if q.from, err = p.name(); err != nil {
		return nil, err
	}
	if p.accept("WHERE") {
		if q.where, err = p.or(); err != nil {
			return nil, err
		}
	}
	if p.accept("ORDER") {
		if err := p.ordering(q); err != nil {
			return nil, err
		}
	}
	if p.accept("LIMIT") {
		if q.limit, err = p.number(); err != nil {
			return nil, err
		}
	}
	if p.accept("OFFSET") {
		if q.offset, err = p.number(); err != nil {
			return nil, err
		}
	}
	if w := p.peek(); w.kind != endWord {
		return nil, malformed(w.column, "unexpected token: '"+w.text+"' (the simulator has no aggregates, sub-queries, GROUP BY or FOR clauses)")
	}
	return q, nil
}

func (p *soqlParser) selection(q *soql) error {
	for {
		w, err := p.name()
		if err != nil {
			return err
		}
		switch {
		case p.accept("("):
			if strings.EqualFold(w.text, "FIELDS") && (p.accept("ALL") || p.accept("STANDARD")) {
				q.allFields = true
			} else if !strings.EqualFold(w.text, "COUNT") || len(q.selected) > 0 {
				return malformed(w.column, "the simulator has no function "+w.text+" but COUNT() and FIELDS(ALL)")
			} else {
				q.count = true
			}
			if err := p.expect(")"); err != nil {
				return err
			}
		default:
			q.selected = append(q.selected, w)
		}
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *soqlParser) ordering(q *soql) error {
	if err := p.expect("BY"); err != nil {
		return err
	}
	for {
		w, err := p.name()
		if err != nil {
			return err
		}
		o := ordering{path: w}
		if !p.accept("ASC") && p.accept("DESC") {
			o.descending = true
		}
		if p.accept("NULLS") {
			if o.nullsLast = p.accept("LAST"); !o.nullsLast {
				if err := p.expect("FIRST"); err != nil {
					return err
				}
			}
		}
		q.order = append(q.order, o)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *soqlParser) number() (int, error) {
	w := p.take()
	n, err := strconv.Atoi(w.text)
	if w.kind != literalWord || err != nil || n < 0 {
		return 0, malformed(w.column, "expecting a number, found '"+w.text+"'")
	}
	return n, nil
}

func (p *soqlParser) or() (*predicate, error) { return p.chain("or", p.and) }

func (p *soqlParser) and() (*predicate, error) { return p.chain("and", p.unary) }

func (p *soqlParser) chain(op string, part func() (*predicate, error)) (*predicate, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	node := &predicate{op: op, parts: []*predicate{first}}
	for p.accept(op) {
		next, err := part()
		if err != nil {
			return nil, err
		}
		node.parts = append(node.parts, next)
	}
	if len(node.parts) == 1 {
		return first, nil
	}
	return node, nil
}

func (p *soqlParser) unary() (*predicate, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, malformed(p.peek().column, "the condition is nested too deeply")
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("NOT"):
		part, err := p.unary()
		return &predicate{op: "not", parts: []*predicate{part}}, err
	case p.accept("("):
		part, err := p.or()
		if err != nil {
			return nil, err
		}
		return part, p.expect(")")
	}
	return p.comparison()
}

func (p *soqlParser) comparison() (*predicate, error) {
	path, err := p.name()
	if err != nil {
		return nil, err
	}
	w := p.take()
	op := strings.ToLower(w.text)
	if op == "not" && p.accept("IN") {
		op = "not in"
	}
	if op == "<>" {
		op = "!="
	}
	node := &predicate{op: op, path: path}
	switch op {
	case "=", "!=", "<", "<=", ">", ">=", "like":
		value, err := p.value()
		node.values = []word{value}
		return node, err
	case "in", "not in", "includes", "excludes":
		if err := p.expect("("); err != nil {
			return nil, err
		}
		for {
			value, err := p.value()
			if err != nil {
				return nil, err
			}
			node.values = append(node.values, value)
			if !p.accept(",") {
				return node, p.expect(")")
			}
		}
	}
	return nil, malformed(w.column, "unexpected token: '"+w.text+"'")
}

// value takes a literal; null and booleans are names to the lexer.
func (p *soqlParser) value() (word, error) {
	w := p.take()
	if w.kind == stringWord || w.kind == literalWord {
		return w, nil
	}
	if w.kind == nameWord {
		switch strings.ToLower(w.text) {
		case "null", "true", "false":
			w.text = strings.ToLower(w.text)
			return w, nil
		}
	}
	return w, malformed(w.column, "expecting a value, found '"+w.text+"' (the simulator has no date literals such as TODAY)")
}
