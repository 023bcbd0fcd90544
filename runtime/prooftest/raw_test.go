package prooftest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/outbound"
)

// wide is a notification of usual width: 2 kB of XML.
func wide(n int, contact string) notification {
	w := notification{id: salesforceID("04l", n), record: salesforceID("500", n), fields: [][2]string{
		{"ContactId", contact}, {"Subject", "The parcel was late and the box was wet"}}}
	for f := range 24 {
		value := []string{"120000.0", "2017-12-11T21:49:24.000Z", "a text of middling length", "true"}[f%4]
		w.fields = append(w.fields, [2]string{fmt.Sprintf("Field_%02d__c", f), value})
	}
	return w
}

// wideEvent is the event that it becomes.
func wideEvent() []byte {
	m, err := outbound.Read(bytes.NewReader([]byte(message([]notification{wide(1, salesforceID("003", 1))}))), 0)
	if err != nil {
		panic(err)
	}
	return m.Notifications[0].AppendEvent(nil, nil, time.Now())
}

// wideSender sends messages over a connection of its own with as little work as can
// be, since it shares the processor with what is measured: it writes numbers into a body
// made before, and looks for no more in an answer than it must.
type wideSender struct {
	conn    net.Conn
	answers *bufio.Reader
	request []byte
	ids     []int // where they stand
	records []int
	owners  []int
}

func dialWide(address string, size int) (*wideSender, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, err
	}
	list := make([]notification, size)
	for i := range list {
		list[i] = wide(i, salesforceID("003", i))
	}
	body := message(list)
	s := &wideSender{conn: conn, answers: bufio.NewReader(conn)}
	s.request = fmt.Appendf(nil, "POST /soap/default HTTP/1.1\r\nHost: %s\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", u.Host, len(body), body)
	find := func(before string) (at []int) {
		for from := 0; ; {
			i := bytes.Index(s.request[from:], []byte(before))
			if i < 0 {
				return at
			}
			from += i + len(before)
			at = append(at, from)
		}
	}
	s.ids, s.records, s.owners = find("<Id>"), find("<sf:Id>"), find("<sf:ContactId>")
	return s, nil
}

// send sends the message whose first notification is the first-th, and reads its Ack.
func (s *wideSender) send(first int, contacts []string) error {
	for i, at := range s.ids {
		renumber(s.request[at:], first+i)
		renumber(s.request[s.records[i]:], first+i)
		copy(s.request[s.owners[i]:], contacts[(first+i)%len(contacts)])
	}
	if _, err := s.conn.Write(s.request); err != nil {
		return err
	}
	status, length := "", -1
	for {
		line, err := s.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if status == "" {
			status = string(line)
		} else if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("answer %s without a length", status)
	}
	body, err := s.answers.Peek(length)
	if err == nil && !bytes.Contains(body, []byte("<Ack>true</Ack>")) {
		err = fmt.Errorf("answer %s: %s", status, body)
	}
	s.answers.Discard(length)
	return err
}

// renumber makes an id of salesforceID the n-th of its prefix. Digits do not count for
// the checksum at its end.
func renumber(id []byte, n int) {
	for i := 14; i >= 5; i-- {
		id[i] = byte('0' + n%10)
		n /= 10
	}
}

func percentiles(took [][]time.Duration) (p50, p99 time.Duration, n int) {
	all := slices.Concat(took...)
	slices.Sort(all)
	if len(all) == 0 {
		return 0, 0, 0
	}
	return all[len(all)/2], all[len(all)*99/100], len(all)
}

// rawRate is what the disk can do: writers hand in as many bytes each, and one
// goroutine puts what has gathered into a file by one write and one sync. It returns
// how many were durable in a second.
func rawRate(t *testing.T, writers, bytes int) float64 {
	f, err := os.Create(filepath.Join(t.TempDir(), "raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, bytes)
	for i := range block {
		block[i] = byte(i * 7)
	}
	asks := make(chan chan error, writers)
	go func() {
		var buf []byte
		var group []chan error
		for first := range asks {
			group, buf = append(group[:0], first), append(buf[:0], block...)
		gather:
			for {
				select {
				case next, ok := <-asks:
					if !ok {
						break gather
					}
					group, buf = append(group, next), append(buf, block...)
				default:
					break gather
				}
			}
			_, err := f.Write(buf)
			if err == nil {
				err = datasync(f)
			}
			for _, answer := range group {
				answer <- err
			}
		}
	}()
	counts := make([]int, writers)
	var all sync.WaitGroup
	begun := time.Now()
	end := begun.Add(measureFor / 2)
	for i := range writers {
		all.Go(func() {
			answer := make(chan error, 1)
			for time.Now().Before(end) {
				asks <- answer
				if err := <-answer; err != nil {
					t.Error(err)
					return
				}
				counts[i]++
			}
		})
	}
	all.Wait()
	close(asks)
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / time.Since(begun).Seconds()
}
