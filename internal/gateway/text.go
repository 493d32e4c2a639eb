package gateway

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible returns the title of a page and the text that a browser shows of it, a line for each
// block, both still escaped. It looks at each byte a bounded number of times.
func visible(page string) (title, text string) {
	var out strings.Builder
	breaks := strings.NewReplacer("\n", " ", "\r", " ")
	for page != "" {
		before, tag, found := strings.Cut(page, "<")
		_, _ = breaks.WriteString(&out, before)
		if page = tag; !found {
			break
		}
		end := ">"
		switch name := nameOf(tag); name {
		case "":
			out.WriteByte('<')
			continue
		case "!--":
			end = "-->"
		case "script", "style", "svg":
			_, page = cutElement(tag, name)
		case "title":
			var content string
			_, content, _ = strings.Cut(tag, ">")
			if content, page = cutElement(content, name); plain(title) == "" {
				title = content
			}
		case "a", "b", "i", "em", "span", "strong", "font", "code", "tt", "u", "small":
			_, page, _ = strings.Cut(page, ">")
			continue
		}
		_, page, _ = strings.Cut(page, end)
		out.WriteByte('\n')
	}
	return title, out.String()
}

// nameOf returns the name of a tag, that of an end tag without the slash; "" if text begins no tag.
// A comment is "!--".
func nameOf(text string) string {
	if strings.HasPrefix(text, "!--") {
		return "!--"
	}
	isOther := func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !strings.ContainsRune("!?/", r)
	}
	if end := strings.IndexFunc(text, isOther); end >= 0 {
		text = text[:end]
	}
	return strings.ToLower(strings.TrimPrefix(text, "/"))
}

// cutElement returns the content of an element, and what follows from its end tag on.
func cutElement(text, name string) (content, rest string) {
	for at := 0; ; at++ {
		next := strings.Index(text[at:], "</")
		if next < 0 {
			return text, ""
		}
		if at += next; nameOf(text[at+1:]) == name {
			return text[:at], text[at:]
		}
	}
}

// firstLine returns the first line of a text that isn't blank.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = plain(line); line != "" {
			return line
		}
	}
	return ""
}

// mostPlain is more bytes than are shown, so that no number is cut off before it is masked.
const mostPlain = 400

// plain makes one line of a text, without entities and what can't be seen.
func plain(text string) string {
	var out strings.Builder
	for _, r := range bounded(unescape(text), 8*mostPlain) {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			if s := out.String(); s != "" && !strings.HasSuffix(s, " ") {
				out.WriteByte(' ')
			}
		case unicode.IsGraphic(r):
			out.WriteRune(r)
		}
	}
	return bounded(strings.TrimSuffix(out.String(), " "), mostPlain)
}

// bounded cuts a text off after so many bytes.
func bounded(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "..."
}

// unescape replaces the entities of HTML. The standard library's knows 2,231 names, which would be
// in every program that links this one.
func unescape(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "&")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		const longest = 10
		name, _, ended := strings.Cut(rest[:min(len(rest), longest)], ";")
		if r := entity(name); ended && r != 0 {
			out.WriteRune(r)
			rest = rest[len(name)+1:]
		} else {
			out.WriteByte('&')
		}
		text = rest
	}
}

// entity returns the character that an entity stands for; 0 for an unknown one.
func entity(name string) rune {
	if digits, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if hex := strings.TrimLeft(digits, "xX"); hex != digits {
			digits, base = hex, 16
		}
		code, _ := strconv.ParseUint(digits, base, 32)
		return rune(min(code, unicode.MaxRune+1)) // written as U+FFFD
	}
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos", "rsquo", "lsquo":
		return '\''
	case "nbsp":
		return ' '
	case "ndash", "mdash":
		return '-'
	case "hellip":
		return '\u2026'
	}
	return 0
}

// idIn finds the id that a page tells its reader to quote; "" for none.
func idIn(text string) string {
	text = unescape(text)
	for _, word := range [...]string{"Ray ID", "Reference #", "Reference ID", "Support ID", "Incident ID", "Request ID", "Event ID"} {
		at := indexFold(text, word)
		if at < 0 {
			continue
		}
		isOther := func(r rune) bool { return !isIDRune(r) }
		after := strings.TrimLeftFunc(text[at+len(word):], isOther)
		after = strings.TrimLeftFunc(strings.TrimPrefix(after, "is"), isOther)
		if end := strings.IndexFunc(after, isOther); end >= 0 {
			after = after[:end]
		}
		if strings.ContainsAny(after, "0123456789") {
			return strings.ToLower(word) + " " + bounded(strings.TrimRight(after, "."), longestID)
		}
	}
	return ""
}

func isIDRune(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '.' || r == '-' || r == '_'
}

// indexFold is strings.Index that ignores the case.
func indexFold(text, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
