package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const changelog = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-01-02\n\n- New.\n\n## [0.1.0] - 2026-01-01\n" +
	"\n[Unreleased]: https://example.com/compare/v0.1.0...main\n[0.1.0]: https://example.com/releases/tag/v0.1.0\n"

// checkout has two modules that are published, of which one requires the other, and one that isn't.
var checkout = map[string]string{
	"client.go":         "package voiceagent\n\nconst Version = \"0.1.0\"\n",
	"CHANGELOG.md":      changelog,
	"LICENSE":           "free\n",
	"go.mod":            "module example.com/v\n\ngo 1.26\n",
	"go.work":           "go 1.26\n\nuse (\n\t.\n\t./a/b\n\t./demo\n)\n\nreplace (\n\texample.com/v v0.1.0 => ./\n\texample.com/v/a/b v0.1.0 => ./a/b\n)\n",
	"a/b/go.mod":        "module example.com/v/a/b\n\ngo 1.26\n\nrequire example.com/v v0.1.0\n",
	"a/b/go.sum":        "example.com/v v0.1.0 h1:old\nexample.org/other v1.0.0 h1:other\n",
	"demo/go.mod":       "module example.com/v/demo\n\ngo 1.26\n\nrequire example.com/v/a/b v0.1.0\n\nrequire example.com/v v0.1.0 // indirect\n",
	"demo/main.go":      "package main\n\nfunc main() {}\n",
	"a/b/something.txt": "text\n",
}

func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %v: %s", args, out)
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
}

// repository returns a checkout with the changes to it that are given.
func repository(t *testing.T, changes map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := maps.Clone(checkout)
	maps.Copy(files, changes)
	write(t, dir, files)
	gitIn(t, dir, "init", "-q", "-b", "main")
	gitIn(t, dir, "config", "user.email", "a@example.com")
	gitIn(t, dir, "config", "user.name", "a")
	gitIn(t, dir, "add", ".")
	gitIn(t, dir, "commit", "-q", "-m", "all")
	return dir
}

// state is what a refusal must leave as it was.
func state(t *testing.T, dir string) string {
	t.Helper()
	return gitIn(t, dir, "show-ref") + gitIn(t, dir, "status", "--porcelain") + gitIn(t, dir, "diff")
}

func TestRelease(t *testing.T) {
	t.Parallel()
	dir := repository(t, nil)
	before := state(t, dir)
	var out strings.Builder
	require.NoError(t, run(dir, []string{"0.2.0"}, true, &out))
	assert.Equal(t, before, state(t, dir), "it only shows")
	assert.Contains(t, out.String(), "a/b/v0.2.0")

	out.Reset()
	require.NoError(t, run(dir, []string{"0.2.0"}, false, &out))
	assert.Equal(t, `v0.2.0 is committed and tagged here. To publish it:
  git push origin HEAD:main
  git push origin v0.2.0
  git push origin a/b/v0.2.0
To take it back before that:
  git tag -d v0.2.0 a/b/v0.2.0
  git reset --hard HEAD~1
`, out.String())
	assert.Empty(t, gitIn(t, dir, "status", "--porcelain"))
	assert.Equal(t, gitIn(t, dir, "rev-parse", "HEAD"), gitIn(t, dir, "rev-parse", "v0.2.0^{commit}"))
	assert.Equal(t, gitIn(t, dir, "rev-parse", "HEAD"), gitIn(t, dir, "rev-parse", "a/b/v0.2.0^{commit}"))
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(text)
	}
	assert.Contains(t, read("client.go"), `const Version = "0.2.0"`)
	assert.Equal(t, strings.ReplaceAll(checkout["go.work"], "v0.1.0", "v0.2.0"), read("go.work"))
	assert.Contains(t, read("CHANGELOG.md"), `
[Unreleased]: https://example.com/compare/v0.2.0...main
[0.2.0]: https://example.com/releases/tag/v0.2.0
[0.1.0]: https://example.com/releases/tag/v0.1.0
`)
	assert.Equal(t, checkout["go.mod"], read("go.mod"))
	assert.Contains(t, read("a/b/go.mod"), "require example.com/v v0.2.0\n")
	assert.Contains(t, read("demo/go.mod"), "require example.com/v v0.2.0 // indirect")
	assert.Regexp(t, `(?s)^example.org/other v1.0.0 h1:other
example.com/v v0.2.0 h1:[^ ]{44}
example.com/v v0.2.0/go.mod h1:[^ ]{44}
$`, read("a/b/go.sum"))
	assert.Regexp(t, `(?s)^example.com/v v0.2.0 .*v0.2.0/go.mod .*/a/b v0.2.0 .*/a/b v0.2.0/go.mod [^\n]*
$`, read("demo/go.sum"))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	unreleased := strings.Replace(changelog, "## [0.2.0] - 2026-01-02\n\n", "", 1)
	for name, c := range map[string]struct {
		version string
		changes map[string]string
		then    func(dir string)
		want    string
	}{
		"no version":             {"", nil, nil, "make release V=0.1.0"},
		"a v":                    {"v0.2.0", nil, nil, "without the v"},
		"two numbers":            {"0.2", nil, nil, "isn't a semantic version"},
		"a build's name":         {"0.2.0+1", nil, nil, "isn't a semantic version"},
		"a word":                 {"next", nil, nil, "isn't a semantic version"},
		"another major version":  {"2.0.0", nil, nil, "end in /v2"},
		"nothing in CHANGELOG":   {"0.3.0", nil, nil, "## [0.3.0] - "},
		"an older version":       {"0.1.0", nil, nil, "## [0.1.0] - "},
		"no date":                {"0.2.0", map[string]string{"CHANGELOG.md": strings.Replace(changelog, " - 2026-01-02", "", 1)}, nil, "has no date"},
		"a date that is none":    {"0.2.0", map[string]string{"CHANGELOG.md": strings.Replace(changelog, "01-02", "13-02", 1)}, nil, "has no date"},
		"all is unreleased":      {"0.2.0", map[string]string{"CHANGELOG.md": unreleased}, nil, "doesn't begin with"},
		"something is":           {"0.2.0", map[string]string{"CHANGELOG.md": strings.Replace(changelog, "## [0.2", "- More.\n\n## [0.2", 1)}, nil, "move it under"},
		"no CHANGELOG":           {"0.2.0", map[string]string{"CHANGELOG.md": ""}, nil, "doesn't begin with"},
		"a tag":                  {"0.2.0", nil, func(dir string) { gitIn(t, dir, "tag", "v0.2.0") }, "the tag v0.2.0 exists"},
		"a later tag":            {"0.2.0", nil, func(dir string) { gitIn(t, dir, "tag", "v0.10.0") }, "comes before v0.10.0"},
		"a tag of a module":      {"0.2.0", nil, func(dir string) { gitIn(t, dir, "tag", "a/b/v0.2.0") }, "the tag a/b/v0.2.0 exists"},
		"a changed file":         {"0.2.0", nil, func(dir string) { write(t, dir, map[string]string{"LICENSE": "other"}) }, "isn't clean"},
		"a new file":             {"0.2.0", nil, func(dir string) { write(t, dir, map[string]string{"x": "y"}) }, "?? x"},
		"no Version":             {"0.2.0", map[string]string{"client.go": "package voiceagent\n"}, nil, "const Version"},
		"no workspace's version": {"0.2.0", map[string]string{"go.work": "go 1.26\n\nuse .\n"}, nil, "go.work doesn't replace"},
		"a circle":               {"0.2.0", map[string]string{"go.mod": "module example.com/v\n\nrequire example.com/v/a/b v0.1.0\n"}, nil, "in a circle"},
	} {
		dir := repository(t, c.changes)
		if c.then != nil {
			c.then(dir)
		}
		before := state(t, dir)
		var out strings.Builder
		err := run(dir, []string{c.version}, false, &out)
		require.ErrorContains(t, err, c.want, name)
		assert.Empty(t, out.String(), name)
		assert.Equal(t, before, state(t, dir), name)
	}
}
