package cli

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

// The library's errors are for those who write Go. This file says them in the words of the program:
// flags in place of options and fields.

// words are the texts that name something of Go, and what stands in their place.
var words = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`: voiceagent: `), ": "},
	{regexp.MustCompile(`(^|: )jsontext: invalid `), "${1}it is no JSON: invalid "},
	{regexp.MustCompile(`(^|: )json(text)?: `), "$1"},
	{regexp.MustCompile(`\bduplicate object member name ("[^"]*")`), "the key $1 is there twice"},
	{regexp.MustCompile(`\bunexpected EOF( after offset \d+)?`), "it ends too early"},
	{regexp.MustCompile(`: EOF\b`), ": the connection was closed"},
	{regexp.MustCompile(`\bstrconv\.\w+: parsing ("[^"]*"): (invalid syntax|value out of range)`), "$1 is no whole number that fits"},
	{regexp.MustCompile(`\bexponential backoff`), "waiting longer each time"},
	{regexp.MustCompile(`\bgiving up as WithMaxRetries\((\d+)\) says`), "giving up after $1 tries more (--retries)"},
	{regexp.MustCompile(`which is beyond WithMaxElapsed\(([^)]*)\)`), "as this program tries for $1 at most"},
	{regexp.MustCompile(`\bas long as WithMaxElapsed\(([^)]*)\) allows`), "for $1, the longest that this program does"},
	{regexp.MustCompile(`, which WithMaxResponseBytes raises`), ": ask for less at once"},
	{regexp.MustCompile(`: CreateBatches splits them`), ": voiceagent campaigns run makes several campaigns of them"},
	{regexp.MustCompile(`, or PhoneColumn names another column`), ", or --phone-column names another one"},
	{regexp.MustCompile(`\ba key is there twice, as one of Extra that is also a field of the parameters: `), "a key is there twice, as --extra and as what another flag sets: "},
	{regexp.MustCompile(`: the key goes into WithAPIKey`), ": the key goes into VOICEAGENT_API_KEY, or a file"},
	{regexp.MustCompile(`: use https, or WithInsecureHTTP`), ": use https"},
	{regexp.MustCompile(`which is beyond the context's deadline(; context deadline exceeded)?`), "which is beyond the time left"},
	{regexp.MustCompile(`\bcontext deadline exceeded`), "the time was over"},
	{regexp.MustCompile(`\bcontext canceled`), "it was interrupted"},
	{regexp.MustCompile(`\bshare one Client between goroutines so that it can keep to the limit`), "run fewer commands at a time"},
	{regexp.MustCompile(` is missing or the JSON is malformed: see Fields and Body`), " is missing, or the JSON is malformed"},
	{regexp.MustCompile(`,? \(?(and \d+ more, )?see Fields\)?|: see Fields`), ""},
	{regexp.MustCompile(`\bWithAttemptTimeout: `), "--attempt-timeout: "},
	{regexp.MustCompile(`\bWithMaxRetries: `), "--retries: "},
	{regexp.MustCompile(`\bWithIdempotencyKey: `), "--idempotency-key: "},
	{regexp.MustCompile(`\bWithAPIKey: `), ""},
}

// Plain says a text of the library in the words of this program, without a key that somebody typed
// where it doesn't belong. The base URL and the key are said to come from where they do.
func (p *Program) Plain(text string) string {
	text = keyLike.ReplaceAllString(text, "lev_...REDACTED")
	_, from, _ := p.baseURLInForce()
	text = strings.NewReplacer(
		"the base URL from WithBaseURL", from,
		"(VOICEAGENT_BASE_URL or WithBaseURL)", "("+cmp.Or(from, "VOICEAGENT_BASE_URL or --base-url")+")",
		"check VOICEAGENT_API_KEY,", "check "+cmp.Or(p.keyFrom, keyVariable)+",",
	).Replace(text)
	text = misfit.ReplaceAllStringFunc(text, plainMisfit)
	for _, word := range words {
		text = word.is.ReplaceAllString(text, word.as)
	}
	return text
}

// misfit matches what is said of a JSON value of another kind than a Go type takes. Builds of the
// library differ in its first words.
var misfit = regexp.MustCompile(`(?:json: )?(?:cannot|unable to) unmarshal JSON (\w+) into Go (\S+(?: \{\})?)(?: within "([^"]*)")?`)

func plainMisfit(text string) string {
	part := misfit.FindStringSubmatch(text)
	is := map[string]string{"number": "a number", "string": "a text", "array": "a list", "object": "an object", "boolean": "true or false", "null": "null"}[part[1]]
	wanted := "another kind of value"
	switch kind := strings.TrimLeft(part[2], "*"); {
	case kind == "string":
		wanted = "a text"
	case strings.HasPrefix(kind, "[]"):
		wanted = "a list"
	case strings.HasPrefix(kind, "map["), strings.HasPrefix(kind, "voiceagent."), strings.HasPrefix(kind, "commands."):
		wanted = "an object"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "float"):
		wanted = "a number"
	case kind == "bool":
		wanted = "true or false"
	}
	return cmp.Or(strings.TrimPrefix(part[3], "/"), "it") + " is " + cmp.Or(is, part[1]) + ", and must be " + wanted
}

// routeFlags are the flags for the fields of a request, by its route: phone_number is the number
// that a call goes to, and the one that a campaign comes from.
var routeFlags = map[string]map[string]string{
	"/call": {"agent_id": "--agent", "source_number": "--from", "phone_number": "--to", "metadata": "--metadata"},
	"/campaigns": {
		"name": "--name", "agent_id": "--agent", "phone_number": "--from", "phone_column": "--phone-column", "max_concurrent_calls": "--concurrency",
		"daily_start_time": "--hours", "daily_end_time": "--hours", "blackout_periods": "--blackout", "schedule_time": "--schedule",
		"retry_config": "--retry-on, --retry-after, --max-retries",
	},
	"/agents": {
		"name": "--name", "start_flow": "--start-flow", "end_flow": "--end-flow", "agent_type": "--type", "custom_description": "--custom-description",
		"sector": "--sector", "language": "--language", "voice": "--voice", "brand_name": "--brand", "description": "--description",
		"webhook_config": "--webhook-url", "webhook_config.secret": "--webhook-secret-file",
	},
	"": {"idempotency_key": "--idempotency-key", "body": "--extra", "interval": "--interval"},
}

// flagOf returns the flag for a field of a request, or the argument; "" where there is none.
func flagOf(route, field string) string {
	if strings.Contains(route, "{"+field+"}") {
		return strings.ToUpper(strings.TrimSuffix(field, "_id")) // as the help calls it: AGENT
	}
	base := route
	if head, _, ok := strings.Cut(route, "/{"); ok {
		base = head
	}
	top, _, _ := strings.Cut(field, ".")
	top, _, _ = strings.Cut(top, "[")
	return cmp.Or(routeFlags[base][field], routeFlags[base][top], routeFlags[""][field])
}

// fieldsOf are the complaints about the fields of a request, in the words of this program.
func (p *Program) fieldsOf(api *voiceagent.APIError) (fields []field) {
	for _, f := range api.Fields {
		one := field{Field: f.Field, Flag: flagOf(api.Route, f.Field), Message: p.Plain(f.Message)}
		if f.Field == "option" { // its text begins with the flag
			one.Flag, one.Message, _ = strings.Cut(one.Message, ": ")
		}
		fields = append(fields, one)
	}
	return fields
}

// String is one line.
func (f field) String() string {
	name := f.Flag
	switch {
	case name == "":
		name = f.Field
	case strings.ContainsAny(f.Field, "[."): // which of several
		name += " (" + f.Field + ")"
	}
	return strings.TrimPrefix(name+": "+f.Message, ": ")
}
