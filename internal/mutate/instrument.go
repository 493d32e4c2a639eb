package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// runtimeSource is what the mutated code calls; it is compiled into the package.
//
//go:embed runtime.txt
var runtimeSource string

// mutant is one fault.
type mutant struct {
	id   int // from 1
	at   token.Position
	what string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", filepath.Base(m.at.Filename), m.at.Line, m.at.Column, m.what)
}

// instrument writes the files with all their mutants, and the overlay for go test, to tmp.
func instrument(ctx context.Context, dir, tmp string, files []string) ([]mutant, error) {
	pkg, err := load(ctx, dir)
	if err != nil {
		return nil, err
	}
	var mutants []mutant
	replaced := make(map[string]string)
	for _, name := range files {
		i := slices.IndexFunc(pkg.files, func(f *ast.File) bool { return filepath.Base(pkg.fset.File(f.Pos()).Name()) == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no %s in %s", name, dir)
		}
		path := pkg.fset.File(pkg.files[i].Pos()).Name()
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s := &seeder{pkg: pkg, mutants: mutants, edits: make(map[int]*edit)}
		for _, decl := range pkg.files[i].Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				s.function(pkg.info.Defs[fn.Name].Type().(*types.Signature), fn.Body)
			}
		}
		mutants = s.mutants
		replaced[path] = filepath.Join(tmp, name)
		if err := os.WriteFile(replaced[path], s.apply(source), 0o600); err != nil {
			return nil, err
		}
	}
	code := strings.NewReplacer("PACKAGE", pkg.name, "COUNT", strconv.Itoa(len(mutants))).Replace(runtimeSource)
	added := filepath.Join(tmp, "mutant_runtime.go")
	if err := os.WriteFile(added, []byte(code), 0o600); err != nil {
		return nil, err
	}
	replaced[filepath.Join(pkg.dir, "mutant_runtime.go")] = added
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return nil, err
	}
	return mutants, os.WriteFile(filepath.Join(tmp, "overlay.json"), overlay, 0o600)
}

type loaded struct {
	dir, name string
	fset      *token.FileSet
	files     []*ast.File
	info      *types.Info
}

// load parses and checks the package. What it imports comes from the build cache.
func load(ctx context.Context, dir string) (*loaded, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps", "-json=Dir,Name,ImportPath,Export,GoFiles", ".")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w", dir, err)
	}
	var last struct {
		Dir, Name, ImportPath, Export string
		GoFiles                       []string
	}
	exports := make(map[string]string)
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); { // the package itself comes last
		last.GoFiles = nil
		if err := d.Decode(&last); err != nil {
			return nil, err
		}
		exports[last.ImportPath] = last.Export
	}
	p := &loaded{dir: last.Dir, name: last.Name, fset: token.NewFileSet()}
	for _, name := range last.GoFiles {
		file, err := parser.ParseFile(p.fset, filepath.Join(p.dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
	}
	p.info = &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object),
		Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	_, err = config.Check(last.ImportPath, p.fset, p.files, p.info)
	return p, err
}
