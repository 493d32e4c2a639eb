package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// publicPackages is what others import.
var publicPackages = []string{
	".", "boltledger", "otelvoiceagent", "redisvoiceagent", "voiceagenttest", "webhook",
}

// TestEveryExportedNameHasAComment reads all public packages, those in modules of their own too.
func TestEveryExportedNameHasAComment(t *testing.T) {
	t.Parallel()
	for _, dir := range publicPackages {
		packageComments, names := 0, 0
		for name, file := range shipped(t, dir) {
			if file.Doc != nil {
				packageComments++
			}
			for _, e := range exportedOf(file) {
				names++
				assert.NotEmpty(t, strings.TrimSpace(e.comment), "%s: %s has no comment", name, e.name)
			}
		}
		assert.Equal(t, 1, packageComments, "files of %s with the package's comment", dir)
		assert.NotZero(t, names, dir)
	}
}

// TestEveryPublicTypeIsDeclaredWhereUsersFindIt refuses types that are only another name for one of
// an internal package: go doc has nothing to show of them.
func TestEveryPublicTypeIsDeclaredWhereUsersFindIt(t *testing.T) {
	t.Parallel()
	for _, dir := range publicPackages {
		types := 0
		for name, file := range shipped(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok || !spec.Name.IsExported() {
					return true
				}
				types++
				assert.False(t, spec.Assign.IsValid(), "%s: %s is an alias", name, spec.Name)
				_, other := spec.Type.(*ast.SelectorExpr)
				assert.False(t, other, "%s: %s is declared in another package", name, spec.Name)
				return true
			})
		}
		assert.NotZero(t, types, dir)
	}
}

// source is how a comment says from where something is known: CONTRIBUTING.md explains the words.
var source = regexp.MustCompile(`\bSource:|\b(un)?documented\b|\bseen in use\b|\binferred\b|\bunverified\b|\bunknown\b`)

// otherMethod is a service's method that a comment refers to, and whose comment names the source.
var otherMethod = regexp.MustCompile(`\[(\w+Service\.\w+)\]`)

// TestEveryMethodNamesItsSource looks at the methods that make requests.
func TestEveryMethodNamesItsSource(t *testing.T) {
	t.Parallel()
	comments := make(map[string]string)
	for _, file := range shipped(t, ".") {
		for _, e := range exportedOf(file) {
			if strings.Contains(e.name, "Service.") {
				comments[e.name] = e.comment
			}
		}
	}
	require.NotEmpty(t, comments)
	for name, comment := range comments {
		if other := otherMethod.FindStringSubmatch(comment); len(other) > 1 {
			comment += comments[other[1]]
		}
		assert.Regexp(t, source, comment, "the comment of %s doesn't say how its endpoint is known", name)
	}
}

// TestEveryRecordNamesItsSource looks at the structs whose fields are keys of the API's.
func TestEveryRecordNamesItsSource(t *testing.T) {
	t.Parallel()
	records := 0
	for _, dir := range []string{".", "webhook"} {
		for name, file := range shipped(t, dir) {
			for _, e := range exportedOf(file) {
				record, ok := e.spec.(*ast.StructType)
				if !ok || !hasKeys(record) || strings.HasPrefix(e.name, "Ledger") { // whose keys are the client's own
					continue
				}
				records++
				comment := e.comment
				for _, field := range record.Fields.List {
					comment += field.Doc.Text() + field.Comment.Text()
				}
				assert.Regexp(t, source, comment, "%s: neither the comment of %s nor those of its fields say how its keys are known", name, e.name)
			}
		}
	}
	assert.NotZero(t, records)
}

// hasKeys reports whether fields are keys of a JSON object.
func hasKeys(record *ast.StructType) bool {
	for _, field := range record.Fields.List {
		if field.Tag != nil && strings.Contains(field.Tag.Value, `json:"`) {
			return true
		}
	}
	return false
}

// exported is an exported name, with the comment that go doc shows for it.
type exported struct {
	name, comment string
	spec          ast.Expr // of a type
}

func exportedOf(file *ast.File) (names []exported) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				name = receiver(decl.Recv.List[0].Type) + "." + name
			}
			if decl.Name.IsExported() && ast.IsExported(name) {
				names = append(names, exported{name: name, comment: decl.Doc.Text()})
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				names = append(names, exportedOfSpec(decl, spec)...)
			}
		}
	}
	return names
}

// exportedOfSpec returns the exported names of a spec. The comment of a group counts for its
// constants and variables, but not for its types.
func exportedOfSpec(decl *ast.GenDecl, spec ast.Spec) (names []exported) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		comment := spec.Doc.Text()
		if !decl.Lparen.IsValid() {
			comment = decl.Doc.Text()
		}
		if !spec.Name.IsExported() {
			return nil
		}
		names = append(names, exported{name: spec.Name.Name, comment: comment, spec: spec.Type})
		if methods, ok := spec.Type.(*ast.InterfaceType); ok && len(methods.Methods.List) > 1 {
			for _, m := range methods.Methods.List { // the comment of an interface with one method may describe the method
				for _, name := range m.Names {
					names = append(names, exported{name: spec.Name.Name + "." + name.Name, comment: m.Doc.Text() + m.Comment.Text()})
				}
			}
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() {
				names = append(names, exported{name: name.Name, comment: decl.Doc.Text() + spec.Doc.Text() + spec.Comment.Text()})
			}
		}
	}
	return names
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// shipped parses the files of a package that aren't tests.
func shipped(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	files := make(map[string]*ast.File)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
	}
	require.NotEmpty(t, files, dir)
	return files
}
