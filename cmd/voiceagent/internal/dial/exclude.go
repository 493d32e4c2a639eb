package dial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// Excluded are numbers that aren't called, and where each is listed. They take 16 bytes each.
type Excluded struct {
	files   []excludeFile
	numbers []listed // in order
}

type excludeFile struct {
	path     string
	size     int64
	modified time.Time
}

type listed struct {
	digits     uint64 // see [contactfile.Digits]
	file, line uint32
}

// ReadExcluded reads files with numbers that aren't to be called. They are files of contacts, of
// which the column with the numbers counts: called_number in the results of a run, else the one
// that is named, else the one that looks like it. A file of numbers alone needs no header. A row
// without a number that can be read is an error, also where only the region is wrong, as somebody
// might be called who is in the list.
func ReadExcluded(ctx context.Context, paths []string, numbers Numbers, column string) (*Excluded, error) {
	e := &Excluded{}
	for _, path := range paths {
		if err := e.read(ctx, path, numbers, column); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(e.numbers, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.digits, b.digits), cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	return e, nil
}

// errListed has the reader keep a number for itself: it isn't kept twice.
var errListed = errors.New("listed")

func (e *Excluded) read(ctx context.Context, path string, numbers Numbers, column string) error {
	if path == "-" {
		return badInput("--exclude -: standard input is gone when the same command runs again to go on. Put it in a file first")
	}
	file, info, err := openRegular(path)
	if err != nil {
		return badInput("--exclude %w", err)
	}
	defer file.Close()
	place := uint32(len(e.files))
	e.files = append(e.files, excludeFile{path, info.Size(), info.ModTime()})
	list, because, err := openExcluded(file, contactfile.Options{Normalize: numbers.Normalize, Exclude: func(row *contactfile.Row) error {
		e.numbers = append(e.numbers, listed{contactfile.Digits(row.Number), place, uint32(row.Line)})
		return errListed
	}}, column)
	if err != nil {
		return badInput("--exclude %s: %w", path, err)
	}
	rows, bad := 0, 0
	var shown []string
	for row, err := range list.Rows() {
		switch {
		case errors.Is(err, contactfile.ErrNoRow):
			return badInput("--exclude %s: no row follows the header: it keeps nobody out. Leave it out if that is meant", path)
		case err != nil:
			return badInput("--exclude %s: %w", path, err)
		}
		if rows%looksAtContext == 0 && ctx.Err() != nil {
			return &Interrupted{early: fmt.Sprintf("%s was being read, and this command has sent nothing.", path), cause: context.Cause(ctx)}
		}
		rows++
		if row.Excluded || because >= 0 && wasNotCalled(row, list.Phone, because) {
			continue
		}
		if bad++; bad <= shownProblems {
			shown = append(shown, problemIn(path, row.Problem).String())
		}
	}
	if bad == 0 {
		return nil
	}
	if more := bad - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %s more", count(more, "such row")))
	}
	return badInput("--exclude %s: %d of %s can't be read, and somebody who is to be kept out might be called. Nothing was sent.\n%s\n"+
		"Mend or remove them, and run it again. %s", path, bad, count(rows, "row"), strings.Join(shown, "\n"), numbers.ReadAs())
}

// wasNotCalled reports whether a row of results is one of those that were left out. A file may have
// a column of that name without being results, so an empty cell isn't enough.
func wasNotCalled(row *contactfile.Row, number, because int) bool {
	has := func(column int) bool { return column < len(row.Cells) && strings.TrimSpace(row.Cells[column]) != "" }
	return !has(number) && has(because)
}

// openExcluded finds the column with the numbers and, in results, the one that tells why a row was
// left out; it is -1 where there is none.
func openExcluded(file io.ReadSeeker, o contactfile.Options, named string) (list *contactfile.File, because int, err error) {
	open := func(column string) error {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		o.PhoneColumn = column
		var err error
		list, err = contactfile.Open(file, o)
		return err
	}
	for _, column := range []string{calledNumber, callPrefix + calledNumber} {
		if open(column) == nil {
			err := open(list.Names[lastOf(list.Names, calledNumber)])
			return list, lastOf(list.Names, notCalledBecause), err
		}
	}
	if named != "" && open(named) == nil {
		return list, -1, nil
	}
	if err = open(""); err == nil {
		return list, -1, nil
	}
	if open("1") == nil && len(list.Names) == 1 { // it has no header
		return list, -1, nil
	}
	return nil, -1, err
}

// lastOf returns the place of the column that the last run added under a name, or -1. Results of
// results have one of each run.
func lastOf(names []string, column string) int {
	last, longest := -1, 0
	for i, name := range names {
		if key := contactfile.Key(name); isResultColumn(key, column) && len(key) > longest {
			last, longest = i, len(key)
		}
	}
	return last
}

// Len returns how many numbers are listed.
func (e *Excluded) Len() int { return len(e.numbers) }

// reason returns why a number is left out, or nil if it isn't.
func (e *Excluded) reason(number string) error {
	digits := contactfile.Digits(number)
	at, found := slices.BinarySearchFunc(e.numbers, digits, func(l listed, digits uint64) int { return cmp.Compare(l.digits, digits) })
	if !found {
		return nil
	}
	first := e.numbers[at]
	return fmt.Errorf("%s%s line %d", excludedReason, e.files[first.file].path, first.line)
}

// excludedReason begins the reason of a row that is left out.
const excludedReason = "excluded: "

// Reason returns why a number is left out, as "excluded: FILE line N"; "" if it isn't.
func (e *Excluded) Reason(number string) string {
	if why := e.reason(number); why != nil {
		return why.Error()
	}
	return ""
}

// Unchanged returns an error if a file isn't what it was when it was read. What was read stays in
// force, but whoever was added meanwhile would be called.
func (e *Excluded) Unchanged() error {
	for _, file := range e.files {
		info, err := os.Stat(file.path)
		if err != nil || info.Size() != file.size || !info.ModTime().Equal(file.modified) {
			return badInput("--exclude %s has changed since it was read: run the command again", file.path)
		}
	}
	return nil
}
