package intake

import (
	"bufio"
	"bytes"
	"io"
)

// A splitter cuts a stream into the JSON values at its top, or in the lists at its
// top. It looks only at brackets, quotes and line ends; whether a value is JSON is
// for the caller to find out.
//
// What is never closed must not swallow the events behind it, so two things end a
// value early, though JSON would allow the second: a line end inside of a string, and
// a line that begins with `{`. That is how a truncated line costs no other.
type splitter struct {
	r      *bufio.Reader
	max    int  // bytes of a value that are kept; one more tells that it is too long
	line   int  // of the next byte, from 1
	start  bool // the next byte begins a line
	begins bool // the byte taken last begins a line
	list   int  // line on which the open list began, 0 outside of one
	err    error

	buf []byte
}

func newSplitter(r io.Reader, max int) *splitter {
	ahead := 64 << 10
	if known, ok := r.(interface{ Len() int }); ok { // a request's body is mostly one small event
		ahead = min(ahead, known.Len())
	}
	s := &splitter{r: bufio.NewReaderSize(r, ahead), max: max, line: 1, start: true}
	s.buf = make([]byte, 0, min(ahead, 4<<10))
	if mark, _ := s.r.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		s.r.Discard(3)
	}
	return s
}

// take returns the next byte, or false at the end of the stream or of what can be read.
func (s *splitter) take() (byte, bool) {
	c, err := s.r.ReadByte()
	if err != nil {
		s.err = err
		return 0, false
	}
	s.begins, s.start = s.start, c == '\n'
	if s.start {
		s.line++
	}
	return c, true
}

// back gives back the byte that take has just returned.
func (s *splitter) back(c byte) {
	s.r.UnreadByte()
	s.start = s.begins
	if c == '\n' {
		s.line--
	}
}

// next returns the next value and the line it begins on. The text is good until the
// next call, and holds at most max+1 bytes.
func (s *splitter) next() (text []byte, line int, err error) {
	for {
		c, ok := s.take()
		if !ok {
			return nil, s.line, s.end()
		}
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\x1e': // RFC 7464 puts 1E before each
		case c == '[' && s.list == 0:
			s.list = s.line
		case s.list > 0 && c == ',':
		case s.list > 0 && c == ']':
			s.list = 0
		case c == '{' || c == '[':
			return s.value(c)
		default:
			return s.scalar(c)
		}
	}
}

// end is the error at the end of the stream.
func (s *splitter) end() error {
	if s.err == io.EOF && s.list > 0 {
		line := s.list
		s.list = 0
		return &Error{line, "this list is not closed", "its events were read all the same; the end of the file may be missing"}
	}
	return s.err
}

func (s *splitter) keep(c byte) {
	if len(s.buf) <= s.max {
		s.buf = append(s.buf, c)
	}
}

// value takes an object or a list, to its closing bracket or to where it is given up.
func (s *splitter) value(c byte) ([]byte, int, error) {
	s.buf = append(s.buf[:0], c)
	line := s.line
	inString, escaped := false, false
	for depth := 1; depth > 0; {
		c, ok := s.take()
		if !ok {
			if s.err != io.EOF {
				return nil, line, s.err
			}
			break
		}
		if c == '{' && s.begins {
			s.back(c)
			break
		}
		s.keep(c)
		switch {
		case escaped:
			escaped = false
		case inString:
			switch c {
			case '\\':
				escaped = true
			case '"':
				inString = false
			case '\n':
				return s.trimmed(), line, nil
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return s.trimmed(), line, nil
}

// scalar takes what is neither object nor list: to the end of its line, or inside of
// a list to the comma or bracket behind it.
func (s *splitter) scalar(c byte) ([]byte, int, error) {
	s.buf = append(s.buf[:0], c)
	line := s.line
	inString, escaped := c == '"', false
	for {
		c, ok := s.take()
		if !ok {
			break
		}
		if c == '\n' || s.list > 0 && !inString && (c == ',' || c == ']') {
			s.back(c)
			break
		}
		s.keep(c)
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		}
	}
	if s.err != nil && s.err != io.EOF {
		return nil, line, s.err
	}
	text := s.trimmed()
	if !isScalar(text) {
		return nil, line, &Error{line, "this is not JSON", "an event is one JSON object"}
	}
	return text, line, nil
}

func (s *splitter) trimmed() []byte { return bytes.TrimRight(s.buf, " \t\r\n") }

// isScalar reports whether a text looks like one JSON value without brackets.
func isScalar(text []byte) bool {
	switch c := text[0]; {
	case c == '"':
		return len(text) > 1 && text[len(text)-1] == '"'
	case c == '-' || '0' <= c && c <= '9':
		return len(bytes.Trim(text, "+-.0123456789eE")) == 0
	}
	switch string(text) {
	case "true", "false", "null":
		return true
	}
	return false
}
