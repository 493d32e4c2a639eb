package commands

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

// goName matches what only those who write Go know.
var goName = regexp.MustCompile(`\b[A-Z][a-z]+[A-Z]\w*|\b(Fields|Client|Body|Extra|Contacts|context|goroutines?|nil)\b`)

// programmers matches the texts that nobody meets who uses the program: they are about code, or
// about options that the program sets itself or not at all.
var programmers = regexp.MustCompile(`is nil|\bcan't take the answer|CampaignCreateParams\.Repeated|isn't sent as a text|^voiceagent\.Client\(|` +
	`^With\w+$|^use With|^With(HTTPClient|Middleware|Application|MaxResponseBytes|Header|SettleTime|UnknownOutcome|WatchShare|Plan|Limiter|Ledger|RetryPolicy|MaxElapsed|Tracer|Logger)\b|` +
	`^it belongs to the transport|^no API key: `) // the program has a text of its own for that

// No text of the library's that the program shows names anything of Go. A new text with such a name
// needs a place in cli's words.
func TestTheLibraryIsTranslated(t *testing.T) {
	t.Parallel()
	p := &cli.Program{Env: func(string) string { return "" }}
	checked := 0
	for _, dir := range []string{"../../../..", "../../../../internal/hint", "../../../../internal/check", "../../../../internal/envelope"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, text := range texts(t, file) {
				if !goName.MatchString(text) || programmers.MatchString(text) {
					continue
				}
				checked++
				assert.NotRegexp(t, goName, p.Plain(withValues(text)), "%s: %q", file, text)
			}
		}
	}
	assert.Greater(t, checked, 12, "they are found")
}

// texts are the string literals of a file that may be shown: with a space in them.
func texts(t *testing.T, file string) (list []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(tree, func(node ast.Node) bool {
		if field, ok := node.(*ast.Field); ok {
			field.Tag = nil
		}
		if sum, ok := node.(*ast.BinaryExpr); ok {
			if text := joined(sum); strings.Contains(text, " ") {
				list = append(list, text)
			}
			return false
		}
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(text, " ") {
				list = append(list, text)
			}
		}
		return true
	})
	return list
}

// joined is a sum of texts, with %v for what isn't a literal.
func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	}
	return "%v"
}

// withValues puts a number for each verb.
func withValues(text string) string { return regexp.MustCompile(`%[a-z]`).ReplaceAllString(text, "7") }
