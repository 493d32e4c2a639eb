package secret

import (
	"bytes"
	"strings"
)

// Sent is what a request told the server, and nobody is to see in an error: the key, a webhook's
// secret, and phone numbers.
type Sent struct {
	key     Key
	secret  string
	body    []byte
	path    string
	width   int             // digits of a window
	windows map[uint32]bool // every few digits in a row of a number, and whether they end it; nil until it is needed
}

// NewSent takes the body and the path of a request. The body may not change afterwards.
func NewSent(key Key, body []byte, path string) *Sent {
	return &Sent{key: key, secret: secretIn(body), body: body, path: path}
}

// secretIn returns the webhook's secret in the body of an agent.
func secretIn(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`secret":"`))
	for end, c := range rest {
		if c == '"' && (end == 0 || rest[end-1] != '\\') {
			return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(string(rest[:end]))
		}
	}
	return ""
}

// CutFrom removes the secrets, but not the numbers, from a body as it came.
func (s *Sent) CutFrom(body []byte) []byte {
	text := string(body)
	if cut := s.cutSecrets(text); cut != text {
		return []byte(cut)
	}
	return body
}

func (s *Sent) cutSecrets(text string) string {
	return cut(s.key.CutFromText(text), s.secret, "REDACTED")
}

// CutFromText removes what was sent from a text for errors and logs, and masks every other number.
func (s *Sent) CutFromText(text string) string {
	text = s.cutSecrets(text)
	if !hasDigits(text) {
		return text
	}
	s.read()
	// A percent sign before digits need not escape anything.
	return MaskNumbers(s.cutNumbers(s.cutNumbers(text, unescaped), unit))
}

// cutNumbers removes what was sent of phone numbers from a text, read as next does.
func (s *Sent) cutNumbers(text string, next reader) string {
	e := edit{text: text}
	from, to := 0, 0 // a part of a number is in text[from:to]
	shown := ""
	telling := false // not only 00000, which is in many an id and amount
	cut := func() {
		if to > 0 && telling {
			e.replace(from, to, shown)
		}
	}
	s.each(text, next, func(start, end int, window uint32) {
		ends, known := s.windows[window]
		if !known {
			return
		}
		if start >= to {
			cut()
			from, telling = max(to, start-plusBefore(text[:start])), false
		}
		to, shown = end, mask
		telling = telling || window%repunit != 0
		if ends {
			shown = MaskNumber(text[start:end])
		}
	})
	cut()
	return e.done()
}

// repunit divides a window of 5 digits that are all the same.
const repunit = 11111

// CutFromError is CutFromText for a cause. The cause itself stays for errors.Is and errors.As.
func (s *Sent) CutFromError(err error) error {
	text := err.Error()
	if cut := s.CutFromText(text); cut != text {
		return &quietError{cut, err}
	}
	return err
}

// quietError says something else than the error that it stands for.
type quietError struct {
	text  string
	cause error
}

func (e *quietError) Error() string { return e.text }
func (e *quietError) Unwrap() error { return e.cause }

// read finds the numbers that were sent.
func (s *Sent) read() {
	if s.windows != nil {
		return
	}
	numbers, texts := 0, [...]string{string(s.body), s.path}
	for _, text := range texts {
		scan(text, func(int, int) { numbers++ })
	}
	// With 5 digits of each of thousands of numbers, every fifth figure would be part of one.
	const few = 10
	if s.width = shownDigits + 1; numbers > few {
		s.width = fewestDigits
	}
	s.windows = make(map[uint32]bool)
	for _, text := range texts {
		scan(text, func(start, end int) {
			var last uint32
			s.each(text[start:end], unit, func(_, _ int, window uint32) {
				last = window
				ends := s.windows[window] // another number
				s.windows[window] = ends
			})
			s.windows[last] = true
		})
	}
}

// reader is unit or unescaped.
type reader func(text string) (kind unitKind, digit byte, size int)

// each calls window for each few digits of text in a row, whatever but letters stands between them.
func (s *Sent) each(text string, next reader, window func(start, end int, digits uint32)) {
	var starts [fewestDigits]int
	most := uint32(1)
	for range s.width {
		most *= 10
	}
	digits, n, gap := uint32(0), 0, 0
	for i := 0; i < len(text); {
		k, digit, size := next(text[i:])
		if k == digitUnit {
			starts[n%s.width] = i
			digits = (digits*10 + uint32(digit)) % most
			gap = 0
			if n++; n >= s.width {
				window(starts[n%s.width], i+size, digits)
			}
		} else if gap++; k == letterUnit || gap > longestGap || strings.HasPrefix(text[i:], mask) {
			n = 0
		}
		i += size
	}
}

// hasDigits reports whether text has more digits than may be shown.
func hasDigits(text string) bool {
	n := 0
	for i := 0; i < len(text) && n <= shownDigits; {
		k, _, size := unescaped(text[i:]) // an escape has no fewer digits than what it stands for
		if k == digitUnit {
			n++
		}
		i += size
	}
	return n > shownDigits
}
