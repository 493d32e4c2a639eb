package main

import (
	"net/url"

	"github.com/spf13/cobra"
)

// listFlags are the flags of every list.
type listFlags struct {
	limit   int
	filters []string
}

const (
	tableLimit = 50  // records, where --limit isn't given; people don't read more, and each page costs a request
	largePage  = 100 // the largest that the API allows (documented)
)

func (f *listFlags) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.limit, "limit", -1, "how many at most; 0 is all (default 50 for a table, all otherwise)")
	cmd.Flags().Lookup("limit").DefValue = "0" // -1, which stands for that, would be a riddle
	cmd.Flags().StringArrayVar(&f.filters, "filter", nil, "a query parameter that this program doesn't know, as `name=value`; may be repeated")
}

// page returns the limit in force, a page size that doesn't fetch more than is wanted, and what the filters add to the query.
func (f *listFlags) page(p *program) (limit, pageSize int, query url.Values, err error) {
	switch {
	case f.limit < -1:
		return 0, 0, nil, usagef("--limit %d: it must be 0 or more", f.limit)
	case f.limit == -1 && p.output == formatTable:
		limit = tableLimit
	case f.limit > 0:
		limit = f.limit
	}
	pageSize = largePage
	if limit > 0 {
		pageSize = min(limit+1, largePage) // one more shows if there are more
	}
	query, err = filter(f.filters)
	return limit, pageSize, query, err
}
