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
	"errors": "errors", "slices": "slices", "fmt": "fmt", "log": "log", "slog": "log/slog", "os": "os", "time": "time", "url": "net/url",
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
	var programs []string
	require.NotEmpty(t, blocks)
	for line, block := range blocks {
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
	for i, line := range strings.Split(readme(t)+docs(t), "\n") {
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

// TestReadmeNamesEverything keeps the README's tables complete: every option, and every error that
// errors.As or errors.Is finds.
func TestReadmeNamesEverything(t *testing.T) {
	t.Parallel()
	text := readme(t)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				row := "| `" + decl.Name.Name + "` |"
				if decl.Recv == nil && strings.HasPrefix(decl.Name.Name, "With") && !strings.Contains(text, row) {
					t.Errorf("the options table lacks %s", decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, row := range errorRows(decl) {
					if !strings.Contains(text, row) {
						t.Errorf("the errors table lacks %s", row)
					}
				}
			}
		}
	}
}

// errorRows is how the rows of the errors table begin that are about what is declared.
func errorRows(decl *ast.GenDecl) (rows []string) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if isErrorType(spec.Name.Name) {
				rows = append(rows, "| `*"+spec.Name.Name+"` |")
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				// ErrLedgerTaken stays between a ledger and the client.
				if strings.HasPrefix(name.Name, "Err") && name.Name != "ErrLedgerTaken" {
					rows = append(rows, "| `"+name.Name+"` |")
				}
			}
		}
	}
	return rows
}

// isErrorType reports whether a type belongs in the errors table. A part of another error, and an
// error about CSV files, doesn't.
func isErrorType(name string) bool {
	switch name {
	case "APIError", "FieldError", "RowError", "RepeatedContactError":
		return false
	}
	return ast.IsExported(name) && strings.HasSuffix(name, "Error")
}

var link = regexp.MustCompile(`\]\(([^)]+)\)`)

// TestReadmeLinks follows the links that stay within the repository.
func TestReadmeLinks(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for _, block := range goBlocks(t) {
		text = strings.ReplaceAll(text, block, "") // errors.AsType[T](err) isn't a link
	}
	anchors := make(map[string]bool)
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok {
			anchors["#"+strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(title, ",", "")), " ", "-")] = true
		}
	}
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		switch target := match[1]; {
		case strings.HasPrefix(target, "https://"):
		case strings.HasPrefix(target, "#"):
			assert.True(t, anchors[target], "%s leads nowhere", target)
		default:
			path, _, _ := strings.Cut(target, "#")
			_, err := os.Stat(path)
			assert.NoError(t, err)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(text)
}

func docs(t *testing.T) string {
	t.Helper()
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	var all strings.Builder
	for _, page := range pages {
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
