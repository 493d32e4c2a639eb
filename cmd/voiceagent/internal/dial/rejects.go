package dial

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// rejects writes the rows that are left out to a file, which is made when there is one.
type rejects struct {
	path   string
	force  bool // also over what isn't one of ours
	source *source
	before int // how many columns aren't the file's own
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
		r.file = file
		if r.csv, err = r.source.writer(file); err != nil {
			return err
		}
		if err := r.csv.Write(append(slices.Clone(rejectColumns), r.source.header.Names[r.before:]...)); err != nil {
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
	own := strings.Join(rejectColumns, ",")
	head, err := beginning(r.path, len(byteOrderMark)+len(own))
	head = strings.TrimPrefix(head, byteOrderMark)
	head = head[:min(len(head), len(own))]
	if n := len(rejectColumns[0]); len(head) > n {
		head = strings.ReplaceAll(head, head[n:n+1], ",") // the separator
	}
	return true, head == own, err
}

// finish puts the file in place and returns its path. If there was nothing to write it returns "",
// and removes the file of an earlier run, as its rows have been fixed.
func (r *rejects) finish() (string, error) {
	if r.file == nil {
		if _, ours, _ := r.standing(); ours {
			return "", os.Remove(r.path)
		}
		return "", nil
	}
	r.csv.Flush()
	if err := r.csv.Error(); err != nil {
		return "", err
	}
	return r.path, r.file.replace()
}

// drop throws away what wasn't finished.
func (r *rejects) drop() {
	if r.file != nil {
		r.file.drop()
	}
}
