package outbound

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// The limits of what is read. Real messages stay far below them.
const (
	// MaxBody is the size of the largest body, in bytes, unless the caller says
	// otherwise. A hundred notifications of thirty fields are about 200 kB, but one with
	// the text of an e-mail in it (Case.Description) may have 32 kB alone, and Salesforce
	// drops after a day what is refused until then.
	MaxBody = 8 << 20
	// MaxNotifications is how many notifications Salesforce puts into a message at most.
	MaxNotifications = 100
	// MaxFields is the greatest number of fields of one notification.
	MaxFields = 1000

	maxDepth      = 32   // open elements; a message needs 6
	maxAttributes = 1000 // of one element
	maxNamespaces = 64   // declarations in force at one place

	keptBuffer = 512 << 10 // the largest buffer that is kept for the next body
)

// newScanner reads the whole of r, at most limit bytes of it. Its error is a
// *Refusal, or what reading failed with.
func newScanner(r io.Reader, limit int) (*scanner, error) {
	body, err := readAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the message: %w", err)
	}
	if len(body) > limit {
		return nil, &Refusal{Kind: TooLarge, Reason: fmt.Sprintf("the body is longer than %d bytes", limit)}
	}
	body = strings.TrimPrefix(body, "\ufeff")
	if !utf8.ValidString(body) {
		return nil, &Refusal{Kind: WrongCharset, Reason: "the body is not UTF-8"}
	}
	const usual = 8 // as many as a message needs of each
	return &scanner{source: source{body: body}, open: make([]string, 0, usual), namespaces: make([]namespace, 0, usual), attr: make([]xml.Attr, 0, usual)}, nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readAll allocates no more than the text, also where nobody knows how long it is.
func readAll(r io.Reader) (string, error) {
	buf := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= keptBuffer {
			buf.Reset()
			buffers.Put(buf)
		}
	}()
	_, err := buf.ReadFrom(r)
	return buf.String(), err
}

// A source is a body that the decoder and the scanner take turns to read.
type source struct {
	body string
	at   int
	fed  int64 // bytes that the decoder has read
}

// ReadByte is what the decoder reads by.
func (s *source) ReadByte() (byte, error) {
	if s.at == len(s.body) {
		return 0, io.EOF
	}
	c := s.body[s.at]
	s.at++
	s.fed++
	return c, nil
}

// Read makes a source a reader, as the decoder wants; it is not called.
func (s *source) Read(p []byte) (int, error) {
	n := copy(p, s.body[s.at:])
	s.at += n
	s.fed += int64(n)
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// position returns the line and column up to which the body has been read, both from 1.
func (s *source) position() (line, column int) {
	read := s.body[:s.at]
	return strings.Count(read, "\n") + 1, len(read) - strings.LastIndexByte(read, '\n')
}
