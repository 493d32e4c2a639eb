package dial

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// numbering reads phone numbers as people write them.
type numbering struct {
	region   string // of those without a country code
	anyRange bool   // a possible length is enough
}

func knownRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }

// read returns a number as E.164, or why it can't be used.
func (n numbering) read(cell string) (e164, problem string) {
	text := strings.TrimSpace(cell)
	switch {
	case text == "":
		return "", "is empty"
	case spoiled(text):
		return "", "was made a decimal by a spreadsheet, which loses digits: format the column as text and export it again"
	case strings.ContainsFunc(text, unicode.IsLetter):
		return "", "has letters in it"
	case strings.ContainsAny(text, ",;/|&#\n"):
		return "", "looks like more than one number, or has an extension: one number in a row"
	}
	number, err := phonenumbers.Parse(text, n.region)
	if err != nil {
		return "", "is no phone number"
	}
	switch phonenumbers.IsPossibleNumberWithReason(number) {
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "", "has no country code that exists"
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "", "is too short"
	case phonenumbers.TOO_LONG:
		return "", "is too long"
	case phonenumbers.INVALID_LENGTH:
		return "", "has a wrong number of digits"
	}
	if !n.anyRange && !phonenumbers.IsValidNumber(number) {
		return "", "is in no range of numbers that is known for " + origin(number) + ", though its length is possible (a wrong area code?); --any-range takes it all the same"
	}
	return phonenumbers.Format(number, phonenumbers.E164), ""
}

// spoiled matches numbers that a spreadsheet took for amounts: 9.19877E+11 and 919876543210.0.
func spoiled(text string) bool {
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return false
	}
	return strings.ContainsAny(text, ".eE")
}

func origin(number *phonenumbers.PhoneNumber) string {
	if region := phonenumbers.GetRegionCodeForNumber(number); region != "" {
		return region
	}
	return "+" + strconv.Itoa(int(number.GetCountryCode()))
}

// digits is an E.164 number, of at most 15 digits, in 8 bytes; 0 when there are none.
func digits(number string) uint64 {
	var value uint64
	for _, r := range strings.TrimPrefix(number, "00") {
		if r >= '0' && r <= '9' {
			value = value*10 + uint64(r-'0')
		}
	}
	return value
}

// masked shows a bad cell without showing the whole number: of its digits only the last four.
func masked(cell string) string {
	keep := 4
	runes := []rune(cell)
	for i := len(runes) - 1; i >= 0; i-- {
		if unicode.IsDigit(runes[i]) {
			if keep--; keep < 0 {
				runes[i] = '*'
			}
		}
	}
	if len(runes) > 40 {
		runes = append(runes[:40], '…')
	}
	return strconv.Quote(string(runes))
}
