package reconcile

import (
	"strings"
	"unicode"
)

// IsOrUnknown reports whether a record's field is what was sent. A field that the record doesn't
// show, or that wasn't sent and so has the API's default, proves nothing.
func IsOrUnknown(shown, sent string) bool { return shown == "" || sent == "" || shown == sent }

// SameAgent compares ids of agents; shown is "" for none. Ids that differ in case alone are equal
// if they are hexadecimal, as UUIDs are.
func SameAgent(shown, sent string) Verdict {
	switch {
	case shown == sent:
		return Ours
	case shown == "":
		return Maybe
	case !strings.EqualFold(strings.TrimSpace(shown), sent):
		return Not
	case PlainAgent(shown) == PlainAgent(sent):
		return Ours
	}
	return Maybe
}

// PlainAgent returns an agent's id as it is equal for all spellings of one.
func PlainAgent(id string) string {
	plain := strings.TrimSpace(id)
	for i := range len(plain) {
		switch c := plain[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F', c == '-':
		default:
			return id
		}
	}
	return strings.ToLower(plain)
}

// PlainName returns a name without the spaces that a server may leave out.
func PlainName(name string) string { return strings.Join(strings.Fields(name), " ") }

// SameName compares names, whatever a server makes of their spaces; shown is "" for none.
func SameName(shown, sent string) Verdict {
	switch {
	case PlainName(shown) == PlainName(sent):
		return Ours
	case shown == "", sent == "", strings.EqualFold(PlainName(shown), PlainName(sent)):
		return Maybe
	}
	return Not
}

// IsWithin reports whether the letters and digits of one of two names are in the other.
func IsWithin(a, b string) bool {
	bare := func(name string) string {
		return strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, name)
	}
	a, b = bare(a), bare(b)
	return strings.Contains(a, b) || strings.Contains(b, a)
}
