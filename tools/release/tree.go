package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// tree has what the release writes, by file. It becomes a commit without the files of the checkout
// being touched.
type tree map[string][]byte

func (t tree) edited() []string { return slices.Sorted(maps.Keys(t)) }

// addSums writes the checksums of this repository's modules into the go.sum of each module that
// requires them. A module comes after those that it requires, as its own sum depends on theirs.
func (r *release) addSums(t tree) error {
	sums := map[string]string{} // the two lines of a module, by its path
	for len(sums) < len(r.modules) {
		before := len(sums)
		for name, m := range r.modules {
			if _, done := sums[name]; done {
				continue
			}
			required := r.own(m)
			if slices.ContainsFunc(required, func(name string) bool { return sums[name] == "" }) {
				continue
			}
			if err := r.writeSums(t, m, required, sums); err != nil {
				return err
			}
			lines, err := r.sum(t, name, m)
			if err != nil {
				return err
			}
			sums[name] = lines
		}
		if len(sums) == before {
			return errors.New("the modules of this repository require each other in a circle")
		}
	}
	return nil
}

// writeSums replaces what a go.sum has of this repository's modules.
func (r *release) writeSums(t tree, m moduleDir, required []string, sums map[string]string) error {
	name := path.Join(m.dir, "go.sum")
	old, err := r.file(name)
	if errors.Is(err, os.ErrNotExist) && len(required) == 0 {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var b strings.Builder
	for line := range strings.Lines(string(old)) {
		of, _, _ := strings.Cut(line, " ")
		if _, own := r.modules[of]; !own {
			b.WriteString(line)
		}
	}
	for _, name := range slices.Sorted(slices.Values(required)) {
		b.WriteString(sums[name])
	}
	t[name] = []byte(b.String())
	return nil
}

// sum returns the two lines that a go.sum has of a module in the given tree.
func (r *release) sum(t tree, name string, m moduleDir) (string, error) {
	commit, err := r.commit(t, "for its checksums")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	archive, err := os.Create(filepath.Join(dir, "module.zip"))
	if err != nil {
		return "", err
	}
	defer archive.Close()
	if err := zip.CreateFromVCS(archive, module.Version{Path: name, Version: r.version}, r.root, commit, strings.TrimPrefix(m.dir, ".")); err != nil {
		return "", err
	}
	whole, err := dirhash.HashZip(archive.Name(), dirhash.Hash1)
	if err != nil {
		return "", err
	}
	mod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(t[path.Join(m.dir, "go.mod")])), nil
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", name, r.version, whole, name, r.version, mod), nil
}

// git runs git in a checkout.
type git struct{ root string }

// file reads a file of the checkout.
func (g git) file(name string) ([]byte, error) { return os.ReadFile(filepath.Join(g.root, name)) }

func (g git) run(args ...string) (string, error) { return g.runWith(nil, nil, args...) }

func (g git) runWith(env []string, in []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(context.Background(), "git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = g.root, append(os.Environ(), env...), bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// commit makes a commit on top of HEAD that has the files of a tree in it. No branch has it yet.
func (g git) commit(t tree, message string) (string, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(dir, "index")}
	if _, err := g.runWith(index, nil, "read-tree", "HEAD"); err != nil {
		return "", err
	}
	for _, name := range t.edited() {
		blob, err := g.runWith(index, t[name], "hash-object", "-w", "--stdin")
		if err != nil {
			return "", err
		}
		if _, err := g.runWith(index, nil, "update-index", "--add", "--cacheinfo", "100644,"+blob+","+name); err != nil {
			return "", err
		}
	}
	id, err := g.runWith(index, nil, "write-tree")
	if err != nil {
		return "", err
	}
	return g.runWith(index, nil, "commit-tree", id, "-p", "HEAD", "-m", message)
}
