package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Issues is where a report is wanted.
const Issues = "https://github.com/voiceagent-go/voiceagent/issues"

// WriteMarkdown writes the report as a block for an issue.
func (r *Report) WriteMarkdown(w io.Writer, version string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### What voiceagent doctor %s saw\n\n", version)
	fmt.Fprintf(&b, "%d GET requests, and no other. Names and types of keys, no values.\n\n", r.sent())
	b.WriteString("| habit | this service | what the client makes of it |\n| --- | --- | --- |\n")
	for _, h := range r.Habits {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", h.Name, h.Answer, h.Client)
	}
	b.WriteString("\n| request | answer | type | body | headers |\n| --- | --- | --- | --- | --- |\n")
	for _, q := range r.Requests {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", q.Request, q.Answer, q.Type, code(q.Body), strings.Join(q.Headers, ", "))
	}
	if len(r.Keys) > 0 {
		b.WriteString("\n| records | keys |\n| --- | --- |\n")
	}
	for _, k := range r.Keys {
		fmt.Fprintf(&b, "| %s | %s |\n", k.Of, code(k.Keys))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// code keeps names from being taken for Markdown: those with _ would be set in italics. A | between
// types ends a table's cell, even there.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(text, "|", " or ") + "`"
}

// sent counts the requests that may have reached the service.
func (r *Report) sent() int {
	n := 0
	for _, q := range r.Requests {
		if !strings.HasPrefix(q.Answer, "not ") {
			n++
		}
	}
	return n
}
