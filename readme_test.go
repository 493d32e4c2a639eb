package voiceagent_test

import (
	"bytes"
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
)

// fragmentFrame is what the README's fragments may use without declaring it.
const fragmentFrame = `package readme

import (
%s)

func _(ctx context.Context, client *voiceagent.Client, agentID string) {
	_, _, _ = ctx, client, agentID
	{
%s
	}
}
`

var fragmentImports = map[string]string{
	"errors": "errors", "slices": "slices", "fmt": "fmt", "log": "log", "os": "os", "time": "time", "url": "net/url",
}

// TestReadmeCompiles builds each Go block of the README as a user would, in a module of its own, and runs its tests.
func TestReadmeCompiles(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	dir := t.TempDir()
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	write(t, filepath.Join(dir, "go.sum"), sums)
	write(t, filepath.Join(dir, "go.mod"), fmt.Appendf(nil, "module example.com/readme\n\ngo 1.26\n\n"+
		"require github.com/voiceagent-go/voiceagent v0.0.0\n\nreplace github.com/voiceagent-go/voiceagent => %q\n", root))

	blocks := goBlocks(t)
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
		if strings.Contains(block, "redis") || strings.Contains(block, "otel") {
			continue // what it imports isn't in this module; the examples of redislimit and redisledger are the same
		}
		write(t, filepath.Join(dir, fmt.Sprintf("line%03d", line), name), []byte(source))
	}
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "test", "./...")
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

// frame makes a file of a fragment. What it imports follows from the names that it doesn't declare.
func frame(t *testing.T, line int, block string) string {
	t.Helper()
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

// goTool runs the go command without a network and without the settings of whoever runs the tests.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %s\n%s", strings.Join(args, " "), bytes.TrimSpace(out))
}

// TestReadmeNamesEverything keeps the README's tables complete: every option, and every error that errors.As finds.
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
				for _, spec := range decl.Specs {
					spec, ok := spec.(*ast.TypeSpec)
					if ok && isErrorType(spec.Name.Name) && !strings.Contains(text, "| `*"+spec.Name.Name+"` |") {
						t.Errorf("the errors table lacks %s", spec.Name.Name)
					}
				}
			}
		}
	}
}

// isErrorType tells the types that stand in the errors table: not what is part of another error, or belongs to CSV files.
func isErrorType(name string) bool {
	switch name {
	case "APIError", "FieldError", "RowError":
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
			_, err := os.Stat(target)
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
