package envelope

import (
	"bytes"
	"unicode/utf8"
)

// PlainMembers calls member for each member of an object in which all keys and values are texts without an escape, which is what most small
// objects are, and costs a fraction of decoding one. Of anything else it reports false, perhaps after some calls; what that is, only a decoder
// can tell.
func PlainMembers(object []byte, member func(key, value []byte)) bool {
	rest, ok := skip(object, '{')
	if !ok {
		return false
	}
	if rest, ok = skip(rest, '}'); ok {
		return isBlank(rest)
	}
	for {
		var key, value []byte
		if key, rest, ok = plainText(rest); !ok {
			return false
		}
		if rest, ok = skip(rest, ':'); !ok {
			return false
		}
		if value, rest, ok = plainText(rest); !ok {
			return false
		}
		member(key, value)
		if after, ok := skip(rest, ','); ok {
			rest = after
			continue
		}
		rest, ok = skip(rest, '}')
		return ok && isBlank(rest)
	}
}

// skip passes over blanks and one delimiter.
func skip(text []byte, delimiter byte) (rest []byte, ok bool) {
	for i, c := range text {
		switch c {
		case delimiter:
			return text[i+1:], true
		case ' ', '\n', '\r', '\t':
		default:
			return text, false
		}
	}
	return text, false
}

// plainText cuts a text without an escape from the front.
func plainText(text []byte) (value, rest []byte, ok bool) {
	if text, ok = skip(text, '"'); !ok {
		return nil, nil, false
	}
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return nil, nil, false
	}
	value = text[:end]
	ascii := true
	for _, c := range value {
		if c == '\\' || c < ' ' {
			return nil, nil, false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return value, text[end+1:], ascii || utf8.Valid(value)
}
