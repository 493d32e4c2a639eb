// Command release makes a release of every published module in the checkout at hand: it writes the
// version where it stands, with the checksums of the modules that require each other, commits, and
// tags. It pushes nothing, but prints what to push.
//
//	make release V=0.1.0
//	make -n release V=0.1.0    only shows what it would do
//
// Where it refuses, nothing has changed. It needs no network.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	show := flag.Bool("n", false, "only show what would be done")
	root := flag.String("root", "..", "the top `directory` of the checkout")
	flag.Parse()
	dir, err := filepath.Abs(*root)
	if err == nil {
		err = run(dir, flag.Args(), *show, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run makes the release that args name. With show it changes nothing, and a refusal is part of what
// is shown.
func run(root string, args []string, show bool, out io.Writer) error {
	if len(args) != 1 || args[0] == "" {
		return errors.New("name one version, as in: make release V=0.1.0")
	}
	r := &release{git: git{root: root}, version: "v" + args[0]}
	if err := checkVersion(r.version); err != nil {
		return err
	}
	if err := r.readWorkspace(); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		if !show {
			return err
		}
		fmt.Fprintln(out, "It would be refused:", err)
	}
	if show {
		return r.show(out)
	}
	if err := r.make(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is committed and tagged here. To publish it:\n", r.version)
	r.pushes(out)
	fmt.Fprintf(out, "To take it back before that:\n  git tag -d %s\n  git reset --hard HEAD~1\n", strings.Join(r.tags(), " "))
	return nil
}

// show prints what make would do.
func (r *release) show(out io.Writer) error {
	tree, err := r.tree()
	if err == nil {
		err = r.addSums(tree)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s would be written to:\n", r.version)
	for _, name := range tree.edited() {
		fmt.Fprintln(out, " ", name)
	}
	fmt.Fprintf(out, "It would be committed, and tagged as:\n  %s\n", strings.Join(r.tags(), "\n  "))
	fmt.Fprintln(out, "To publish it then:")
	r.pushes(out)
	return nil
}

// atOnce is how many tags may be pushed together: GitHub starts no workflow when more come at once.
const atOnce = 3

// pushes prints the commands that publish. The root's tag goes first, as the other modules require
// it, and alone.
func (r *release) pushes(out io.Writer) {
	fmt.Fprintln(out, "  git push origin HEAD:main")
	tags := r.tags()
	fmt.Fprintf(out, "  git push origin %s\n", tags[0])
	for some := range slices.Chunk(tags[1:], atOnce) {
		fmt.Fprintf(out, "  git push origin %s\n", strings.Join(some, " "))
	}
}
