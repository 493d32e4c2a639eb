package main

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The page is what is embedded, and needs nobody else.
func TestPage(t *testing.T) {
	v := visit(t)
	files, err := fs.ReadDir(pageFiles, "page")
	require.NoError(t, err)
	for _, file := range files {
		res, text := v.send("GET", "/_sim/"+file.Name(), "")
		require.Equal(t, 200, res.StatusCode, file.Name())
		assert.NotEmpty(t, res.Header.Get("Content-Type"), file.Name())
		assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
		assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))

		for _, address := range regexp.MustCompile(`https?://[^"')\s]+`).FindAllString(text, -1) {
			assert.Equal(t, "http://www.w3.org/2000/svg", address, "%s: the one name that isn't an address", file.Name())
		}
		if strings.HasSuffix(file.Name(), ".js") {
			assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function`, text, file.Name())
		}
	}
	for path, want := range map[string]string{"/_sim/": "<title>voiceagent-sim</title>", "/_sim": "<title>voiceagent-sim</title>", "/_sim/main.js": "setTimeout"} {
		res, text := v.send("GET", path, "")
		assert.Equal(t, 200, res.StatusCode)
		assert.Contains(t, text, want)
	}
	res, text := v.send("HEAD", "/_sim/", "")
	assert.Equal(t, []any{200, ""}, []any{res.StatusCode, text})
}
