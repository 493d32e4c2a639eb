package docs_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// fragmentFrame is what the README's fragments may use without declaring it.
const fragmentFrame = `package readme

import (
%s)

func _(ctx context.Context, client *voiceagent.Client, agentID string, limiter voiceagent.Limiter, params voiceagent.CallCreateParams, row struct{ ID string }) {
	_, _, _, _, _, _ = ctx, client, agentID, limiter, params, row
	{
%s
	}
}
`

// fragmentRedis comes before the fragments that use what an earlier one declared.
const fragmentRedis = `var rdb *redis.Client
{
%s
}
`

var fragmentImports = map[string]string{
	"errors": "errors", "slices": "slices", "strings": "strings", "fmt": "fmt", "log": "log", "slog": "log/slog", "os": "os", "time": "time", "url": "net/url",
	"redis": "github.com/redis/go-redis/v9", "otelvoiceagent": "github.com/voiceagent-go/voiceagent/otelvoiceagent",
	"redisvoiceagent": "github.com/voiceagent-go/voiceagent/redisvoiceagent", "webhook": "github.com/voiceagent-go/voiceagent/webhook",
	"voiceagenttest": "github.com/voiceagent-go/voiceagent/voiceagenttest",
}

var published = flag.String("readme.version", "", "compile every block, with the modules of this published version, which the go command fetches")

// writeModule makes dir a module that uses this one, from the checkout or as published.
func writeModule(t *testing.T, dir string) {
	t.Helper()
	if *published != "" {
		mod := "module example.com/readme\n\ngo 1.26\n"
		for _, module := range []string{"", "/boltledger", "/otelvoiceagent", "/redisvoiceagent"} {
			mod += "require github.com/voiceagent-go/voiceagent" + module + " " + *published + "\n"
		}
		write(t, filepath.Join(dir, "go.mod"), []byte(mod))
		return
	}
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	mod := fmt.Sprintf("module example.com/readme\n\ngo 1.26\nrequire github.com/voiceagent-go/voiceagent v0.0.0\nreplace github.com/voiceagent-go/voiceagent => %q\n", root)
	write(t, filepath.Join(dir, "go.mod"), []byte(mod))
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	write(t, filepath.Join(dir, "go.sum"), sums)
}

// TestReadmeCompiles builds each Go block of the README and of the pages in docs as a user would,
// in a module of its own. It runs the tests, and the programs that end by themselves.
func TestReadmeCompiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeModule(t, dir)

	blocks := goBlocks(t)
	examples := exampleSources(t)
	var programs []string
	require.NotEmpty(t, blocks)
	for line, block := range blocks {
		if isExcerpt(examples, block) {
			continue // it is compiled and tested where it comes from
		}
		source, name := block, "main.go"
		switch {
		case !strings.HasPrefix(block, "package "):
			source, name = frame(t, line, block), "fragment.go"
		case strings.Contains(block, `"testing"`):
			name = "readme_test.go"
		}
		formatted, err := format.Source([]byte(block))
		if assert.NoError(t, err, "the block at line %d", line) {
			assert.Equal(t, strings.TrimSpace(string(formatted)), strings.TrimSpace(block), "the block at line %d isn't gofmt'd", line)
		}
		if *published == "" && (strings.Contains(block, "redis") || strings.Contains(block, "otel")) {
			continue // nobody's go test should have to fetch those
		}
		folder := fmt.Sprintf("line%03d", line)
		write(t, filepath.Join(dir, folder, name), []byte(source))
		if strings.Contains(block, "func main() {") && !strings.Contains(block, "ListenAndServe") {
			programs = append(programs, "./"+folder)
		}
	}
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "test", "./...")

	require.NotEmpty(t, programs)
	srv := voiceagenttest.NewServer(voiceagenttest.WithSpeed(100))
	t.Cleanup(srv.Close)
	for _, program := range programs {
		goTool(t, dir, "run", program, "VOICEAGENT_API_KEY="+voiceagenttest.DefaultKey, "VOICEAGENT_BASE_URL="+srv.URL)
	}
}

// goBlocks returns the Go blocks of the README and of the pages in docs, by line, counted through.
func goBlocks(t *testing.T) map[int]string {
	t.Helper()
	blocks := make(map[int]string)
	var block []string
	start := 0 // of the block that the line is in; 0 outside
	for i, line := range strings.Split(documentation(t), "\n") {
		switch {
		case start == 0 && line == "```go":
			start, block = i+1, nil
		case start != 0 && line == "```":
			blocks[start] = strings.Join(block, "\n") + "\n"
			start = 0
		case start != 0:
			block = append(block, line)
		}
	}
	require.Zero(t, start, "a block isn't closed")
	return blocks
}

var declaration = regexp.MustCompile(`(?m)^([a-z]\w*)(?:, err)? := `)

// frame makes a file of a fragment. What it imports follows from the names that it doesn't declare.
func frame(t *testing.T, line int, block string) string {
	t.Helper()
	for _, declared := range declaration.FindAllStringSubmatch(block, -1) {
		block += "_ = " + declared[1] + "\n" // what the reader will use
	}
	if strings.Contains(block, "rdb") && !strings.Contains(block, "rdb :=") {
		block = fmt.Sprintf(fragmentRedis, block)
	}
	base := "\t\"context\"\n\n\t\"github.com/voiceagent-go/voiceagent\"\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", fmt.Sprintf(fragmentFrame, base, block), 0)
	require.NoError(t, err, "the block at line %d", line)
	var imports []string
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && fragmentImports[name.Name] != "" {
				imports = append(imports, fmt.Sprintf("\t%q\n", fragmentImports[name.Name]))
			}
		}
		return true
	})
	slices.Sort(imports)
	return fmt.Sprintf(fragmentFrame, strings.Join(slices.Compact(imports), "")+base, block)
}

// exampleSources returns the text of all examples.
func exampleSources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("examples/*/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}

// isExcerpt reports whether a block stands in an example, at its left margin or in a function.
func isExcerpt(examples, block string) bool {
	indented := regexp.MustCompile("(?m)^(.)").ReplaceAllString(block, "\t$1")
	return strings.Contains(examples, "\n"+block) || strings.Contains(examples, "\n"+indented)
}

// goTool runs the go command without the settings of whoever runs the tests, and without a network
// if nothing is to be fetched.
func goTool(t *testing.T, dir, command, what string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", command, what)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOFLAGS=-mod=mod -modcacherw", "GOWORK=off"), env...)
	if *published == "" {
		cmd.Env = append(cmd.Env, "GOPROXY=off")
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %s %s\n%s", command, what, bytes.TrimSpace(out))
}

// documentation returns README and the pages in docs, one after the other.
func documentation(t *testing.T) string {
	t.Helper()
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	var all strings.Builder
	for _, page := range append([]string{"README.md"}, pages...) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, content, 0o600))
}
