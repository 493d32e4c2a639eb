package gateway

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// titleOf returns the title of a page, or else the text that a browser shows of it, as far as it is
// needed. It looks at each byte a bounded number of times.
func titleOf(page string) string {
	text := ""
	for at := 0; at < len(page); {
		start := at
		if at = past(page, at, "<"); len(text) < mostRaw {
			text += page[start:at]
		}
		name, end := nameOf(page[at:]), ">"
		switch name {
		case "": // no tag
			continue
		case "!--":
			end = "-->"
		case "script", "style", "svg", "title":
			at = past(page, at, ">")
			start = at
			at = elementEnd(page, at, name)
			if title := plain(page[start:at]); name == "title" && title != "" {
				return title
			}
		}
		if at = past(page, at, end); len(text) < mostRaw {
			text = strings.TrimSuffix(text, "<") + " "
		}
	}
	return text
}

// past returns where the next end ends, or the text does.
func past(text string, at int, end string) int {
	if next := strings.Index(text[at:], end); next >= 0 {
		return at + next + len(end)
	}
	return len(text)
}

// nameOf returns the name of a tag, that of an end tag without the slash; "" if text begins no tag.
// A comment is "!--".
func nameOf(text string) string {
	if strings.HasPrefix(text, "!--") {
		return "!--"
	}
	n := 0
	for n < len(text) && (isLetter(text[n]) || n == 0 && strings.IndexByte("!?/", text[n]) >= 0) {
		n++
	}
	return strings.ToLower(strings.TrimPrefix(text[:n], "/"))
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// elementEnd returns where an element's end tag begins, or the text ends.
func elementEnd(text string, at int, name string) int {
	for at < len(text) {
		if at = past(text, at, "</"); nameOf(text[at:]) == name && at < len(text) {
			return at - len("</")
		}
	}
	return at
}

const (
	mostPlain = 400           // bytes, more than are shown, so that no number is cut off before it is masked
	mostRaw   = 8 * mostPlain // with its entities
)

// plain makes one line of a text, without entities and what can't be seen.
func plain(text string) string {
	var out []byte
	for _, r := range unescape(bounded(text, mostRaw)) {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			if n := len(out); n > 0 && out[n-1] != ' ' {
				out = append(out, ' ')
			}
		case strconv.IsPrint(r):
			out = utf8.AppendRune(out, r)
		}
	}
	return bounded(strings.TrimSuffix(string(out), " "), mostPlain)
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

// named are entities that stand in error pages. Package html knows all 2,231, which would be in
// every program that links this one.
var named = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&rsquo;", "'", "&lsquo;", "'",
	"&nbsp;", " ", "&ndash;", "-", "&mdash;", "-", "&hellip;", "...", "&amp;", "&")

// unescape replaces the entities of HTML.
func unescape(text string) string {
	for at := past(text, 0, "&#"); at < len(text); at = past(text, at, "&#") {
		end := past(text, at, ";")
		digits, base := text[at:max(at, end-1)], 10
		if hex := strings.TrimLeft(digits, "xX"); hex != digits {
			digits, base = hex, 16
		}
		if code, err := strconv.ParseUint(digits, base, 21); err == nil {
			before := text[:at-len("&#")] + string(rune(code))
			at, text = len(before), before+text[end:]
		}
	}
	return named.Replace(text)
}
