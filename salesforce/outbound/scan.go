package outbound

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A scanner reads a body token by token. Of encoding/xml it uses the tokens alone:
// it resolves prefixes, matches tags and keeps limits itself, because the decoder
// accepts a DOCTYPE, a second root, undeclared prefixes and any depth, and does not
// tell which namespace a prefix inside of a value stands for.
type scanner struct {
	source     source
	dec        *xml.Decoder // reads from source; nil until it is needed
	open       []string     // names of the open elements as written
	namespaces []namespace
	rooted     bool // the root has been opened
	closing    bool // the decoder owes the end of an empty element
	empty      bool // the element just started is one, and plain owes its end
	strict     bool // leave everything to the decoder
	secret     bool // inside of the session id: repeat nothing of it

	// The current token.
	name xml.Name   // of a start: namespace and local name
	attr []xml.Attr // valid until the next token
	text string

	last []Field // of a record; none is there twice
}

type token uint8

const (
	tokenEnd   token = iota
	tokenStart       // name and attr are set
	tokenText        // text is set
	tokenEOF         // after the root's end
)

// next reads one token. Comments are passed over, so that text around one comes in
// two tokens.
func (s *scanner) next() (token, error) {
	for {
		held := s.held()
		if !held && !s.closing && !s.strict {
			if tok, ok, err := s.plain(); ok || err != nil {
				return tok, err
			}
		}
		if s.dec == nil {
			s.dec = xml.NewDecoder(&s.source)
			s.dec.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
				return nil, s.refuse(WrongCharset, "the charset is declared as %q, and only UTF-8 is taken", clip(charset))
			}
		}
		if err := s.check(held); err != nil {
			return 0, err
		}
		tok, err := s.dec.RawToken()
		if err != nil {
			if err == io.EOF && s.rooted && len(s.open) == 0 {
				return tokenEOF, nil
			}
			return 0, s.broken(err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			s.closing = s.source.body[s.source.at-2] == '/'
			return tokenStart, s.start(t.Name, written(t.Name), t.Attr)
		case xml.EndElement:
			s.closing = false
			return tokenEnd, s.end(written(t.Name))
		case xml.CharData:
			if len(s.open) > 0 {
				s.text = string(t)
				return tokenText, nil
			}
			if !blank(string(t)) {
				return 0, s.refuse(NotXML, "there is text outside of the XML document")
			}
		}
	}
}

// held reports whether the decoder has read the first byte of the token to come.
func (s *scanner) held() bool {
	return s.dec != nil && s.dec.InputOffset() != s.source.fed
}

// check looks at the bytes of the token to come, because the decoder would first
// take it in whole.
func (s *scanner) check(held bool) error {
	at := s.source.at
	if held {
		at--
	}
	rest := s.source.body[at:]
	if len(rest) < 2 || rest[0] != '<' {
		return nil
	}
	switch rest[1] {
	case '/':
		return nil
	case '!':
		if strings.HasPrefix(rest, "<!--") || strings.HasPrefix(rest, "<![") {
			return nil
		}
		return s.refuse(Forbidden, "a DOCTYPE or another declaration is not taken")
	case '?':
		if at == 0 && len(rest) > 5 && strings.HasPrefix(rest, "<?xml") && (rest[5] == '?' || blank(rest[5:6])) {
			return nil
		}
		return s.refuse(Forbidden, "a processing instruction is not taken")
	}
	attributes, quote := 0, byte(0)
	for i := range len(rest) {
		switch c := rest[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return nil
		case c == '=':
			if attributes++; attributes > maxAttributes {
				return s.refuse(TooLarge, "an element has more than %d attributes", maxAttributes)
			}
		}
	}
	return nil
}

func (s *scanner) start(name xml.Name, written string, attr []xml.Attr) error {
	switch {
	case s.secret:
		return s.refuse(Unexpected, "")
	case s.rooted && len(s.open) == 0:
		return s.refuse(Unexpected, "there is a second document after the first")
	case len(s.open) == maxDepth:
		return s.refuse(TooLarge, "elements are nested more than %d deep", maxDepth)
	}
	s.rooted = true
	s.open = append(s.open, written)
	for _, a := range attr {
		var err error
		switch {
		case a.Name.Space == "xmlns":
			err = s.declare(a.Name.Local, a.Value)
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			err = s.declare("", a.Value)
		}
		if err != nil {
			return err
		}
	}
	uri, err := s.resolve(name.Space)
	if err != nil {
		return err
	}
	s.name, s.attr = xml.Name{Space: uri, Local: name.Local}, attr
	return nil
}

func (s *scanner) end(written string) error {
	if len(s.open) == 0 {
		return s.refuse(NotXML, "the end tag %s ends nothing", clip(written))
	}
	top := len(s.open) - 1
	if s.open[top] != written {
		return s.refuse(NotXML, "the end tag %s stands where %s must end", clip(written), clip(s.open[top]))
	}
	s.open = s.open[:top]
	for n := len(s.namespaces); n > 0 && s.namespaces[n-1].depth > top; n = len(s.namespaces) {
		s.namespaces = s.namespaces[:n-1]
	}
	return nil
}

// broken turns an error of the decoder into a refusal.
func (s *scanner) broken(err error) error {
	var refused *Refusal
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &refused):
		return refused
	case err == io.EOF && !s.rooted:
		return s.refuse(NotXML, "there is no XML in the body")
	case err == io.EOF:
		return s.refuse(NotXML, "the body ends before the message does")
	case errors.As(err, &syntax):
		return s.refuse(NotXML, "the XML is broken: %s", clip(syntax.Msg))
	}
	return s.refuse(NotXML, "%s", clip(strings.TrimPrefix(err.Error(), "xml: ")))
}

// refuse says why at the place that was read last.
func (s *scanner) refuse(kind Kind, format string, args ...any) *Refusal {
	r := &Refusal{Kind: kind, Reason: fmt.Sprintf(format, args...)}
	if s.secret {
		r.Reason = "the session id is broken"
	}
	r.Line, r.Column = s.source.position()
	names := make([]string, len(s.open))
	for i, n := range s.open {
		names[i] = clip(n)
	}
	r.Path = strings.Join(names, "/")
	return r
}

func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func blank(text string) bool { return trimBlank(text) == "" }

// trimBlank returns text without the blanks before it.
func trimBlank(text string) string {
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return text[i:]
		}
	}
	return ""
}
