package outbound

import (
	"encoding/xml"
	"strings"
)

// plain reads the tokens that nearly all of a message consists of, as slices of the
// body: tags and attributes with ASCII names, and text with no markup but the five
// references that XML has of itself. It leaves everything else, and whatever is wrong,
// to the decoder, which is slower by far since it takes bytes one at a time. The decoder
// must hold nothing back.
func (s *scanner) plain() (tok token, ok bool, err error) {
	if s.empty {
		s.empty = false
		return tokenEnd, true, s.end(s.open[len(s.open)-1])
	}
	if len(s.open) == 0 && s.outside() {
		return tokenEOF, true, nil
	}
	rest := s.source.body[s.source.at:]
	switch {
	case len(rest) < 2:
		return 0, false, nil
	case rest[0] != '<':
		if len(s.open) == 0 {
			return 0, false, nil
		}
		n := strings.IndexByte(rest, '<')
		if n < 0 {
			return 0, false, nil
		}
		if s.text, ok = plainText(rest[:n]); !ok {
			return 0, false, nil
		}
		s.source.at += n
		return tokenText, true, nil
	case rest[1] == '/':
		if len(s.open) == 0 {
			return 0, false, nil
		}
		top := s.open[len(s.open)-1]
		n := len("</") + len(top)
		if len(rest) <= n || rest[n] != '>' || rest[2:n] != top {
			return 0, false, nil
		}
		s.source.at += n + 1
		return tokenEnd, true, s.end(top)
	}
	n := strings.IndexByte(rest[:min(len(rest), maxPlainTag)], '>')
	if n < 0 {
		return 0, false, nil
	}
	tag, empty := strings.CutSuffix(rest[1:n], "/")
	s.attr = s.attr[:0]
	if i := strings.IndexByte(tag, ' '); i >= 0 {
		if s.attr, ok = plainAttributes(s.attr, tag[i:]); !ok {
			return 0, false, nil
		}
		tag = tag[:i]
	}
	name, ok := plainName(tag)
	if !ok {
		return 0, false, nil
	}
	s.source.at += n + 1
	s.empty = empty
	return tokenStart, true, s.start(name, tag, s.attr)
}

// maxPlainTag bounds in bytes how far a tag is looked at twice.
const maxPlainTag = 1024

// declaration is how Salesforce's messages begin.
const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

// outside passes over what means nothing before and after the root, and reports
// whether the body is over as it should be.
func (s *scanner) outside() bool {
	rest := s.source.body[s.source.at:]
	if s.source.at == 0 {
		rest = strings.TrimPrefix(rest, declaration)
	}
	rest = trimBlank(rest)
	s.source.at = len(s.source.body) - len(rest)
	return rest == "" && s.rooted
}

// plainName splits a name of ASCII letters, digits and underscores with at most one
// colon, each part beginning with a letter.
func plainName(text string) (name xml.Name, ok bool) {
	first, colon := true, -1
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			first = false
		case !first && ('0' <= c && c <= '9' || c == '_'):
		case !first && colon < 0 && c == ':':
			first, colon = true, i
		default:
			return xml.Name{}, false
		}
	}
	if colon >= 0 {
		name.Space = text[:colon]
	}
	name.Local = text[colon+1:]
	return name, !first
}

// plainAttributes appends the attributes of a tag, whose names are plain and whose
// values are ASCII without references.
func plainAttributes(dst []xml.Attr, text string) ([]xml.Attr, bool) {
	for {
		trimmed := trimBlank(text)
		if trimmed == "" {
			return dst, true
		}
		written, rest, found := strings.Cut(trimmed, "=")
		if !found || rest == "" || rest[0] != '"' && rest[0] != '\'' || len(trimmed) == len(text) || len(dst) == maxAttributes {
			return dst, false
		}
		name, ok := plainName(written)
		if !ok {
			return dst, false
		}
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return dst, false
		}
		value := rest[1 : 1+end]
		for i := range len(value) {
			if c := value[i]; c < ' ' || c > '~' || c == '&' || c == '<' {
				return dst, false
			}
		}
		dst = append(dst, xml.Attr{Name: name, Value: value})
		text = rest[end+2:]
	}
}

// plainFields appends the fields that come next, as long as they are an element each
// with plain text, no attributes and the prefix of their record, colon and all.
func (s *scanner) plainFields(dst []Field, prefix string) []Field {
	if s.strict || s.held() {
		return dst
	}
	for len(dst) < MaxFields {
		rest := trimBlank(s.source.body[s.source.at:])
		end := strings.IndexByte(rest[:min(len(rest), maxPlainTag)], '>')
		if end < 0 || rest[0] != '<' || !strings.HasPrefix(rest[1:], prefix) {
			break
		}
		tag, rest := rest[1:end], rest[end+1:]
		name := tag[min(len(prefix), len(tag)):]
		if !isName(name) || name == "Id" || name == "fieldsToNull" {
			break
		}
		n := strings.IndexByte(rest, '<')
		if n < 0 {
			break
		}
		value, ok := plainText(rest[:n])
		rest = rest[n+1:]
		if !ok || len(rest) < len(tag)+2 || rest[0] != '/' || rest[1:1+len(tag)] != tag || rest[1+len(tag)] != '>' {
			break
		}
		dst = append(dst, Field{Name: name, Value: value})
		s.source.at = len(s.source.body) - len(rest) + len(tag) + 2
	}
	return dst
}

// special marks the bytes of text that may not stand for themselves: controls,
// references, and those that may begin U+FFFE, U+FFFF and "]]>".
var special = func() (t [256]bool) {
	for c := range ' ' {
		t[c] = c != '\n' && c != '\t'
	}
	t['&'], t[']'], t[0xEF] = true, true, true
	return t
}()

// plainText returns what a text without tags stands for.
func plainText(text string) (string, bool) {
	for i := range len(text) {
		if special[text[i]] {
			return plainReferences(text, i)
		}
	}
	return text, true
}

// plainReferences is plainText for a text whose first special byte is at from.
func plainReferences(text string, from int) (string, bool) {
	var out []byte
	copied := 0
	for i := from; i < len(text); i++ {
		if !special[text[i]] {
			continue
		}
		rest := text[i:]
		switch {
		case rest[0] == ']' && !strings.HasPrefix(rest, "]]>"):
		case rest[0] == 0xEF && !strings.HasPrefix(rest, "\uFFFE") && !strings.HasPrefix(rest, "\uFFFF"):
		case rest[0] == '&':
			c, n := reference(rest)
			if n == 0 {
				return "", false
			}
			out = append(append(out, text[copied:i]...), c)
			i += n - 1
			copied = i + 1
		default:
			return "", false
		}
	}
	if copied == 0 {
		return text, true
	}
	return string(append(out, text[copied:]...)), true
}

// reference returns the character that the reference at the start of text stands for,
// and the reference's length; 0 if it is not one of XML's own five.
func reference(text string) (c byte, n int) {
	for _, r := range [...]struct {
		text string
		char byte
	}{{"&amp;", '&'}, {"&apos;", '\''}, {"&quot;", '"'}, {"&lt;", '<'}, {"&gt;", '>'}} {
		if strings.HasPrefix(text, r.text) {
			return r.char, len(r.text)
		}
	}
	return 0, 0
}
