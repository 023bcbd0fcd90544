package outbound

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The limits of what is read. Real messages stay far below them.
const (
	// MaxBody is the size of the largest body, in bytes, unless the caller says
	// otherwise. A hundred notifications of thirty fields are about 200 kB.
	MaxBody = 1 << 20
	// MaxNotifications is how many notifications Salesforce puts into a message at most.
	MaxNotifications = 100
	// MaxFields is the greatest number of fields of one notification.
	MaxFields = 1000

	maxDepth      = 32   // open elements; a message needs 6
	maxAttributes = 1000 // of one element
	maxNamespaces = 64   // declarations in force at one place
)

// A scanner reads a body token by token. Of encoding/xml it uses the tokens alone:
// it resolves prefixes, matches tags and keeps limits itself, because the decoder
// accepts a DOCTYPE, a second root, undeclared prefixes and any depth, and does not
// tell which namespace a prefix inside of a value stands for.
type scanner struct {
	body       []byte
	dec        *xml.Decoder
	open       []xml.Name // open elements as written: prefix and local name
	namespaces []namespace
	rooted     bool // the root has been opened
	secret     bool // inside of the session id: repeat nothing of it

	// The current token.
	name xml.Name // of a start: namespace and local name
	attr []xml.Attr
	text []byte // valid until the next token

	buf []byte // of content
}

type token uint8

const (
	tokenEnd   token = iota
	tokenStart       // name and attr are set
	tokenText        // text is set
	tokenEOF         // after the root's end
)

// newScanner reads the whole of r, at most limit bytes of it. Its error is a
// *Refusal, or what reading failed with.
func newScanner(r io.Reader, limit int) (*scanner, error) {
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(io.LimitReader(r, int64(limit)+1)); err != nil {
		return nil, fmt.Errorf("cannot read the message: %w", err)
	}
	body := buf.Bytes()
	if len(body) > limit {
		return nil, &Refusal{Kind: TooLarge, Reason: fmt.Sprintf("the body is longer than %d bytes", limit)}
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !utf8.Valid(body) {
		return nil, &Refusal{Kind: WrongCharset, Reason: "the body is not UTF-8"}
	}
	s := &scanner{body: body, dec: xml.NewDecoder(bytes.NewReader(body))}
	s.dec.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, s.refuse(WrongCharset, "the charset is declared as %q, and only UTF-8 is taken", clip(charset))
	}
	return s, nil
}

// next reads one token. Comments are passed over, so that text around one comes in
// two tokens.
func (s *scanner) next() (token, error) {
	for {
		if err := s.check(); err != nil {
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
			return tokenStart, s.start(t)
		case xml.EndElement:
			return tokenEnd, s.end(t)
		case xml.CharData:
			if len(s.open) > 0 {
				s.text = t
				return tokenText, nil
			}
			if !blank(t) {
				return 0, s.refuse(NotXML, "there is text outside of the XML document")
			}
		}
	}
}

// check looks at the bytes of the token to come, because the decoder would first
// take it in whole.
func (s *scanner) check() error {
	at := s.dec.InputOffset()
	rest := s.body[at:]
	if len(rest) < 2 || rest[0] != '<' {
		return nil
	}
	switch rest[1] {
	case '/':
		return nil
	case '!':
		if bytes.HasPrefix(rest, []byte("<!--")) || bytes.HasPrefix(rest, []byte("<![")) {
			return nil
		}
		return s.refuse(Forbidden, "a DOCTYPE or another declaration is not taken")
	case '?':
		if at == 0 && len(rest) > 5 && bytes.HasPrefix(rest, []byte("<?xml")) && (rest[5] == '?' || blank(rest[5:6])) {
			return nil
		}
		return s.refuse(Forbidden, "a processing instruction is not taken")
	}
	attributes, quote := 0, byte(0)
	for _, c := range rest {
		switch {
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

func (s *scanner) start(t xml.StartElement) error {
	switch {
	case s.rooted && len(s.open) == 0:
		return s.refuse(Unexpected, "there is a second document after the first")
	case s.secret:
		return s.refuse(Unexpected, "")
	case len(s.open) == maxDepth:
		return s.refuse(TooLarge, "elements are nested more than %d deep", maxDepth)
	}
	s.rooted = true
	s.open = append(s.open, t.Name)
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			if err := s.declare(a.Name.Local, a.Value); err != nil {
				return err
			}
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			if err := s.declare("", a.Value); err != nil {
				return err
			}
		}
	}
	uri, err := s.resolve(t.Name.Space)
	if err != nil {
		return err
	}
	s.name, s.attr = xml.Name{Space: uri, Local: t.Name.Local}, t.Attr
	return nil
}

func (s *scanner) end(t xml.EndElement) error {
	if len(s.open) == 0 {
		return s.refuse(NotXML, "the end tag %s ends nothing", written(t.Name))
	}
	top := len(s.open) - 1
	if s.open[top] != t.Name {
		return s.refuse(NotXML, "the end tag %s stands where %s must end", written(t.Name), written(s.open[top]))
	}
	s.open = s.open[:top]
	for n := len(s.namespaces); n > 0 && s.namespaces[n-1].depth > top; n = len(s.namespaces) {
		s.namespaces = s.namespaces[:n-1]
	}
	return nil
}

// children calls each for every child of the element that was just started, with
// the child as the current start; each must read past the child's end.
func (s *scanner) children(each func() error) error {
	for {
		tok, err := s.next()
		switch {
		case err != nil:
			return err
		case tok == tokenEnd:
			return nil
		case tok == tokenText:
			if !blank(s.text) {
				return s.refuse(Unexpected, "there is text where only elements can be")
			}
		default:
			if err := each(); err != nil {
				return err
			}
		}
	}
}

// skip reads past the end of the element that was just started.
func (s *scanner) skip() error {
	for depth := 1; depth > 0; {
		tok, err := s.next()
		if err != nil {
			return err
		}
		switch tok {
		case tokenStart:
			depth++
		case tokenEnd:
			depth--
		}
	}
	return nil
}

// content returns the text of the element that was just started and reads past its end.
func (s *scanner) content() (string, error) {
	s.buf = s.buf[:0]
	for {
		tok, err := s.next()
		switch {
		case err != nil:
			return "", err
		case tok == tokenStart:
			return "", s.refuse(Unexpected, "there is an element where only text can be")
		case tok == tokenEnd:
			return string(s.buf), nil
		}
		s.buf = append(s.buf, s.text...)
	}
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
	r.Line, r.Column = s.dec.InputPos()
	names := make([]string, len(s.open))
	for i, n := range s.open {
		names[i] = written(n)
	}
	r.Path = strings.Join(names, "/")
	return r
}

func written(n xml.Name) string {
	if n.Space == "" {
		return clip(n.Local)
	}
	return clip(n.Space + ":" + n.Local)
}

func blank(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
