package dial

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// source is the file. It is read three times: to check it, to send it, and to write the results
// next to its rows.
type source struct {
	path, name string // name is for messages
	file       *os.File
	size       int64
	modified   time.Time
	hash       string // of its content
	column     string // the phone column, if it was named
	comma      rune   // 0 for the one of the first line
	numbers    Numbers
	header     *contactfile.File
}

// openSource opens a file and reads its first line.
func openSource(o Options) (*source, error) {
	s := &source{path: o.File, name: filepath.Base(o.File), column: o.Campaign.PhoneColumn, comma: o.Comma}
	numbers, err := NewNumbers(o.Region, o.Campaign.From, o.AnyRange)
	if err != nil {
		return nil, err
	}
	s.numbers = numbers
	info, err := os.Stat(o.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, badInput("%s: there is no such file", o.File)
	case err != nil:
		return nil, badInput("%w", err)
	case info.IsDir():
		return nil, badInput("%s is a directory: give a CSV file", o.File)
	case !info.Mode().IsRegular():
		return nil, badInput("%s is no ordinary file: it is read more than once, so put what it yields in a file first", o.File)
	}
	if s.file, err = os.Open(o.File); err != nil {
		return nil, badInput("%w", err)
	}
	s.size, s.modified = info.Size(), info.ModTime()
	if s.hash, err = s.sum(); err == nil {
		s.header, err = s.open(nil)
	}
	if err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

func (s *source) close() { s.file.Close() }

func (s *source) sum() (string, error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return "", badInput("%w", err)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, s.file); err != nil {
		return "", badInput("%w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// unchanged returns an error unless the file still has the content that was checked.
func (s *source) unchanged() error {
	info, err := os.Stat(s.path)
	if err == nil && info.Size() == s.size && info.ModTime().Equal(s.modified) && s.intact() {
		return nil
	}
	return s.changed()
}

// intact reports whether the opened file, whatever its name is now, has the content that was
// checked.
func (s *source) intact() bool {
	hash, err := s.sum()
	return err == nil && hash == s.hash
}

func (s *source) changed() *BadInput {
	return badInput("%s has changed since it was checked: leave it alone until the run has ended", s.path)
}

// open begins a pass over the file, which adds to the numbers that are known.
func (s *source) open(known contactfile.Lines) (*contactfile.File, error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, badInput("%w", err)
	}
	file, err := contactfile.Open(s.file, contactfile.Options{PhoneColumn: s.column, Comma: s.comma, Normalize: s.numbers.Normalize, Lines: known})
	if err != nil {
		return nil, badInput("%s: %w", s.path, err)
	}
	return file, nil
}

// rows reads the file from its start. An error ends it, as the rows after it can't be recognised.
func (s *source) rows(known contactfile.Lines) iter.Seq2[*contactfile.Row, error] {
	return func(yield func(*contactfile.Row, error) bool) {
		file, err := s.open(known)
		if err != nil {
			yield(nil, err)
			return
		}
		for row, err := range file.Rows() {
			if err != nil {
				err = badInput("%s: %w", s.path, err)
			}
			if !yield(row, err) {
				return
			}
		}
		s.header.Encoding = file.Encoding
	}
}

// Problem is a row that can't be used, and where.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`           // from 1
	Column int    `json:"column"`         // which cell, from 1
	Name   string `json:"name,omitempty"` // of the column; "" when the header doesn't have it
	Reason string `json:"reason"`
}

// String is one line: where, and what.
func (p Problem) String() string {
	name := ""
	if p.Name != "" {
		name = " (" + p.Name + ")"
	}
	return fmt.Sprintf("%s, line %d, column %d%s: %s", p.File, p.Line, p.Column, name, p.Reason)
}

func (s *source) problem(p *contactfile.Problem) Problem {
	return Problem{File: s.name, Line: p.Line, Column: p.Column, Name: p.Name, Reason: p.Err.Error()}
}
