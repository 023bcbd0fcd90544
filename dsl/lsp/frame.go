package lsp

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// maxMessage bounds one message of the client, whose text may be many times longer in
// JSON than a document may be.
const maxMessage = 64 << 20

var (
	errMessageSize = errors.New("a message is too long or does not say how long it is")
	errCut         = errors.New("its stream ends within a message")
)

// bounded passes on a stream of messages and ends it at one that is longer than
// [maxMessage], before anybody makes room for it.
func bounded(r io.Reader) io.Reader { return &frames{r: bufio.NewReader(r)} }

type frames struct {
	r      *bufio.Reader
	header []byte // of the next message, not passed on yet
	body   int    // bytes of the message that are still to come
}

func (f *frames) Read(p []byte) (int, error) {
	if len(f.header) == 0 && f.body == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if len(f.header) > 0 {
		n := copy(p, f.header)
		f.header = f.header[n:]
		return n, nil
	}
	n, err := f.r.Read(p[:min(len(p), f.body)])
	f.body -= n
	if err == io.EOF && f.body > 0 {
		err = errCut
	}
	return n, err
}

// next reads a header.
func (f *frames) next() error {
	size := -1
	for {
		line, err := f.r.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				return errMessageSize
			}
			if err == io.EOF && len(f.header)+len(line) > 0 {
				return errCut
			}
			return err
		}
		f.header = append(f.header, line...)
		if len(f.header) > 1<<16 {
			return errMessageSize
		}
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		if name == "" {
			break
		}
		if strings.EqualFold(name, "Content-Length") {
			if size, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return errMessageSize
			}
		}
	}
	if size < 0 || size > maxMessage {
		return errMessageSize
	}
	f.body = size
	return nil
}
