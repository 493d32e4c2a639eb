package dial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	excluded   *Excluded
	header     *contactfile.File
	rejected   bool // these are rows that a run left out, with its columns before them
}

// openSource opens a file and reads its first line, and the files with who isn't called.
func openSource(ctx context.Context, o Options) (*source, error) {
	s := &source{path: o.File, name: filepath.Base(o.File), column: o.Campaign.PhoneColumn, comma: o.Comma}
	numbers, err := NewNumbers(o.Region, o.Campaign.From, o.AnyRange)
	if err != nil {
		return nil, err
	}
	s.numbers = numbers
	if s.excluded, err = ReadExcluded(ctx, o.Exclude, numbers, s.column); err != nil {
		return nil, err
	}
	file, info, err := openRegular(o.File)
	if err != nil {
		return nil, badInput("%w", err)
	}
	s.file = file
	s.size, s.modified = info.Size(), info.ModTime()
	if s.hash, err = s.sum(); err == nil {
		s.header, err = s.open(nil)
	}
	if err != nil {
		s.file.Close()
		return nil, err
	}
	n := len(rejectColumns)
	s.rejected = len(s.header.Names) > n && slices.Equal(s.header.Names[:n], rejectColumns)
	return s, nil
}

// openRegular opens a file that can be read more than once.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return nil, nil, errors.New("the name of the file is empty")
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%s: there is no such file", path)
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return nil, nil, fmt.Errorf("%s is a directory: give a CSV file", path)
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is no ordinary file: it is read more than once, so put what it yields in a file first", path)
	}
	file, err := os.Open(path)
	return file, info, err
}

func (s *source) close() { s.file.Close() }

func (s *source) sum() (string, error) {
	hash, err := contentHash(s.file)
	if err != nil {
		return "", badInput("%w", err)
	}
	return hash, nil
}

// contentHash reads a file from its beginning.
func contentHash(file *os.File) (string, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
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
	file, err := contactfile.Open(s.file, contactfile.Options{
		PhoneColumn: s.column, Comma: s.comma, Normalize: s.numbers.Normalize, Exclude: s.leavesOut, Lines: known,
	})
	if err != nil {
		return nil, badInput("%s: %w", s.path, err)
	}
	return file, nil
}

// leavesOut returns why a row with a good number isn't called: its number is excluded, or was when
// the run that left it out wrote these rows.
func (s *source) leavesOut(row *contactfile.Row) error {
	if s.rejected {
		if reason := row.Cells[len(rejectColumns)-1]; strings.HasPrefix(reason, excludedReason) {
			return errors.New(reason)
		}
	}
	return s.excluded.reason(row.Number)
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

func problemIn(file string, p *contactfile.Problem) Problem {
	return Problem{File: file, Line: p.Line, Column: p.Column, Name: p.Name, Reason: p.Err.Error()}
}
