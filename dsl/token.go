package dsl

// Token is a piece of a rule file's text. The tokens of a file cover it from the
// first byte to the last, without gaps.
type Token struct {
	Kind Kind
	Span
}

// Kind says what a token is.
type Kind uint8

// The kinds of token. The lexer knows from the statement what a stretch of text
// is, so that a comma can be one thing in `Field: text` and another in `when`.
const (
	KindBlank      Kind = iota // blanks and tabs
	KindEOL                    // the line break that ends a statement, or an empty line
	KindWrap                   // a line break within brackets: the statement goes on
	KindComment                // from `#` to the end of the line
	KindKeyword                // a keyword where a keyword may stand
	KindNearMiss               // a word that was surely meant for a keyword: `Update`
	KindWord                   // a bare word of a statement: an object, a survey id, `outbound`
	KindName                   // a field on the left of `=` or `:`, or its relationship
	KindIdent                  // in an expression: a word, such as the first of a path
	KindMember                 // a further name of a path, on either side: `.nps` or `?.nps`
	KindEquals                 // the `=` that gives a value
	KindColon                  // the `:` that gives a text
	KindComma                  // a comma between statuses or assignments
	KindText                   // plain text: a title, a file, the text of a template
	KindStatus                 // one status of `when` or `statuses`
	KindOpenBrace              // the `{` of an expression within text
	KindCloseBrace             // the `}` of an expression within text
	KindNumber                 // in an expression
	KindString                 // in an expression: "…", '…' or `…`
	KindBadString              // a string that does not end on its line
	KindOpen                   // ( [ or { in an expression
	KindClose                  // ) ] or } in an expression
	KindOperator               // anything else that an expression may consist of
	KindIllegal                // what no statement can hold
	numKinds
)

var kindNames = [numKinds]string{
	"Blank", "EOL", "Wrap", "Comment", "Keyword", "NearMiss", "Word", "Name", "Ident", "Member", "Equals", "Colon", "Comma",
	"Text", "Status", "OpenBrace", "CloseBrace", "Number", "String", "BadString", "Open", "Close", "Operator", "Illegal",
}

// String returns the name of the kind.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "unknown kind"
}
