package main

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

// keyFileError is a file that can't be used for the key.
type keyFileError struct {
	text  string
	cause error // nil when the file itself is wrong
}

func (e *keyFileError) Error() string { return e.text }

func (e *keyFileError) Unwrap() error { return e.cause }

func keyFileErrorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &keyFileError{err.Error(), errors.Unwrap(err)}
}

// key returns the API key: from --key-file, else the variable, else the file that a variable names, else the one in the
// configuration directory. It is an error that satisfies [voiceagent.ErrNoAPIKey] when there is none.
func (p *program) key() (string, error) {
	if p.keyFile != "" {
		return readKey(p.keyFile)
	}
	if key := p.env(keyVariable); key != "" {
		return key, nil
	}
	if path := p.env(keyFileVariable); path != "" {
		return readKey(path)
	}
	path, err := defaultKeyFile()
	if err != nil { // no home directory
		return "", &noKeyError{"a file that " + keyFileVariable + " names"}
	}
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &noKeyError{path}
	}
	return key, err
}

// noKeyError says where this program looks for a key; the library's own text is for those who write Go.
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

// readKey reads a key from a file that nobody but its owner can read.
func readKey(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", keyFileErrorf("the key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat() // of the open file: the path may lead elsewhere by now
	if err != nil {
		return "", keyFileErrorf("the key file: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return "", keyFileErrorf("%s is not a file with a key", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", keyFileErrorf("others can use the key file %s (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), quoted(path))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	key := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", keyFileErrorf("the key file: %w", err)
	case key == "":
		return "", keyFileErrorf("the key file %s is empty: write the key to it, and nothing else", path)
	case len(text) > maxKeyFile, strings.ContainsAny(key, " \t\r\n"):
		return "", keyFileErrorf("the key file %s holds more than a key: write the key to it, and nothing else", path)
	}
	return key, nil
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	safe := func(r rune) bool {
		return strings.ContainsRune("/.-_+=,:@%", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
