package contactfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const headSize = 64 << 10 // bytes in which the first line ends, or nothing is found out from it

// peekLine returns what the source has given, once that holds a line with something in it. It
// doesn't wait for more, as a pipe may have no more yet.
func peekLine(r *bufio.Reader) []byte {
	for blank, seen := 0, 0; ; { // nothing is looked at twice, as it may come in small pieces
		head, _ := r.Peek(r.Buffered())
		blank = len(head) - len(bytes.TrimLeft(head[blank:], " \t\r\n\x00"))
		if bytes.ContainsAny(head[max(blank, seen):], "\r\n") || len(head) == r.Size() {
			return head
		}
		seen = len(head)
		if _, err := r.Peek(len(head) + 1); err != nil {
			return head // the error comes again when what is after it is read
		}
	}
}

// decoded returns the file as UTF-8 without a byte order mark, its encoding, and whether it had a
// mark. The encoding is "" if only what isn't ASCII will show it: UTF-8 or Windows-1252.
func decoded(file io.Reader) (text *bufio.Reader, encoding string, marked bool, err error) {
	raw := bufio.NewReaderSize(file, headSize)
	head := peekLine(raw)
	if kind := binaryKind(head); kind != "" {
		return nil, "", false, noCSV(kind)
	}
	encoding, mark := encodingOf(head)
	if _, err := raw.Discard(mark); err != nil {
		return nil, "", false, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch encoding {
	case "UTF-32":
		return nil, "", false, &Problem{Err: errors.New(`the file is UTF-32: save it as "CSV UTF-8", or run: iconv -f UTF-32 -t UTF-8 FILE >utf8.csv`)}
	case "UTF-16BE":
		order = binary.BigEndian
		fallthrough
	case "UTF-16LE":
		raw = bufio.NewReaderSize(&utf16Reader{r: raw, order: order}, headSize)
	}
	if kind := textKind(peekLine(raw)); kind != "" {
		return nil, "", false, noCSV(kind)
	}
	return raw, encoding, mark > 0, nil
}

func noCSV(kind string) error {
	return &Problem{Err: fmt.Errorf("this is %s, not CSV: export the contacts as CSV", kind)}
}

// encodingOf tells the encoding by the byte order mark, of which it returns the length, or by the
// half of each character that is zero in UTF-16.
func encodingOf(head []byte) (encoding string, mark int) {
	for _, m := range []struct{ mark, encoding string }{
		{"\xef\xbb\xbf", "UTF-8"}, {"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16LE"}, {"\xfe\xff", "UTF-16BE"},
	} {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			return m.encoding, len(m.mark)
		}
	}
	// Digits, separators and ends of lines have a zero byte in any script, and two bytes of ASCII side
	// by side are no letter of most. UTF-8 has a zero byte only by accident.
	var low, high, plain int
	for pair := range slices.Chunk(head[:len(head)&^1], 2) {
		switch {
		case pair[0] == 0 && pair[1] != 0:
			high++
		case pair[1] == 0 && pair[0] != 0:
			low++
		case isPlain(pair[0]) && isPlain(pair[1]):
			plain++
		}
	}
	const rare = 8
	switch {
	case low > plain && low > rare*high:
		return "UTF-16LE", 0
	case high > plain && high > rare*low:
		return "UTF-16BE", 0
	}
	return "", 0
}

func isPlain(c byte) bool { return c >= ' ' && c < 0x7f }

// binaryKinds are what a file may begin with that is no text.
var binaryKinds = []struct{ begin, kind string }{
	{"\xd0\xcf\x11\xe0", "a spreadsheet (xls)"}, {"PK\x05\x06", "a zip archive"}, {"%PDF", "a PDF document"}, {`{\rtf`, "an RTF document"},
	{"\x1f\x8b", "compressed with gzip"}, {"BZh", "compressed with bzip2"}, {"\xfd7zXZ\x00", "compressed with xz"}, {"\x28\xb5\x2f\xfd", "compressed with zstd"},
	{"7z\xbc\xaf", "a 7z archive"}, {"Rar!", "a RAR archive"}, {"PAR1", "a Parquet file"}, {"SQLite format 3", "an SQLite database"},
	{"\x89PNG", "a picture (PNG)"}, {"\xff\xd8\xff", "a picture (JPEG)"}, {"\x7fELF", "a program"}, {"MZ\x90\x00", "a program"},
}

// zipKinds are what the first names in a zip archive tell.
var zipKinds = []struct{ name, kind string }{
	{"opendocument.spreadsheet", "a spreadsheet (ods)"}, {".iwa", "a spreadsheet (numbers)"}, {"xl/", "a spreadsheet (xlsx)"},
	{"word/", "a document (docx)"}, {"[Content_Types].xml", "a spreadsheet (xlsx)"}, {"", "a zip archive"},
}

// binaryKind says what a file is that begins like no text; "" for a text.
func binaryKind(head []byte) string {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		for _, zip := range zipKinds {
			if bytes.Contains(head, []byte(zip.name)) {
				return zip.kind
			}
		}
	}
	for _, binary := range binaryKinds {
		if bytes.HasPrefix(head, []byte(binary.begin)) {
			return binary.kind
		}
	}
	return ""
}

// textKind says what a text is that begins like no CSV; "" for anything else.
func textKind(head []byte) string {
	const spaces = " \t\r\n"
	head = bytes.TrimLeft(head, spaces)
	if len(head) == 0 {
		return ""
	}
	next := byte('\n')
	if rest := bytes.TrimLeft(head[1:], spaces); len(rest) > 0 {
		next = rest[0]
	}
	switch {
	case head[0] == '<' && (next == '!' || next == '?' || isLetter(next)):
		return "HTML or XML"
	case head[0] == '{' && strings.IndexByte("\"}\n", next) >= 0, head[0] == '[' && strings.IndexByte("\"{[]\n", next) >= 0:
		return "JSON"
	}
	return ""
}

// utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	space [4 << 10]byte
	text  []byte // in space: decoded, and not yet read
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.text) == 0 {
		u.text = u.space[:0]
		for len(u.text) == 0 || u.r.Buffered() >= 4 && len(u.text)+utf8.UTFMax <= len(u.space) {
			r, err := u.unit()
			if err != nil {
				return 0, err // Buffered keeps it from what was decoded before
			}
			if utf16.IsSurrogate(r) {
				second, _ := u.r.Peek(2)
				if r = utf16.DecodeRune(r, u.rune(second)); r != utf8.RuneError {
					_, _ = u.r.Discard(2) // they were peeked at
				}
			}
			u.text = utf8.AppendRune(u.text, r)
		}
	}
	n := copy(p, u.text)
	u.text = u.text[n:]
	return n, nil
}

// unit reads two bytes. A single one at the end of the file is ignored.
func (u *utf16Reader) unit() (rune, error) {
	var b [2]byte
	if _, err := io.ReadFull(u.r, b[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return 0, err
	}
	return u.rune(b[:]), nil
}

func (u *utf16Reader) rune(b []byte) rune {
	if len(b) < 2 {
		return 0
	}
	return rune(u.order.Uint16(b))
}

// windows1252 has the characters of 0x80 to 0x9F; those above are Latin-1's. The spaces are bytes
// that it doesn't define.
var windows1252 = []rune("€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ")

// fromWindows1252 decodes a text, if it is Windows-1252 by all that it shows. In a text of Western
// Europe a letter that isn't ASCII has one beside it that is, which in Cyrillic, Greek and Chinese
// is rare. In Mac OS Roman and code page 437 such letters are where Windows-1252 has signs or
// capitals, which don't stand inside a word. Sure means that cells before were Windows-1252: then a
// word may be one such letter.
func fromWindows1252(text string, sure bool) (string, bool) {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if c < 0x80 {
			out.WriteByte(c)
			continue
		}
		before, after := byte(' '), byte(' ')
		if i > 0 {
			before = text[i-1]
		}
		if i+1 < len(text) {
			after = text[i+1]
		}
		r := rune(c)
		if c < 0xa0 {
			r = windows1252[c-0x80]
		}
		inside := isLetter(before) && isLetter(after)
		switch {
		case r == ' ', strings.ContainsRune("ƒ†‡ˆ‰‹˜›", r):
			return "", false
		case c >= 0xc0 && c != 0xd7 && c != 0xf7, strings.ContainsRune("ŠŒŽšœžŸ", r): // a letter
			lower := 'a' <= before && before <= 'z'
			capital := c >= 0xc0 && c < 0xdf || strings.ContainsRune("ŠŒŽŸ", r)
			alone := !isLetter(before) && !isLetter(after)
			if alone && (!sure || before >= 0x80 || after >= 0x80) || lower && capital {
				return "", false
			}
		case inside && c < 0xa0 && !strings.ContainsRune("’–—", r), inside && c > 0xa0 && c < 0xc0 && c != 0xb7:
			return "", false
		}
		out.WriteRune(r)
	}
	return out.String(), true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
