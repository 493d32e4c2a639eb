package redisvoiceagent

import (
	"cmp"
	"strings"
	"time"
)

// orDefault returns a duration of the user's, or the default for 0 and less.
func orDefault(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return d
}

// prefix is what the keys of one part begin with. Its braces make it the hash tag of them, so that
// they share a slot of a Redis Cluster, and a script may use several.
type prefix string

// newPrefix returns the prefix that the user has named, or the default. Braces in it would end the
// tag too early.
func newPrefix(name, standard string) prefix {
	name = strings.NewReplacer("{", "", "}", "").Replace(name)
	return prefix("{" + cmp.Or(name, standard) + "}:")
}

func (p prefix) key(name string) string { return string(p) + name }
