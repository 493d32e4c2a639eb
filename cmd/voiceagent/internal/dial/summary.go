package dial

import (
	"fmt"
	"strings"
	"time"
)

// Summary is what a run did, as far as it came.
type Summary struct {
	File      string `json:"file"`
	Name      string `json:"name"` // of the campaigns
	DryRun    bool   `json:"dry_run,omitempty"`
	Rows      int    `json:"rows"`
	Contacts  int    `json:"contacts"`
	Bad       int    `json:"bad"`
	Repeated  int    `json:"repeated"` // rows left out because their number came before
	Excluded  int    `json:"excluded"` // rows left out because their number is in a list of those who aren't called
	Campaigns []Part `json:"campaigns,omitempty"`
	Counts
	WatchedSeconds float64 `json:"watched_seconds"`
	Results        string  `json:"results,omitempty"` // the file; "" when it wasn't written
	Rejects        string  `json:"rejects,omitempty"` // the file; "" when no row was left out

	Transcripts     string `json:"transcripts,omitempty"`     // the directory; "" when none were asked for, or written
	TranscriptFiles int    `json:"transcript_files,omitzero"` // in it, one for each call with a transcript
}

// total takes over what the campaigns came to.
func (s *Summary) total(parts []Part, began time.Time) {
	s.Campaigns, s.Counts, s.WatchedSeconds = parts, countUp(parts), time.Since(began).Round(time.Second).Seconds()
}

// ended is the summary for people. A terminal shows the counts already.
func (s *Summary) ended(terminal bool) string {
	var b strings.Builder
	if !terminal {
		fmt.Fprintf(&b, "%s\n%s\n", s.campaigns(), s.calls())
		if rates := s.rates(); rates != "" {
			fmt.Fprintln(&b, rates)
		}
	}
	if open := s.Total - s.Done; open > 0 {
		fmt.Fprintf(&b, "%s were not called to the end\n", count(open, "contact"))
	}
	if s.Unknown > 0 {
		fmt.Fprintf(&b, "of %s it isn't known if they are called: %s in the results\n", count(s.Unknown, "contact"), campaignUnknown)
	}
	return b.String()
}
