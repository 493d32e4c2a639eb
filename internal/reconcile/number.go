package reconcile

import (
	"strconv"
	"strings"
	"unicode"
)

// Number compares a phone number that a record shows with the one that was sent, in E.164. Equal
// digits are Ours. A number that is hidden in whole or in part, or written in a national form, is
// Maybe unless a digit that it shows differs.
//
// The 0 that is dialled within a country has no place behind the country's code. A server may drop
// one that was sent.
func Number(shown, sent string) Verdict {
	sent = digitsOf(sent)
	shown = strings.TrimPrefix(strings.TrimSuffix(shown, ".0"), "tel:") // of a float; of a URI
	verdict := sameNumber(shown, sent)
	for i := 1; i <= min(longestCountry, len(sent)-1) && verdict == Not; i++ {
		if sent[i] == '0' {
			verdict = min(sameNumber(shown, sent[:i]+sent[i+1:]), Maybe)
		}
	}
	return verdict
}

// longestCountry is how many digits a country's code has at the most.
const longestCountry = 3

// sameNumber is Number for the digits that were sent.
func sameNumber(shown, sent string) Verdict {
	if digits, plain := plainDigits(shown); plain {
		switch national := strings.TrimLeft(digits, "0"); {
		case digits == "":
			return Maybe
		case digits == sent, strings.TrimPrefix(digits, "00") == sent:
			return Ours
		case isSuffix(national, sent), isWithTrunkZero(digits, sent):
			return Maybe
		}
		return Not
	}
	switch {
	case hasExponent(shown), strings.Contains(digitsOf(shown), sent): // a float, or an extension behind it
		return Maybe
	case !strings.HasPrefix(sent, countryDigits(shown)):
		return Not
	case strings.ContainsFunc(shown, isNoMask): // it may be a token, or a hash
	case !isSuffix(lastDigits(shown), sent):
		return Not
	}
	return Maybe
}

// isNoMask reports whether a character is neither part of a number nor what digits are hidden with.
func isNoMask(r rune) bool { return r == '@' || unicode.IsLetter(r) && r != 'x' && r != 'X' }

// isWithTrunkZero reports whether digits are those of a number with a 0 before its national part,
// as in +44 (0) 20.
func isWithTrunkZero(digits, sent string) bool {
	for i := 1; i <= min(longestCountry, len(sent)); i++ {
		if digits == sent[:i]+"0"+sent[i:] {
			return true
		}
	}
	return false
}

func hasExponent(number string) bool {
	_, err := strconv.ParseFloat(number, 64)
	return err == nil && strings.ContainsAny(number, "eE")
}

// isSuffix reports whether one of the two ends with the other. A number without any digit does.
func isSuffix(a, b string) bool { return strings.HasSuffix(a, b) || strings.HasSuffix(b, a) }

// digitsOf returns the digits of a number, without what stands for the plus.
func digitsOf(number string) string {
	digits, _ := plainDigits(number)
	return strings.TrimPrefix(digits, "00")
}

// plainDigits returns the digits of a number, in ASCII. It reports whether there is nothing else in
// it but what numbers are grouped with, so that no digit is hidden.
func plainDigits(number string) (string, bool) {
	var b strings.Builder
	plain := true
	for _, r := range number {
		switch d := digit(r); {
		case d >= 0:
			b.WriteByte("0123456789"[d])
		case unicode.IsLetter(r) && b.Len() == 0: // "None", "tel:"
		case !isGrouping(r):
			plain = false
		}
	}
	return b.String(), plain
}

func isGrouping(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("+.()/", r)
}

// digit returns the value of a digit of any script; -1 for anything else.
func digit(r rune) int {
	if !unicode.Is(unicode.Nd, r) {
		return -1
	}
	const mathZero = '\U0001d7ce' // five sets of digits in a row
	zero := r
	for unicode.Is(unicode.Nd, zero-1) && zero != mathZero {
		zero--
	}
	return int(r-zero) % 10
}

// lastDigits returns the digits after the last hidden one.
func lastDigits(number string) string {
	last := 0
	for i, r := range number {
		if digit(r) < 0 && !isGrouping(r) {
			last = i + len(string(r))
		}
	}
	digits, _ := plainDigits(number[last:])
	return digits
}

// countryDigits returns the digits between a leading plus and the first hidden digit.
func countryDigits(number string) string {
	number, ok := strings.CutPrefix(strings.TrimSpace(number), "+")
	if !ok {
		return ""
	}
	for i, r := range number {
		if digit(r) < 0 && !isGrouping(r) {
			number = number[:i]
			break
		}
	}
	digits, _ := plainDigits(number)
	return digits
}
