package secret

import "strings"

// readable returns the length of what begins at i and has digits, but is certainly no phone number:
// an id, a date with its hour, an IP address with its port, the seconds of a time. It returns 0 for
// anything else.
func readable(text string, i int) int {
	if c := text[i]; !isWord(c) || c == '-' || i > 0 && isWord(text[i-1]) && !endsEscaped(text[:i]) {
		return 0
	}
	n := idLength(text[i:])
	if n == 0 && isDigit(text[i]) && !strings.HasSuffix(text[:i], ".") {
		n = dateOrAddress(text[i:], i > 1 && text[i-1] == ':' && isDigit(text[i-2]))
	}
	if n > 0 && plusBefore(text[:i]) > 0 {
		return 0
	}
	return n
}

// idLength returns the length of an id at the start of text: 16 and more hexadecimal digits with
// letters among them, a UUID, or a name, an underscore and digits, as call_1234567890 is.
func idLength(text string) int {
	const longest = 128
	hex, letters, others, n := 0, 0, 0, 0
	for ; n < len(text) && isWord(text[n]); n++ {
		c := text[n] | 0x20
		switch {
		case n == longest:
			return 0
		case isDigit(text[n]):
			hex++
		case n == 1 && c == 'x' && text[0] == '0':
			hex += 16
		case 'a' <= c && c <= 'f':
			hex++
			letters++
		case text[n] == '_':
			if end := n + 1 + digitsAt(text[n+1:]); end-n > fewestDigits && letters+others > 0 && !namesPhone(text[:n]) {
				return end
			}
			others++
		case text[n] != '-':
			others++
		}
	}
	isUUID := n == 36 && hex == 32 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
	if isUUID || others == 0 && letters > 0 && hex >= 16 {
		return n
	}
	return 0
}

// dateOrAddress returns the length of the date or IP address at the start of text, or of the rest
// of a time.
func dateOrAddress(text string, inTime bool) int {
	if digitsAt(text) == 8 && len(text) > 8 && text[8] == 'T' && digitsAt(text[9:]) == 6 {
		return 15 // 20261126T100000
	}
	var value, width [4]int
	var sep byte
	parts, end := 0, 0
	for parts < len(value) {
		n := digitsAt(text[end:])
		if n == 0 || n > 4 && parts != 1 || n > 9 {
			return 0
		}
		for _, c := range []byte(text[end : end+n]) {
			value[parts] = value[parts]*10 + int(c-'0')
		}
		width[parts] = n
		end += n
		parts++
		if end+1 >= len(text) || parts > 1 && text[end] != sep || strings.IndexByte("-/.", text[end]) < 0 || !isDigit(text[end+1]) {
			break
		}
		sep = text[end]
		if parts < len(value) {
			end++
		}
	}
	if end < len(text) && (isDigit(text[end]) || end+1 < len(text) && text[end] == sep && isDigit(text[end+1])) {
		return 0
	}
	rest := text[end:]
	switch {
	case parts == 2 && inTime && sep == '.' && width[0] == 2:
		return end
	case parts == 3 && isDate(value, width):
		if len(rest) > 3 && rest[0] == ' ' && isDigit(rest[1]) && isDigit(rest[2]) && rest[3] == ':' {
			end += 3
		}
		return end
	case parts == 4 && sep == '.' && max(value[0], value[1], value[2], value[3]) <= 255:
		hasPort := len(rest) > 1 && rest[0] == ':' && isDigit(rest[1])
		if hasPort {
			return end + 1 + digitsAt(rest[1:min(len(rest), 6)])
		}
		if width == [4]int{2, 2, 2, 2} { // 98.76.54.32 is a number where they have 8 digits
			return 0
		}
		return end
	}
	return 0
}

func isDate(value, width [4]int) bool {
	year, a, b := value[0], value[1], value[2]
	if width[2] == 4 {
		year, b = value[2], value[0]
	} else if width[0] != 4 || width[2] > 2 {
		return false
	}
	return width[1] <= 2 && year >= 1900 && year < 2100 && min(a, b) >= 1 && min(a, b) <= 12 && max(a, b) <= 31
}
