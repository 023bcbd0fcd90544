package outbound

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// plain reads the tokens that nearly all of a message consists of: tags with ASCII
// names and no attributes, and text without markup. It leaves everything else, and
// whatever is wrong, to the decoder, which is slower by far since it takes bytes one at a
// time. The decoder must hold nothing back.
func (s *scanner) plain() (tok token, ok bool, err error) {
	if len(s.open) == 0 {
		return 0, false, nil
	}
	rest := s.source.body[s.source.at:]
	switch {
	case len(rest) == 0:
		return 0, false, nil
	case rest[0] != '<':
		n := bytes.IndexByte(rest, '<')
		if n < 0 || !plainText(rest[:n]) {
			return 0, false, nil
		}
		s.text = rest[:n]
		s.source.at += n
		return tokenText, true, nil
	case len(rest) > 1 && rest[1] == '/':
		top := s.open[len(s.open)-1]
		n := len("</") + len(top)
		if len(rest) <= n || rest[n] != '>' || string(rest[2:n]) != top {
			return 0, false, nil
		}
		s.source.at += n + 1
		return tokenEnd, true, s.end(top)
	}
	n := bytes.IndexByte(rest, '>')
	if n < 0 || n > 256 || !plainName(rest[1:n]) {
		return 0, false, nil
	}
	written := string(rest[1:n])
	prefix, local, found := strings.Cut(written, ":")
	if !found {
		prefix, local = "", written
	}
	s.source.at += n + 1
	return tokenStart, true, s.start(xml.Name{Space: prefix, Local: local}, written, nil)
}

// plainText reports whether text is what it stands for: it has no references, no
// line ends to change, and nothing that XML may not hold.
func plainText(text []byte) bool {
	for _, c := range text {
		// 0xEF begins U+FFFE and U+FFFF, and "]" may begin "]]>".
		if c < ' ' && c != '\n' && c != '\t' || c == '&' || c == ']' || c == 0xEF {
			return false
		}
	}
	return true
}

// plainName reports whether name is ASCII letters, digits and underscores, with at
// most one colon, each part beginning with a letter.
func plainName(name []byte) bool {
	first, colon := true, false
	for _, c := range name {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			first = false
		case !first && ('0' <= c && c <= '9' || c == '_'):
		case !first && !colon && c == ':':
			first, colon = true, true
		default:
			return false
		}
	}
	return !first
}
