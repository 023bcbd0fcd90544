package dsl

import "slices"

// Code names a kind of diagnostic: S and three digits. The first digit is the
// group: 0 text, 1 names, 2 schema, 3 safety, 4 style. A code that was released
// is never used for anything else.
type Code string

// CodeInfo is what `sfsync explain` prints of a code. The examples are run by a
// test: Bad yields exactly this code and Good yields nothing.
type CodeInfo struct {
	Code        Code
	Title       string
	Explanation string
	Bad         string // a whole rule file, or several separated by lines `-- name --`
	Good        string
}

// codes is the one table of codes, in order; each group has a file of its own.
var codes = slices.Concat(textCodes, nameCodes, schemaCodes, safetyCodes, styleCodes)

// Explain returns what is known of a code.
func Explain(code Code) (CodeInfo, bool) {
	i := slices.IndexFunc(codes, func(c CodeInfo) bool { return c.Code == code })
	if i < 0 {
		return CodeInfo{}, false
	}
	return codes[i], true
}

// Codes returns every code in order.
func Codes() []CodeInfo { return slices.Clone(codes) }
