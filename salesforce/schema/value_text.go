package schema

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func (f *Field) appendText(dst []byte, v Value) ([]byte, *ValueError) {
	// Salesforce trims text and stores an empty one as null.
	trimmed := strings.TrimSpace(v.Text)
	if trimmed == "" {
		if !f.Nillable {
			return dst, f.err(NotNillable, "cannot be empty, and an empty text counts as empty", "give a default, for example with ??")
		}
		return append(dst, `""`...), nil
	}
	if bad := f.checkLength(trimmed); bad != nil {
		return dst, bad
	}
	if f.Type == TypeEmail && !plausibleEmail(trimmed) {
		return dst, f.err(BadEmail, "takes an e-mail address, which "+show(v)+" is not", "")
	}
	return AppendJSONString(dst, v.Text), nil
}

func (f *Field) checkLength(s string) *ValueError {
	if f.Length == 0 || len(s) <= f.Length {
		return nil
	}
	n := utf8.RuneCountInString(s)
	if n <= f.Length {
		return nil
	}
	return f.err(TooLong,
		fmt.Sprintf("holds %d characters and the text has %d: %s", f.Length, n, showText(s)),
		fmt.Sprintf("cut it with truncate(..., %d)", f.Length))
}

// plausibleEmail refuses what no mail system takes. Salesforce's own check is
// finer, so what passes here can still come back as INVALID_EMAIL_ADDRESS.
func plausibleEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.ContainsAny(s, " \t\r\n,;<>()\"") || strings.Contains(domain, "@") {
		return false
	}
	if !strings.Contains(domain, ".") || strings.Contains(domain, "..") {
		return false
	}
	return domain[0] != '.' && domain[len(domain)-1] != '.' && domain[0] != '-'
}

func (f *Field) appendBase64(dst []byte, v Value) ([]byte, *ValueError) {
	if v.Kind != KindText {
		return dst, f.wrongType(v, "")
	}
	body := strings.TrimRight(v.Text, "=")
	ok := len(v.Text)%4 == 0 && len(v.Text)-len(body) <= 2
	for i := 0; ok && i < len(body); i++ {
		c := body[i]
		ok = isLetter(c) || isDigit(c) || c == '+' || c == '/'
	}
	if !ok {
		return dst, f.err(WrongType, "takes base64, which "+show(v)+" is not", "")
	}
	return AppendJSONString(dst, v.Text), nil
}
