package contactfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

const longestRecord = 1 << 20 // bytes; a longer one is a quote that isn't closed

var (
	errTooLong = errors.New("too long")
	errQuote   = errors.New("a quote isn't closed as it should be")
)

// records cuts a text into records. It differs from encoding/csv where files of spreadsheets do: a
// quote within a cell that doesn't begin with one stands for itself, as in ="+919876543210" and
// 5" pipe, and spaces around a quoted cell are nothing. It keeps what is written.
type records struct {
	r      *bufio.Reader
	comma  string
	end    byte // of a line: \n, or \r if it stands alone
	line   int  // the last one that was read, from 1
	raw    []byte
	cells  []string
	begins []int // the line on which each cell begins
}

// next reads a record. With [errQuote] it returns the cells before the faulty one, and the next
// record begins on the next line. The cells are valid until then.
func (s *records) next() ([]string, error) {
	s.raw, s.cells, s.begins = s.raw[:0], s.cells[:0], s.begins[:0]
	if err := s.more(); err != nil {
		return nil, err
	}
	for at := 0; ; {
		s.begins = append(s.begins, s.line)
		cell, n, err := s.cell(at)
		if err != nil {
			return s.cells, err
		}
		s.cells = append(s.cells, cell)
		at += n
		if !bytes.HasPrefix(s.raw[at:], []byte(s.comma)) {
			return s.cells, nil
		}
		at += len(s.comma)
	}
}

// cell returns the cell that begins at a place, and its length as it is written.
func (s *records) cell(begin int) (text string, size int, err error) {
	at := begin + s.spaces(begin)
	if s.raw[at] != '"' {
		text, _, _ := bytes.Cut(s.raw[begin:len(s.raw)-1], []byte(s.comma))
		return strings.TrimSuffix(string(text), "\r"), len(text), nil
	}
	var quoted []byte
	for at++; ; at++ {
		end := bytes.IndexByte(s.raw[at:], '"')
		if end < 0 {
			quoted = append(quoted, s.raw[at:]...)
			at = len(s.raw) - 1
			if err := s.more(); err != nil {
				if errors.Is(err, io.EOF) {
					err = errQuote
				}
				return "", 0, err
			}
			continue
		}
		quoted = append(quoted, s.raw[at:at+end]...)
		if at += end + 1; s.raw[at] != '"' {
			break
		}
		quoted = append(quoted, '"')
	}
	at += s.spaces(at)
	if rest := s.raw[at:]; !bytes.HasPrefix(rest, []byte(s.comma)) && string(rest) != "\n" && string(rest) != "\r\n" {
		return "", 0, errQuote
	}
	return strings.ReplaceAll(string(quoted), "\r\n", "\n"), at - begin, nil
}

// spaces counts the spaces at a place.
func (s *records) spaces(at int) (n int) {
	for s.raw[at+n] == ' ' && s.comma != " " {
		n++
	}
	return n
}

// more reads a line. It always ends with \n then.
func (s *records) more() error {
	before := len(s.raw)
	for {
		part, err := s.r.ReadSlice(s.end)
		s.raw = append(s.raw, part...)
		switch {
		case len(s.raw) > longestRecord:
			return errTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(s.raw) == before):
			return err
		case err != nil:
			s.raw = append(s.raw, '\n')
		}
		s.raw[len(s.raw)-1] = '\n'
		s.line++
		return nil
	}
}

// asWritten returns the cells of a record that has a quote at the wrong place: it cuts at each
// separator.
func (s *records) asWritten() []string {
	return strings.Split(strings.TrimRight(string(s.raw), "\r\n"), s.comma)
}
