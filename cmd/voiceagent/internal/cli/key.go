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
	"sync"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

const (
	keyVariable     = "VOICEAGENT_API_KEY"
	keyFileVariable = "VOICEAGENT_API_KEY_FILE"
	maxKeyFile      = 4 << 10
)

// Key returns the API key: from --key-file, else from the variable, else from the file that a
// variable names, else from the configuration directory. If there is none, the error satisfies
// [voiceagent.ErrNoAPIKey]. An error says which of them is wrong.
func (p *Program) Key() (string, error) {
	key, err := p.key()
	if err == nil {
		err = checkKey(key)
	}
	switch {
	case errors.Is(err, voiceagent.ErrNoAPIKey):
		return "", err
	case err != nil:
		return "", As(Authentication, fmt.Errorf("%s: %w", p.keyFrom, err))
	}
	return key, nil
}

// key finds the key, and notes where, once: standard input can't be read twice.
func (p *Program) key() (string, error) {
	if p.foundKey == nil {
		p.foundKey = sync.OnceValues(p.findKey)
	}
	return p.foundKey()
}

func (p *Program) findKey() (string, error) {
	if p.keyFile != "" {
		p.keyFrom = "--key-file " + Quoted(p.keyFile)
		return p.readSecret(p.keyFile)
	}
	if key := strings.TrimSpace(p.Env(keyVariable)); key != "" {
		p.keyFrom = keyVariable
		return key, nil
	}
	if path := p.Env(keyFileVariable); path != "" {
		p.keyFrom = keyFileVariable + "=" + Quoted(path)
		return p.readSecret(path)
	}
	path, err := defaultKeyFile()
	if err != nil { // no home directory
		return "", &noKeyError{"a file that " + keyFileVariable + " names"}
	}
	p.keyFrom = "the key file " + Quoted(path)
	key, err := p.readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &noKeyError{path}
	}
	return key, err
}

// checkKey refuses what is no key, before the service does, and says what is wrong with it.
func checkKey(key string) error {
	if strings.Trim(key, quotes) != key {
		return errors.New("there are quotes around the key: write it without them")
	}
	return secret.CheckKey(key)
}

// quotes are those that people and files put around a value.
const quotes = "\"'`‘’“”"

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

// Secret reads the file that a flag names, and that nobody but its owner can read, or stdin for
// "-".
func (p *Program) Secret(flag, path string) (string, error) {
	text, err := p.readSecret(path)
	if err != nil {
		return "", As(Authentication, fmt.Errorf("--%s %s: %w", flag, Quoted(path), err))
	}
	return text, nil
}

func (p *Program) readSecret(path string) (string, error) {
	in := p.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", withoutPath(err)
		}
		defer file.Close()
		if err := isPrivate(file); err != nil {
			return "", err
		}
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, maxKeyFile+1))
	if err != nil {
		return "", withoutPath(err)
	}
	text, err := utf8Text(content)
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", errors.New("it is empty: write the secret to it, and nothing else")
	case len(content) > maxKeyFile, strings.Contains(text, "\n"):
		return "", errors.New("it holds more than one line: write the secret to it, and nothing else")
	}
	return text, nil
}

// isPrivate refuses a file that others can use. It is open: its path may lead elsewhere by now.
func isPrivate(file *os.File) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return withoutPath(err)
	case !info.Mode().IsRegular():
		return errors.New("it is not an ordinary file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others can use it (mode %04o); run: chmod 600 %s", info.Mode().Perm(), Quoted(file.Name()))
	}
	return nil
}

// withoutPath is an error of a file whose name is said already.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
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
