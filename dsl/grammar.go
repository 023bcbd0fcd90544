package dsl

import (
	"errors"
	"io"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar, a type for each statement. Statements are parsed one at a time, so
// that a fault costs one statement and not the file. Keywords come first and tell
// the statements and clauses apart: one token of lookahead is never exceeded.

type connectionLine struct {
	Name lexer.Token `parser:"'connection' @Word"`
}

type statusLine struct { // statuses, when
	Statuses []*statusNode `parser:"('statuses' | 'when') @@ (Comma @@)*"`
}

type statusNode struct {
	Name lexer.Token `parser:"@Status"`
}

type titleLine struct { // rule, test, given
	Title lexer.Token `parser:"('rule' | 'test' | 'given') @Text"`
}

type triggerLine struct {
	Object *wordNode   `parser:"'on' ( 'outbound' 'message' @@"`
	Survey lexer.Token `parser:"      | @'survey' 'response'"`
	ID     []*wordNode `parser:"        @@* )"`
	If     *ifClause   `parser:"@@?"`
}

type wordNode struct {
	Word lexer.Token `parser:"@Word"`
}

type otherwiseLine struct {
	Head lexer.Token `parser:"@'otherwise'"`
}

type valueLine struct { // let, with
	Value *assignNode `parser:"('let' | 'with') @@"`
}

type actionLine struct {
	Kind    lexer.Token   `parser:"@('create' | 'update' | 'upsert')"`
	Object  lexer.Token   `parser:"@Word"`
	Clauses []*clauseNode `parser:"@@*"`
}

type clauseLine struct { // using, where, if, set
	Clauses []*clauseNode `parser:"@@+"`
}

type clauseNode struct {
	Head  lexer.Token   `parser:"( @'using'"`
	Using lexer.Token   `parser:"  @Word"`
	Where *whereClause  `parser:"| @@"`
	If    *ifClause     `parser:"| @@"`
	Set   *assignClause `parser:"| @@ )"`
}

type whereClause struct {
	Head  lexer.Token `parser:"@'where'"`
	Field *pathNode   `parser:"@@"`
	Value *exprNode   `parser:"Equals @@"`
}

type ifClause struct {
	Head  lexer.Token `parser:"@'if'"`
	Value *exprNode   `parser:"@@"`
}

type assignClause struct {
	Head   lexer.Token   `parser:"@'set'"`
	Fields []*assignNode `parser:"@@ (Comma? @@)*"`
}

type assignLine struct { // Field = expr, Field: text
	Fields  []*assignNode `parser:"@@ (Comma? @@)*"`
	Clauses []*clauseNode `parser:"@@*"`
}

type assignNode struct {
	Field *pathNode     `parser:"@@"`
	Text  *templateNode `parser:"( Colon @@"`
	Value *exprNode     `parser:"| Equals @@ )"`
}

type expectLine struct {
	Action *actionLine `parser:"'expect' ( @@"`
	Word   lexer.Token `parser:"| @('nothing' | 'skipped' | 'failed')"`
	Cause  lexer.Token `parser:"  @Word? )"`
}

// pathNode, exprNode and templateNode are runs of tokens, first to last, counted
// from 1 in the statement. What is in them is read later.
type (
	pathNode     struct{ first, last int }
	exprNode     struct{ first, last int }
	templateNode struct{ first, last int }
)

func (n *pathNode) Parse(lex *lexer.PeekingLexer) error {
	if Kind(lex.Peek().Type) != KindName {
		return participle.NextMatch
	}
	n.first, n.last = eat(lex, 1<<KindName|1<<KindMember)
	return nil
}

const exprKinds = 1<<KindIdent | 1<<KindMember | 1<<KindNumber | 1<<KindString | 1<<KindBadString |
	1<<KindOpen | 1<<KindClose | 1<<KindOperator | 1<<KindIllegal

func (n *exprNode) Parse(lex *lexer.PeekingLexer) error {
	n.first, n.last = eat(lex, exprKinds)
	return nil
}

func (n *templateNode) Parse(lex *lexer.PeekingLexer) error {
	n.first, n.last = eat(lex, exprKinds|1<<KindText|1<<KindOpenBrace|1<<KindCloseBrace)
	return nil
}

// eat takes the tokens of some kinds. Of none at all, it returns the place where
// they should have been: first is then last+1.
func eat(lex *lexer.PeekingLexer, kinds uint32) (first, last int) {
	first = lex.Peek().Pos.Line
	last = first - 1
	for t := lex.Peek(); !t.EOF() && kinds>>Kind(t.Type)&1 != 0; t = lex.Peek() {
		last++
		lex.Next()
		if kinds&(1<<KindName) != 0 {
			kinds &^= 1 << KindName // the next field's name is not part of this path
		}
	}
	return first, last
}

// definition tells participle the names of the kinds of token.
type definition struct{}

func (definition) Symbols() map[string]lexer.TokenType {
	symbols := map[string]lexer.TokenType{"EOF": lexer.EOF}
	for k := range numKinds {
		symbols[k.String()] = lexer.TokenType(k)
	}
	return symbols
}

func (definition) Lex(string, io.Reader) (lexer.Lexer, error) {
	return nil, errors.New("statements are lexed by package dsl")
}

func grammar[G any]() *participle.Parser[G] {
	return participle.MustBuild[G](participle.Lexer(definition{}), participle.UseLookahead(0))
}

var (
	connectionGrammar = grammar[connectionLine]()
	statusGrammar     = grammar[statusLine]()
	titleGrammar      = grammar[titleLine]()
	triggerGrammar    = grammar[triggerLine]()
	otherwiseGrammar  = grammar[otherwiseLine]()
	valueGrammar      = grammar[valueLine]()
	actionGrammar     = grammar[actionLine]()
	clauseGrammar     = grammar[clauseLine]()
	assignGrammar     = grammar[assignLine]()
	expectGrammar     = grammar[expectLine]()
)

// parseTokens parses the tokens of a statement, from index `from` on. It returns
// what could be read and the index of the token that did not fit, which is the
// number of tokens if one is missing at the end, or -1 if all is well.
func parseTokens[G any](g *participle.Parser[G], st *statement, from int) (*G, int) {
	lex, err := lexer.Upgrade(&tokenLexer{st: st, next: from})
	if err != nil {
		return new(G), from
	}
	node, err := g.ParseFromLexer(lex, participle.AllowTrailing(true))
	var perr participle.Error
	switch {
	case errors.As(err, &perr):
		return node, perr.Position().Line - 1
	case err != nil:
		return node, from
	case !lex.Peek().EOF():
		return node, lex.Peek().Pos.Line - 1
	}
	return node, -1
}

// tokenLexer hands a statement's tokens to participle. The line of a position is
// the number of the token in its statement.
type tokenLexer struct {
	st   *statement
	next int
}

func (l *tokenLexer) Next() (lexer.Token, error) {
	pos := lexer.Position{Line: l.next + 1}
	if l.next == len(l.st.tokens) {
		return lexer.EOFToken(pos), nil
	}
	t := l.st.tokens[l.next]
	l.next++
	value := l.st.src.Slice(t.Span)
	if t.Kind == KindNearMiss {
		t.Kind, value = KindKeyword, l.st.keyword(t)
	}
	return lexer.Token{Type: lexer.TokenType(t.Kind), Value: value, Pos: pos}, nil
}
