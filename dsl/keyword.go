package dsl

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The keywords, by where they may stand.
var (
	lineKeywords = []string{
		"connection", "statuses", "rule", "on", "when", "otherwise", "let", "create", "update", "upsert",
		"using", "where", "if", "set", "test", "given", "with", "expect",
	}
	clauseKeywords = []string{"using", "where", "if", "set"}
	actionKeywords = []string{"create", "update", "upsert"}
	expectWords    = []string{"create", "update", "upsert", "nothing", "skipped", "failed"}
)

// otherLanguages are words that people know from elsewhere for what a keyword does.
var otherLanguages = map[string]string{"else": "otherwise", "default": "otherwise", "insert": "create"}

// nearMiss returns the keyword that a word was surely meant for. The two differ in
// case, or by a slip of the finger in a word long enough to tell.
func nearMiss(word string, keywords []string) (string, bool) {
	lower := strings.ToLower(word)
	if k, ok := otherLanguages[lower]; ok && slices.Contains(keywords, k) {
		return k, true
	}
	if slices.Contains(keywords, lower) {
		return lower, true
	}
	if len(word) < 4 || strings.Contains(word, "__") {
		return "", false
	}
	k, ok := Suggest(word, keywords)
	if word[0] >= 'A' && word[0] <= 'Z' && distance([]rune(lower), []rune(k), 1) > 1 {
		return "", false // a field: `Status` is not `statuses`
	}
	return k, ok
}

// keywordAt returns the keyword that a text begins with, or "". A word that goes on
// as a path, such as `set.size`, is no keyword.
func keywordAt(text string, keywords []string) string {
	w := text[:identLen(text)]
	if len(w) < 2 || !slices.Contains(keywords, w) || memberLen(text[len(w):]) > 0 {
		return ""
	}
	return w
}

// operatorWords are the words that are operators in an expression.
var operatorWords = []string{"and", "or", "not", "in", "contains", "matches", "startsWith", "endsWith", "let"}

func isIdentStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

func isIdentPart(r rune) bool { return isIdentStart(r) || unicode.IsDigit(r) }

// identLen returns the length of the identifier that a text begins with, or 0.
func identLen(text string) int {
	for i, r := range text {
		if !isIdentPart(r) || i == 0 && !isIdentStart(r) {
			return i
		}
	}
	return len(text)
}

// memberLen returns the length of the `.name` or `?.name` that a text begins with, or 0.
func memberLen(text string) int {
	dot := 0
	if strings.HasPrefix(text, "?.") {
		dot = 2
	} else if strings.HasPrefix(text, ".") {
		dot = 1
	}
	if dot == 0 {
		return 0
	}
	if n := identLen(text[dot:]); n > 0 {
		return dot + n
	}
	return 0
}

// indexLen returns the length of the `["a name"]` or `[0]` that a text begins with, or 0.
func indexLen(text string) int {
	if !strings.HasPrefix(text, "[") || len(text) < 3 {
		return 0
	}
	n := 1
	if text[1] == '"' || text[1] == '\'' {
		kind, m := stringToken(text[1:lineEnd(text, 0)])
		if kind != KindString {
			return 0
		}
		n += m
	} else {
		for n < len(text) && text[n] >= '0' && text[n] <= '9' {
			n++
		}
	}
	if n == 1 || n == len(text) || text[n] != ']' {
		return 0
	}
	return n + 1
}

// stepLen returns the length of the `.name`, `["a name"]` or `[0]` that a text begins with, or 0.
func stepLen(text string) int {
	if n := memberLen(text); n > 0 {
		return n
	}
	return indexLen(text)
}

// pathLen returns the length of the path (`A`, `A__r.B__c`) that a text begins with, or 0.
func pathLen(text string) int {
	n := identLen(text)
	for n > 0 {
		m := memberLen(text[n:])
		if m == 0 {
			break
		}
		n += m
	}
	return n
}

// blankLen returns the length of the blanks that a text begins with, line breaks excluded.
func blankLen(text string) int {
	for i, r := range text {
		if r == '\n' || r == '\r' || !unicode.IsSpace(r) {
			return i
		}
	}
	return len(text)
}

// assigns reports whether a text begins with a path and `=`, or with a path and `:`.
func assigns(text string) (equals, colon bool) {
	n := pathLen(text)
	if n == 0 {
		return false, false
	}
	text = text[n:]
	text = text[blankLen(text):]
	return isEquals(text), strings.HasPrefix(text, ":") && !strings.HasPrefix(text, "::")
}

// isEquals reports whether a text begins with a single `=`.
func isEquals(text string) bool {
	return strings.HasPrefix(text, "=") && !strings.HasPrefix(text, "==")
}

// isStatic reports whether what follows an `=` is surely text and no expression: a
// word, and after it another word, a colon or a brace, as in `Invitation Sent`.
func isStatic(text string) bool {
	i := 0
	for {
		n := 0
		for _, r := range text[i:] {
			if !isIdentPart(r) {
				break
			}
			n += utf8.RuneLen(r)
		}
		i += n
		if n == 0 || slices.Contains(operatorWords, text[i-n:i]) {
			return false
		}
		if i+1 < len(text) && strings.IndexByte("-/&'", text[i]) >= 0 {
			i++
			continue
		}
		break
	}
	blanks := blankLen(text[i:])
	rest := text[i+blanks:]
	if strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, "::") || strings.HasPrefix(rest, "{") {
		return true
	}
	word := rest[:identLen(rest)]
	if blanks == 0 || word == "" || slices.Contains(operatorWords, word) || slices.Contains(clauseKeywords, strings.ToLower(word)) {
		return false
	}
	equals, colon := assigns(rest) // `A = b C = d`: a comma is missing
	return !equals && !colon
}
