package dial

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// source is the file. It is read three times: to check it, to send it, and to write the results
// next to its rows.
type source struct {
	path, name string // name is for messages
	file       *os.File
	size       int64
	modified   time.Time
	hash       string // of its content
	mark       int64  // bytes of the byte order mark
	comma      rune
	header     header
}

// openSource opens a file and reads its first line.
func openSource(o Options) (*source, error) {
	s := &source{path: o.File, name: filepath.Base(o.File)}
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
	case info.Size() == 0:
		return nil, badInput("%s is empty: its first line must name the columns", o.File)
	}
	if s.file, err = os.Open(o.File); err != nil {
		return nil, badInput("%w", err)
	}
	s.size, s.modified = info.Size(), info.ModTime()
	if s.hash, err = s.sum(); err == nil {
		err = s.readHeader(o)
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

const (
	longestRecord = 1 << 20 // bytes; a longer one is a quote that isn't closed
	headerSize    = 64 << 10
)

// reader reads the file from its start.
func (s *source) reader() (*csv.Reader, *bounded, error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, badInput("%w", err)
	}
	buffered := bufio.NewReaderSize(s.file, headerSize)
	if err := s.skipMark(buffered); err != nil {
		return nil, nil, err
	}
	if s.comma == 0 {
		s.comma = guessComma(buffered)
	}
	limit := &bounded{r: buffered, left: longestRecord}
	reader := csv.NewReader(limit)
	reader.Comma = s.comma
	reader.FieldsPerRecord = -1 // counted here, with the line
	reader.ReuseRecord = true
	return reader, limit, nil
}

// skipMark reads over the byte order mark that spreadsheets write, and refuses what isn't UTF-8.
func (s *source) skipMark(r *bufio.Reader) error {
	start, _ := r.Peek(4)
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		n, _ := r.Discard(3) // they were peeked at
		s.mark = int64(n)
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")), bytes.IndexByte(start, 0) >= 0:
		return badInput("%s is UTF-16, as spreadsheets write \"Unicode text\": save it as \"CSV UTF-8\", or run\n  iconv -f UTF-16 -t UTF-8 %s > utf8.csv",
			s.path, s.path)
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return badInput("%s is a spreadsheet or a zip archive: save it as \"CSV UTF-8\"", s.path)
	}
	return nil
}

// guessComma takes the separator that the first line has most of, outside of quotes.
func guessComma(r *bufio.Reader) rune {
	line, _ := r.Peek(headerSize)
	quoted, counts := false, map[rune]int{}
	for _, char := range string(line) {
		if char == '"' {
			quoted = !quoted
		}
		if !quoted {
			if char == '\n' {
				break
			}
			counts[char]++
		}
	}
	best := ','
	for _, char := range ";\t|" {
		if counts[char] > counts[best] {
			best = char
		}
	}
	return best
}

var errTooLong = errors.New("too long")

// bounded keeps a quote that isn't closed from taking the rest of the file into memory.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
