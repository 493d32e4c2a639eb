package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

const (
	keyVariable     = "VOICEAGENT_API_KEY"
	keyFileVariable = "VOICEAGENT_API_KEY_FILE"
	maxKeyFile      = 4 << 10
)

// Key returns the API key: from --key-file, else from the variable, else from the file that a
// variable names, else from the configuration directory. If there is none, the error satisfies
// [voiceagent.ErrNoAPIKey].
func (p *Program) Key() (string, error) {
	if p.keyFile != "" {
		return ReadKey(p.keyFile)
	}
	if key := p.Env(keyVariable); key != "" {
		return key, nil
	}
	if path := p.Env(keyFileVariable); path != "" {
		return ReadKey(path)
	}
	path, err := defaultKeyFile()
	if err != nil { // no home directory
		return "", &noKeyError{"a file that " + keyFileVariable + " names"}
	}
	key, err := ReadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &noKeyError{path}
	}
	return key, err
}

// noKeyError says where this program looks for a key. The library's text is for Go programmers.
type noKeyError struct{ path string }

func (e *noKeyError) Error() string {
	return fmt.Sprintf("no API key: set %s, or write it to %s (mode 0600); keys are made in the Studio under Settings, Developers, API Keys; "+
		"without one there is --simulate", keyVariable, e.path)
}

func (e *noKeyError) Unwrap() error { return voiceagent.ErrNoAPIKey }

func defaultKeyFile() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "voiceagent", "key"), err
}

// ReadKey reads a key from a file that nobody but its owner can read.
func ReadKey(path string) (string, error) {
	key, err := readKey(path)
	if err != nil {
		return "", As(Authentication, err)
	}
	return key, nil
}

func readKey(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat() // of the open file: the path may lead elsewhere by now
	if err != nil {
		return "", fmt.Errorf("the key file: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file with a key", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("others can use the key file %s (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), Quoted(path))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	key := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", fmt.Errorf("the key file: %w", err)
	case key == "":
		return "", fmt.Errorf("the key file %s is empty: write the key to it, and nothing else", path)
	case len(text) > maxKeyFile, strings.ContainsAny(key, " \t\r\n"):
		return "", fmt.Errorf("the key file %s holds more than a key: write the key to it, and nothing else", path)
	}
	return key, nil
}

// Quoted is a word as a shell takes it.
func Quoted(word string) string {
	safe := func(r rune) bool {
		return strings.ContainsRune("/.-_+=,:@%", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
