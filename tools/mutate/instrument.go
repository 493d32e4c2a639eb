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
	file string
	at   token.Position
	what string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.file, m.at.Line, m.at.Column, m.what)
}

// instrument writes the files with all their mutants, and the overlay for go test, to tmp.
func instrument(ctx context.Context, dir, tmp string, files []string) ([]mutant, error) {
	packages := make(map[string]*loaded)
	for _, name := range files {
		if in := filepath.Dir(name); packages[in] == nil {
			pkg, err := load(ctx, filepath.Join(dir, in))
			if err != nil {
				return nil, err
			}
			packages[in] = pkg
		}
	}
	o := &overlay{tmp: tmp, replaced: make(map[string]string)}
	var mutants []mutant
	for _, name := range files {
		pkg := packages[filepath.Dir(name)]
		file := pkg.file(filepath.Base(name))
		if file == nil {
			return nil, fmt.Errorf("there is no %s in %s", name, dir)
		}
		path := pkg.fset.File(file.Pos()).Name()
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s := &seeder{pkg: pkg, file: name, mutants: mutants, edits: make(map[int]*edit)}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				s.function(pkg.info.Defs[fn.Name].Type().(*types.Signature), fn.Body)
			}
		}
		mutants = s.mutants
		if err := o.put(path, s.apply(source)); err != nil {
			return nil, err
		}
	}
	for _, pkg := range packages {
		code := strings.NewReplacer("PACKAGE", pkg.name, "COUNT", strconv.Itoa(len(mutants))).Replace(runtimeSource)
		if err := o.put(filepath.Join(pkg.dir, "mutant_runtime.go"), []byte(code)); err != nil {
			return nil, err
		}
	}
	return mutants, o.write()
}

// overlay is what the compiler reads instead of the module's own files.
type overlay struct {
	tmp      string
	replaced map[string]string
}

func (o *overlay) put(path string, code []byte) error {
	o.replaced[path] = filepath.Join(o.tmp, fmt.Sprintf("%d.go", len(o.replaced)))
	return os.WriteFile(o.replaced[path], code, 0o600)
}

func (o *overlay) write() error {
	text, err := json.Marshal(map[string]any{"Replace": o.replaced})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.tmp, "overlay.json"), text, 0o600)
}

type loaded struct {
	dir, name string
	fset      *token.FileSet
	files     []*ast.File
	info      *types.Info
}

// file returns the package's file of that name, or nil.
func (p *loaded) file(name string) *ast.File {
	for _, file := range p.files {
		if filepath.Base(p.fset.File(file.Pos()).Name()) == name {
			return file
		}
	}
	return nil
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
