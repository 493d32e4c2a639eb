package secret

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	fewestDigits = 7  // of a phone number that is recognised by its looks
	mostDigits   = 15 // says E.164
	shownDigits  = 4
	longestGap   = 8 // characters between two digits of a number
	mask         = "***"
)

// MaskNumbers hides all but the last 4 digits of whatever may be a phone number in text: 7 digits
// and more, in any script, with spaces, dashes, dots, slashes and brackets between them, escaped or
// not. Ids, times, amounts, addresses and versions stay, as far as they can be distinguished. Where
// they can't, the person is protected and the text loses a figure: "1234567" is masked.
//
// The module otelvoiceagent calls it, and may be older than this one: its parameters and results
// stay the same within a series of releases.
func MaskNumbers(text string) string {
	if hasFewDigits(text) {
		return text
	}
	e := edit{text: text}
	scan(text, func(start, end int) { e.replace(start, end, MaskNumber(text[start:end])) })
	return e.done()
}

// hasFewDigits reports whether a text has too few digits for a number, and nothing that may be a
// digit in another form. Each request id is such a text.
func hasFewDigits(text string) bool {
	digits := 0
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			digits++
		case c >= utf8.RuneSelf, c == '\\', c == '&', c == '%':
			return false
		}
	}
	return digits < fewestDigits
}

// edit is a text of which parts are replaced, from the first to the last.
type edit struct {
	text string
	kept int    // what comes before is in out
	out  []byte // nil as long as nothing is replaced
}

func (e *edit) replace(start, end int, with string) {
	e.out = append(append(e.out, e.text[e.kept:start]...), with...)
	e.kept = end
}

func (e *edit) done() string {
	if e.out == nil {
		return e.text
	}
	return string(append(e.out, e.text[e.kept:]...))
}

// MaskNumber shows the last 4 digits of a phone number, enough to recognise it by, and nothing else
// of what stands in its place.
func MaskNumber(number string) string {
	var last [shownDigits]byte
	n := 0
	for i := 0; i < len(number); {
		k, digit, size := unit(number[i:])
		if k == digitUnit {
			copy(last[:], last[1:])
			last[shownDigits-1] = '0' + digit
			n++
		}
		i += size
	}
	if n <= shownDigits {
		return mask
	}
	return mask + string(last[:])
}

// HasLongNumber reports whether text has as many digits in a row as a whole phone number.
func HasLongNumber(text string) bool {
	const whole = 10
	for i := 0; i < len(text); i++ {
		n := digitsAt(text[i:])
		if n >= whole {
			return true
		}
		i += n
	}
	return false
}

// scan calls found for each part of text that may be a phone number. It looks at each byte a
// bounded number of times.
func scan(text string, found func(start, end int)) {
	for i := 0; i < len(text); {
		if n := readable(text, i); n > 0 {
			i += n
			continue
		}
		k, _, size := unit(text[i:])
		if k != digitUnit {
			i += size
			continue
		}
		g := readGroup(text, i)
		if g.isPhone(text) {
			found(g.start-g.lead, g.end)
		}
		i = g.end
	}
}

// group is what may be one phone number: runs of digits, and what joins them.
type group struct {
	start, end int
	lead       int // the length of the plus before it, which only a phone number has; else 0
	first      byte
	digits     int
	runs       int // of digits, with nothing between them
	lengths    [6]int
	dotted     bool // between any two runs is a dot
}

// readGroup reads the group that begins with the digit at start.
func readGroup(text string, start int) group {
	g := group{start: start, lead: plusBefore(text[:start]), dotted: true}
	gap := start // where the last digit ended
	for i := start; i < len(text); {
		k, digit, size := unit(text[i:])
		switch k {
		case digitUnit:
			if g.digits == 0 {
				g.first = digit
			}
			if gap < i || g.digits == 0 {
				if g.digits >= fewestDigits && (plusBefore(text[gap:i]) > 0 || readable(text, i) > 0) {
					return g
				}
				g.dotted = g.dotted && (g.digits == 0 || text[gap:i] == ".")
				g.runs++
			}
			if g.runs <= len(g.lengths) {
				g.lengths[g.runs-1]++
			}
			g.digits++
			gap = i + size
			g.end = gap
		case gapUnit:
			if i-gap >= longestGap*3 { // a character takes 3 bytes at the most, or is escaped
				return g
			}
		default:
			return g
		}
		i += size
	}
	return g
}

// isPhone reports whether the group may be a phone number.
func (g *group) isPhone(text string) bool {
	switch {
	case g.digits < fewestDigits:
		return false
	case g.lead > 0:
		return true
	case g.runs == 1:
		international := strings.HasPrefix(text[g.start:], "00") && g.digits <= mostDigits+2
		return (g.digits <= mostDigits || international) && !g.isQuantity(text)
	case g.runs == 2 && g.dotted:
		return !g.isDecimal(text)
	}
	return !g.isAmount(text) && !g.isVersion(text)
}

// isQuantity reports whether a word before or after a plain number says what it counts.
func (g *group) isQuantity(text string) bool {
	before := wordBefore(text[:g.start])
	if namesPhone(before) {
		return false
	}
	// Neither Indian nor American numbers of 10 digits begin with 1, as Unix seconds do.
	plain := g.digits < 10 || g.first == 1 && g.digits != 11
	unit := wordAfter(text[g.end:])
	return plain && (containsAny(before, "time stamp epoch unix reset expir length size offset bytes limit credits amount") || isAnyOf(before, "ts exp iat nbf inr usd eur rs")) ||
		isAnyOf(unit, "bytes byte") ||
		plain && isAnyOf(unit, "seconds milliseconds characters tokens credits inr usd eur rupees paise s ms us ns b kb mb gb kib mib gib")
}

// isDecimal reports whether two runs with a dot between them are one figure: 0.30000000000000004,
// 28.6139391 or 1234567.89. A spreadsheet makes 9.19876543E+11 or 919876543210.0 of a phone number.
func (g *group) isDecimal(text string) bool {
	whole, part := g.lengths[0], g.lengths[1]
	if g.end < len(text) && text[g.end]|0x20 == 'e' {
		return false
	}
	return whole == 1 && g.first == 0 || whole <= 2 && (g.digits < 10 || g.digits > mostDigits) || part == 2 && g.digits < 12 || g.isQuantity(text)
}

// isAmount reports whether the group is an amount with points or spaces for thousands, such as
// 1.234.567,89.
func (g *group) isAmount(text string) bool {
	tail := text[g.end:]
	if len(tail) < 3 || tail[0] != ',' || !isDigit(tail[1]) || !isDigit(tail[2]) || len(tail) > 3 && isDigit(tail[3]) || g.runs > len(g.lengths) {
		return false
	}
	for _, n := range g.lengths[1:g.runs] {
		if n != 3 {
			return false
		}
	}
	return g.lengths[0] <= 3
}

// isVersion reports whether the group is a program's version: Chrome/126.0.6478.127.
func (g *group) isVersion(text string) bool {
	before := wordBefore(strings.TrimSuffix(text[:g.start], "/"))
	if isAnyOf(before, "v") { // of a Go module, v0.0.0-20261126100000, too
		return max(g.lengths[0], g.lengths[1], g.lengths[2]) <= 3 && strings.Count(text[g.start:g.start+g.lengths[0]+g.lengths[1]+2], ".") == 2
	}
	return g.dotted && g.runs <= 4 && slices.Max(g.lengths[:]) <= 4 && g.start > 0 &&
		(text[g.start-1] == '/' && before != "" && !namesPhone(before) || before == "version")
}

// namesPhone reports whether a word says that a phone number follows.
func namesPhone(word string) bool {
	word = strings.ToLower(word)
	return containsAny(word, "phone mobile number msisdn whatsapp caller") ||
		isAnyOf(word[strings.LastIndexAny(word, "_-")+1:], "to from cell dial tel fax")
}

func containsAny(word, parts string) bool {
	for part := range strings.SplitSeq(parts, " ") {
		if strings.Contains(word, part) {
			return true
		}
	}
	return false
}

func isAnyOf(word, words string) bool {
	return word != "" && strings.Contains(" "+words+" ", " "+word+" ")
}

const longestWord = 24

// wordBefore returns the word at the end of text, which may be the key of what follows, in lower
// case.
func wordBefore(text string) string {
	text = strings.TrimRight(text[max(0, len(text)-longestWord):], ` "'=:[`)
	start := len(text)
	for start > 0 && isWord(text[start-1]) && !isDigit(text[start-1]) {
		start--
	}
	return strings.ToLower(text[start:])
}

// wordAfter returns the word at the start of text, in lower case.
func wordAfter(text string) string {
	text = strings.TrimPrefix(text[:min(len(text), longestWord)], " ")
	end := 0
	for end < len(text) && isWord(text[end]) {
		end++
	}
	return strings.ToLower(text[:end])
}

// plusBefore returns the length of the plus, and what else begins a number, at the end of text.
func plusBefore(text string) int {
	text = text[max(0, len(text)-longestGap):]
	lead := strings.TrimRight(text, " (")
	for _, plus := range [...]string{"+", "%2B", "%2b", "＋"} {
		if strings.HasSuffix(lead, plus) {
			return len(text) - len(lead) + len(plus)
		}
	}
	if strings.HasSuffix(strings.ToLower(lead), "tel:") {
		return len(text) - len(lead)
	}
	return 0
}

// endsEscaped reports whether text ends with a character that is escaped as in a URL.
func endsEscaped(text string) bool {
	if n := len(text) - 3; n >= 0 && text[n] == '%' {
		_, size := percentDecoded(text[n:])
		return size > 1
	}
	return false
}

func digitsAt(text string) (n int) {
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '-'
}
