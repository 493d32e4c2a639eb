package dial

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Numbers reads phone numbers as people write them.
type Numbers struct {
	region   string // of those without a country code
	anyRange bool   // a possible length is enough
}

// NewNumbers reads numbers without a country code as those of a region. When it is empty, that is
// the country of from, the number to call from, or else IN.
func NewNumbers(region, from string, anyRange bool) (Numbers, error) {
	n := Numbers{strings.ToUpper(cmp.Or(region, countryOf(from), "IN")), anyRange}
	if !phonenumbers.GetSupportedRegions()[n.region] {
		return n, badInput("--region %q is no country: two letters such as IN, AE or US", n.region)
	}
	return n, nil
}

// ReadAs says which country the numbers without a country code are taken to be of, for whoever sees
// numbers refused. It is a sentence without a full stop.
func (n Numbers) ReadAs() string {
	return "Numbers without a country code are read as those of " + n.region + "; --region says otherwise"
}

// Normalize returns a number as E.164, or why it can't be used. It is a
// [voiceagent.CSVParams.Normalize].
func (n Numbers) Normalize(text string) (e164 string, err error) {
	number, err := phonenumbers.Parse(text, n.region)
	if err != nil {
		return "", errors.New("it is no phone number")
	}
	switch phonenumbers.IsPossibleNumberWithReason(number) {
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "", errors.New("no country has its code")
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "", errors.New("it is too short")
	case phonenumbers.TOO_LONG:
		return "", errors.New("it is too long")
	case phonenumbers.INVALID_LENGTH:
		return "", errors.New("it has a wrong number of digits")
	}
	if !n.anyRange && !phonenumbers.IsValidNumber(number) {
		return "", fmt.Errorf("it is in no range of numbers that is known for %s, though its length is possible (a wrong area code?); --any-range takes it all the same", origin(number))
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// countryOf returns the region of a number with a country code, or "". A code that countries share
// is that of the main one, unless the number tells.
func countryOf(text string) string {
	number, err := phonenumbers.Parse(text, "IN")
	if err != nil {
		return ""
	}
	region := cmp.Or(phonenumbers.GetRegionCodeForNumber(number), phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode())))
	if !phonenumbers.GetSupportedRegions()[region] { // as of +800
		return ""
	}
	return region
}

func origin(number *phonenumbers.PhoneNumber) string {
	if region := phonenumbers.GetRegionCodeForNumber(number); region != "" {
		return region
	}
	return "+" + strconv.Itoa(int(number.GetCountryCode()))
}
