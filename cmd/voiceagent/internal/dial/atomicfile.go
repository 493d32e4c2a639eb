package dial

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// atomicFile is written under another name in the same directory, so that its own name never has a
// partial file. Only its owner may read it, as it holds personal data.
type atomicFile struct {
	*bufio.Writer
	path string
	temp *os.File
}

func createAtomic(path string) (*atomicFile, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return nil, err
	}
	return &atomicFile{bufio.NewWriter(temp), path, temp}, nil
}

func (f *atomicFile) close() error {
	return errors.Join(f.Flush(), f.temp.Sync(), f.temp.Close())
}

// replace puts the file in place, also of another one.
func (f *atomicFile) replace() error {
	if err := f.close(); err != nil {
		return err
	}
	return os.Rename(f.temp.Name(), f.path)
}

// place puts the file where there must be none.
func (f *atomicFile) place() error {
	if err := f.close(); err != nil {
		return err
	}
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists by now, and was left as it is; what was to be written there is in %s", f.path, f.temp.Name())
	}
	return os.Rename(f.temp.Name(), f.path)
}

// drop removes what wasn't put in place; it does nothing after that.
func (f *atomicFile) drop() {
	f.temp.Close()
	os.Remove(f.temp.Name())
}
