package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTablesNameEverything keeps two tables complete: every option, and every error that errors.As
// or errors.Is finds.
func TestTablesNameEverything(t *testing.T) {
	t.Parallel()
	errorsTable, optionsTable := prose(t, "README.md"), prose(t, "docs/options.md")
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
				if decl.Recv == nil && strings.HasPrefix(decl.Name.Name, "With") && !strings.Contains(optionsTable, row) {
					t.Errorf("the options table lacks %s", decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, row := range errorRows(decl) {
					if !strings.Contains(errorsTable, row) {
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

var (
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	fenced  = regexp.MustCompile("(?s)\n```.*?\n```")
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped = regexp.MustCompile(`[^\pL\pN _-]`)
)

// TestLinks follows the links of every page that stay within the repository, to the heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, pattern := range []string{"*.md", ".github/*.md", "docs/*.md", "docs/*/*.md", "examples/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		pages = append(pages, found...)
	}
	for _, page := range pages {
		for _, match := range link.FindAllStringSubmatch(prose(t, page), -1) {
			path, anchor, _ := strings.Cut(match[1], "#")
			if strings.HasPrefix(path, "https://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			_, err := os.Stat(target)
			if assert.NoError(t, err, page) && anchor != "" {
				assert.Contains(t, anchors(t, target), anchor, "%s: %s leads nowhere", page, match[1])
			}
		}
	}
}

// prose returns a page without its code.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	return fenced.ReplaceAllString(string(text), "")
}

// anchors returns what GitHub calls the headings of a page.
func anchors(t *testing.T, page string) (names []string) {
	t.Helper()
	for _, match := range heading.FindAllStringSubmatch(prose(t, page), -1) {
		name := dropped.ReplaceAllString(strings.ToLower(match[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}
