package dial

import (
	"os"
	"path/filepath"
)

// apart refuses output files that are files to read, or the same file: one would be lost.
func (o Options) apart() error {
	switch {
	case samePlace(o.Results, o.File):
		return badInput("the results would overwrite the contacts: --results %s is the same file as %s. Name another one", o.Results, o.File)
	case samePlace(o.Rejects, o.File):
		return badInput("the rows that are left out would overwrite the contacts: --rejects %s is the same file as %s. Name another one", o.Rejects, o.File)
	case samePlace(o.Results, o.Rejects):
		return badInput("--results %s and --rejects %s are the same file: name another one", o.Results, o.Rejects)
	}
	for _, list := range o.Exclude {
		switch {
		case samePlace(list, o.File):
			return badInput("--exclude %s is the file with the contacts: nobody would be called", list)
		case samePlace(list, o.Results):
			return badInput("the results would overwrite --exclude %s: name another file with --results", list)
		case samePlace(list, o.Rejects):
			return badInput("the rows that are left out would overwrite --exclude %s: name another file with --rejects", list)
		}
	}
	return nil
}

// samePlace reports whether two paths, also of files that don't exist yet, lead to the same file.
func samePlace(one, other string) bool {
	a, errA := os.Stat(one)
	b, errB := os.Stat(other)
	if errA == nil && errB == nil {
		return os.SameFile(a, b)
	}
	return absolute(one) == absolute(other)
}

// absolute is a path as it is the same from everywhere: without links, as far as it exists.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}
