package main

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// release is one release of the checkout.
type release struct {
	git
	version   string               // with the leading v
	work      *modfile.WorkFile    // go.work
	published []string             // the directories of the published modules, "." first
	modules   map[string]moduleDir // by path, all of go.work
}

// moduleDir is a module, and its directory below the top.
type moduleDir struct {
	dir string
	mod *modfile.File
}

// check returns why this release can't be made.
func (r *release) check() error {
	if changed, err := r.run("status", "--porcelain"); err != nil {
		return err
	} else if changed != "" {
		return fmt.Errorf("the tree isn't clean; commit or remove these first:\n%s", changed)
	}
	for _, tag := range r.tags() {
		if found, err := r.run("tag", "--list", tag); err != nil {
			return err
		} else if found != "" {
			return fmt.Errorf("the tag %s exists: a version is released once, so take the next", tag)
		}
	}
	last, err := r.run("tag", "--merged", "HEAD", "--list", "v*", "--sort=-version:refname")
	if err != nil {
		return err
	}
	if last, _, _ = strings.Cut(last, "\n"); semver.Compare(r.version, last) < 0 {
		return fmt.Errorf("%s comes before %s, which this commit already has", r.version, last)
	}
	return r.checkChangelog()
}

// checkVersion returns why there can't be such a version.
func checkVersion(version string) error {
	switch {
	case !semver.IsValid(version), semver.Canonical(version) != version:
		return fmt.Errorf("%q isn't a semantic version: give it without the v, as in V=0.1.0 or V=0.2.0-rc.1", version[1:])
	case semver.Compare(semver.Major(version), "v1") > 0:
		return fmt.Errorf("%s needs module paths that end in /%s", version, semver.Major(version))
	}
	return nil
}

var section = regexp.MustCompile(`(?m)^## \[(.*?)\](?: - (.*))?$`)

// checkChangelog wants the section of this version right under an empty one of what is unreleased.
func (r *release) checkChangelog() error {
	text, err := r.file("CHANGELOG.md")
	if err != nil {
		return err
	}
	heading := fmt.Sprintf("## [%s] - %s", r.version[1:], time.Now().Format(time.DateOnly))
	found := section.FindAllSubmatchIndex(text, 2)
	if len(found) < 2 || string(text[found[0][2]:found[0][3]]) != "Unreleased" || string(text[found[1][2]:found[1][3]]) != r.version[1:] {
		return fmt.Errorf("CHANGELOG.md doesn't begin with the sections ## [Unreleased] and %s", heading)
	}
	date := ""
	if found[1][4] >= 0 {
		date = string(text[found[1][4]:found[1][5]])
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("CHANGELOG.md: the section of %s has no date; write %s", r.version, heading)
	}
	if len(bytes.TrimSpace(text[found[0][1]:found[1][0]])) > 0 {
		return fmt.Errorf("CHANGELOG.md: what stands under ## [Unreleased] is part of this release; move it under %s", heading)
	}
	return nil
}

// readWorkspace reads go.work, and the go.mod of each module in it. Those that go.work replaces are
// published: nobody requires another.
func (r *release) readWorkspace() error {
	text, err := r.file("go.work")
	if err != nil {
		return err
	}
	if r.work, err = modfile.ParseWork("go.work", text, nil); err != nil {
		return err
	}
	for _, replaced := range r.work.Replace {
		r.published = append(r.published, path.Clean(replaced.New.Path))
	}
	slices.Sort(r.published)
	if len(r.published) == 0 || r.published[0] != "." {
		return errors.New("go.work doesn't replace the module of the top directory")
	}
	r.modules = make(map[string]moduleDir)
	for _, use := range r.work.Use {
		dir := path.Clean(use.Path)
		text, err := r.file(path.Join(dir, "go.mod"))
		if err != nil {
			return err
		}
		mod, err := modfile.Parse(path.Join(dir, "go.mod"), text, nil)
		if err != nil {
			return err
		}
		r.modules[mod.Module.Mod.Path] = moduleDir{dir, mod}
	}
	return nil
}

// tags are the tags of this release, the root's first.
func (r *release) tags() []string {
	var tags []string
	for _, dir := range r.published {
		tags = append(tags, path.Join(dir, r.version))
	}
	return tags
}

// make commits and tags.
func (r *release) make() error {
	tree, err := r.tree()
	if err != nil {
		return err
	}
	if err := r.addSums(tree); err != nil {
		return err
	}
	commit, err := r.commit(tree, "Release "+r.version)
	if err != nil {
		return err
	}
	if _, err := r.run("merge", "--quiet", "--ff-only", commit); err != nil {
		return err
	}
	for _, tag := range r.tags() {
		if _, err := r.run("tag", "--annotate", "--message", tag, tag, commit); err != nil {
			return fmt.Errorf("the release is committed, but not all of its tags are set: %w", err)
		}
	}
	return nil
}

var unreleasedLink = regexp.MustCompile(`(?m)^\[Unreleased\]: (.*)/(?:compare|commits)/.*\n`)

var versionLine = regexp.MustCompile(`(?m)^const Version = ".*"$`)

// tree returns the files of the release, without its checksums.
func (r *release) tree() (tree, error) {
	t := tree{}
	client, err := r.file("client.go")
	if err != nil {
		return nil, err
	}
	if !versionLine.Match(client) {
		return nil, errors.New(`client.go has no line: const Version = "X.Y.Z"`)
	}
	if t["CHANGELOG.md"], err = r.file("CHANGELOG.md"); err != nil {
		return nil, err
	}
	link := fmt.Sprintf("[Unreleased]: $1/compare/%[2]s...main\n[%[1]s]: $1/releases/tag/%[2]s\n", r.version[1:], r.version)
	if !bytes.Contains(t["CHANGELOG.md"], fmt.Appendf(nil, "\n[%s]: ", r.version[1:])) {
		t["CHANGELOG.md"] = unreleasedLink.ReplaceAll(t["CHANGELOG.md"], []byte(link))
	}
	t["client.go"] = versionLine.ReplaceAll(client, fmt.Appendf(nil, "const Version = %q", r.version[1:]))

	for _, replaced := range slices.Clone(r.work.Replace) {
		before, dir := replaced.Old, replaced.New.Path // what is dropped is cleared
		if before.Version == r.version {
			continue
		}
		if err := r.work.AddReplace(before.Path, r.version, dir, ""); err != nil { // before the last one goes, with the block
			return nil, err
		}
		if err := r.work.DropReplace(before.Path, before.Version); err != nil {
			return nil, err
		}
	}
	r.work.SortBlocks()
	r.work.Cleanup()
	t["go.work"] = modfile.Format(r.work.Syntax)

	for _, m := range r.modules {
		for _, required := range r.own(m) {
			if err := m.mod.AddRequire(required, r.version); err != nil {
				return nil, err
			}
		}
		m.mod.Cleanup()
		name := path.Join(m.dir, "go.mod")
		if t[name], err = m.mod.Format(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// own returns the paths of those modules of this repository that a module requires.
func (r *release) own(m moduleDir) []string {
	var own []string
	for _, required := range m.mod.Require {
		if _, ok := r.modules[required.Mod.Path]; ok {
			own = append(own, required.Mod.Path)
		}
	}
	return own
}
