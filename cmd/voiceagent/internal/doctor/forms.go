package doctor

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// The forms of a value. None has any part of it.
const (
	formNull    = "null"
	formMissing = "missing"
	formEmpty   = "an empty text"
	formNone    = `the text "None"`
	formOther   = "another form"
)

// formOf returns the form of a key's value: of read for a text or a number that is there.
func formOf(r record, key string, read func(any) string) string {
	value, ok := r[key]
	switch {
	case !ok:
		return formMissing
	case value == nil:
		return formNull
	case value == "":
		return formEmpty
	case value == none:
		return formNone
	}
	return read(value)
}

// tallyOf counts the forms of a key in records.
func tallyOf(records []record, key string, read func(any) string) *tally {
	t := &tally{}
	for _, r := range records {
		t.add(formOf(r, key, read))
	}
	return t
}

// The forms of a time.
const (
	timeZ       = "RFC 3339 with Z"
	timeOffset  = "RFC 3339 with an offset"
	timeNaive   = "without an offset"
	timeMinutes = "cut to the minute"
	timeDay     = "a date alone"
	timeUnix    = "Unix time as a number"
)

var (
	fullTime  = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?$`)
	dayFormat = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

// timeForm returns how a time is written.
func timeForm(value any) string {
	if _, ok := value.(json.Number); ok {
		return timeUnix
	}
	text, _ := value.(string)
	parts := fullTime.FindStringSubmatch(strings.TrimSpace(text))
	switch {
	case dayFormat.MatchString(text):
		return timeDay
	case parts == nil:
		return formOther
	}
	form := timeOffset
	switch parts[3] {
	case "":
		form = timeNaive
	case "Z":
		form = timeZ
	}
	switch {
	case parts[1] == "":
		form += ", " + timeMinutes
	case parts[2] != "":
		form += ", with a fraction"
	}
	return form
}

// timeOf reads a time as the client does.
func timeOf(value any) (time.Time, bool) {
	switch v := value.(type) {
	case json.Number:
		return envelope.ParseTime(v.String())
	case string:
		return envelope.ParseTime(v)
	}
	return time.Time{}, false
}

// madeAt is when a record was made, as the client reads it.
func madeAt(r record) (time.Time, bool) {
	if at, ok := timeOf(r["created_at"]); ok {
		return at, true
	}
	return timeOf(r["started_at"])
}

// The forms of a phone number.
const (
	numberE164     = "E.164"
	numberSpaced   = "with + and what groups it"
	numberZeros    = "with 00"
	numberBare     = "with the country's code, without +"
	numberNational = "national"
	numberLast     = "the last digits alone"
	numberMasked   = "masked"
	numberJSON     = "a JSON number"
	numberToken    = "a token, or a hash"
)

// wholeNumbers are the forms that hold all digits.
var wholeNumbers = []string{numberE164, numberBare, numberZeros, numberSpaced, numberJSON}

// numberForm returns how a phone number is written.
func numberForm(value any) string {
	if _, ok := value.(json.Number); ok {
		return numberJSON
	}
	text, _ := value.(string)
	text = strings.TrimSpace(text)
	var digits strings.Builder
	grouped := false
	for _, r := range strings.TrimPrefix(text, "+") {
		switch {
		case unicode.IsDigit(r):
			digits.WriteRune(r)
		case strings.ContainsRune("*•xX#…", r):
			return numberMasked
		case unicode.IsLetter(r):
			return numberToken
		default:
			grouped = true
		}
	}
	const (
		country = 11 // digits that a number with the country's code has, mostly
		last    = 5
	)
	switch n := len([]rune(digits.String())); {
	case n == 0:
		return formOther
	case text[0] == '+' && grouped:
		return numberSpaced
	case text[0] == '+':
		return numberE164
	case n <= last:
		return numberLast
	case strings.HasPrefix(digits.String(), "00"):
		return numberZeros
	case digits.String()[0] == '0' || n < country:
		return numberNational
	}
	return numberBare
}

// The forms of a direction.
const (
	directionKnown  = "as documented"
	directionUpper  = "as documented, in other letters"
	directionWithin = "a longer word"
)

func directionForm(value any) string {
	text, _ := value.(string)
	lower := strings.ToLower(strings.TrimSpace(text))
	switch {
	case text == "outbound" || text == "inbound" || text == "web":
		return directionKnown
	case lower == "outbound" || lower == "inbound" || lower == "web":
		return directionUpper
	case strings.Contains(lower, "outbound") || strings.Contains(lower, "inbound"):
		return directionWithin
	}
	return formOther
}

// The forms of metadata.
const (
	metadataObject   = "an object"
	metadataStrings  = "an object of texts alone"
	metadataEmpty    = "an empty object"
	metadataText     = "a text of JSON"
	metadataCampaign = "an object with a campaign_id that is null"
)

func metadataForm(value any) string {
	switch v := value.(type) {
	case string:
		if json.Valid([]byte(v)) {
			return metadataText
		}
		return "a text"
	case map[string]any:
		campaign, has := v["campaign_id"]
		switch {
		case len(v) == 0:
			return metadataEmpty
		case has && campaign == nil:
			return metadataCampaign
		}
		for _, one := range v {
			if _, text := one.(string); !text {
				return metadataObject
			}
		}
		return metadataStrings
	}
	return formOther
}
