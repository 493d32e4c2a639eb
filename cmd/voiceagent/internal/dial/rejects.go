package dial

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// rejects writes the rows that are left out to a file, which is made when there is one.
type rejects struct {
	path   string
	force  bool     // also over what isn't one of ours
	names  []string // of the columns
	before int      // how many of them aren't the file's own
	comma  rune     // between the columns, as in the file
	file   *atomicFile
	csv    *csv.Writer
}

// rejectColumns come before the columns of the file.
var rejectColumns = []string{"line", "column", "column_name", "reason"}

func (r *rejects) add(one *contactfile.Row) error {
	if r.file == nil {
		if err := r.mayWrite(); err != nil {
			return err
		}
		file, err := createAtomic(r.path)
		if err != nil {
			return err
		}
		r.file, r.csv = file, csv.NewWriter(file)
		r.csv.Comma = r.comma
		if err := r.csv.Write(append(slices.Clone(rejectColumns), r.names[r.before:]...)); err != nil {
			return err
		}
	}
	why := one.Problem
	where := []string{strconv.Itoa(why.Line), strconv.Itoa(why.Column), why.Name, why.Err.Error()}
	return r.csv.Write(append(where, one.Cells[min(r.before, len(one.Cells)):]...))
}

// mayWrite refuses a file that is there, unless it begins like one that was written here.
func (r *rejects) mayWrite() error {
	if r.force {
		return nil
	}
	exists, ours, err := r.standing()
	if err != nil || !exists || ours {
		return err
	}
	return fmt.Errorf("%s exists, isn't a list of such rows, and would be overwritten: move it away, name another file with --rejects, or say --force", r.path)
}

// standing returns what is at the path.
func (r *rejects) standing() (exists, ours bool, err error) {
	info, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case err != nil:
		return false, false, err
	case !info.Mode().IsRegular():
		return true, false, nil
	}
	const enough = 100 // bytes
	head, err := beginning(r.path, enough)
	head = strings.TrimPrefix(head, byteOrderMark)
	after, _ := strings.CutPrefix(head, rejectColumns[0])
	comma, _ := utf8.DecodeRuneInString(after)
	return true, strings.HasPrefix(head, strings.Join(rejectColumns, string(comma))), err
}

// finish puts the file in place and returns its path. It begins with a byte order mark if it is to
// be marked. If there was nothing to write it returns "", and no file is in place: the rows of an
// earlier one have been fixed. That one is kept under another name, as somebody may have mended it.
func (r *rejects) finish(marked bool) (string, error) {
	if r.file == nil {
		if _, ours, _ := r.standing(); ours {
			return "", r.makeWay()
		}
		return "", nil
	}
	r.csv.Flush()
	if err := r.csv.Error(); err != nil {
		return "", err
	}
	if marked {
		if err := r.mark(); err != nil {
			return "", err
		}
	}
	if err := r.keepOther(); err != nil {
		return "", err
	}
	return r.path, r.file.replace()
}

// keepOther keeps what is at the path under another name, unless it is the same or nothing.
func (r *rejects) keepOther() error {
	info, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err := r.file.Flush(); err != nil {
		return err
	}
	before, err := os.Open(r.path)
	if err != nil {
		return err
	}
	was, err := contentHash(before)
	now, nowErr := contentHash(r.file.temp)
	if err := errors.Join(err, nowErr, before.Close()); err != nil || was == now {
		return err
	}
	return r.makeWay()
}

// makeWay gives what is at the path another name.
func (r *rejects) makeWay() error { return os.Rename(r.path, r.path+keptEnd) }

// keptEnd follows the name of a file that gave way to another one.
const keptEnd = ".bak"

// mark writes the file once more, behind a byte order mark: that the contacts are in another
// encoding may show in their last row only.
func (r *rejects) mark() error {
	plain := r.file
	defer plain.drop()
	if err := plain.Flush(); err != nil {
		return err
	}
	if _, err := plain.temp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	file, err := createAtomic(r.path)
	if err != nil {
		return err
	}
	r.file = file
	_, err = io.Copy(file, io.MultiReader(strings.NewReader(byteOrderMark), plain.temp))
	return err
}

// drop throws away what wasn't finished.
func (r *rejects) drop() {
	if r.file != nil {
		r.file.drop()
	}
}
