package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// compare says which keys records have in the list alone, and on their own alone.
func (d *Doctor) compare(name string, list listing, single *answer, known []string) {
	if why := cmp.Or(list.why(), single.why()); why != "" {
		d.unknown(name, why)
		return
	}
	listed, alone := list.records, []record{single.record()}
	if alone[0] == nil {
		d.unknown(name, "the answer has no object under data")
		return
	}
	if i := slices.IndexFunc(listed, func(r record) bool { return isSame(r, alone[0]) }); i >= 0 {
		listed = listed[i : i+1]
	}
	less := func(from, minus []record) string {
		has := keysOf(minus, known)
		var names []string
		hidden := 0
		for _, key := range keysOf(from, known) {
			if slices.Contains(has, key) {
				continue
			}
			if shown, ok := d.shownName(key, known); ok {
				names = append(names, shown)
			} else {
				hidden++
			}
		}
		if hidden > 0 {
			names = append(names, fmt.Sprintf("%d of other names", hidden))
		}
		return cmp.Or(strings.Join(names, ", "), "none")
	}
	d.habit(name, "keys in the list alone: "+less(listed, alone)+"; in the single record alone: "+less(alone, listed), "")
}

// isSame reports whether two records are of one thing.
func isSame(a, b record) bool {
	return slices.ContainsFunc([]string{"id", "session_id"}, func(key string) bool {
		id, ok := a[key].(string)
		return ok && id != "" && id != none && b[key] == id
	})
}
