package commands

import (
	"iter"
	"strconv"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

// campaign is a [voiceagent.Campaign] as it is shown. Lists and single campaigns have different
// keys, so a count of 0 may be one that the API didn't give: those that it doesn't always give are
// left out then.
type campaign struct {
	*voiceagent.Campaign

	All                int  `json:"contacts,omitzero"`
	Total              int  `json:"total,omitzero"`
	TotalContacts      int  `json:"total_contacts,omitzero"`
	ValidContacts      int  `json:"valid_contacts,omitzero"`
	SkippedContacts    int  `json:"skipped_contacts,omitzero"`
	Voicemail          int  `json:"voicemail,omitzero"`
	PendingRetries     int  `json:"pending_retries,omitzero"`
	RetryEnabled       bool `json:"retry_enabled,omitzero"`
	MaxRetries         int  `json:"max_retries,omitzero"`
	MaxConcurrentCalls int  `json:"max_concurrent_calls,omitzero"`
}

func shown(c *voiceagent.Campaign) campaign {
	return campaign{
		c, c.Contacts(), c.Total, c.TotalContacts, c.ValidContacts, c.SkippedContacts, c.Voicemail, c.PendingRetries, c.RetryEnabled, c.MaxRetries,
		c.MaxConcurrentCalls,
	}
}

// allShown are campaigns as they are shown.
func allShown(campaigns iter.Seq2[*voiceagent.Campaign, error]) iter.Seq2[campaign, error] {
	return func(yield func(campaign, error) bool) {
		for c, err := range campaigns {
			if err != nil {
				yield(campaign{}, err)
				return
			}
			if !yield(shown(c), nil) {
				return
			}
		}
	}
}

// showCampaign writes a campaign, or returns its error.
func showCampaign(p *cli.Program) func(*voiceagent.Campaign, error) error {
	return func(c *voiceagent.Campaign, err error) error {
		if err != nil {
			return err
		}
		return cli.Show(p, campaignColumns)(shown(c), nil)
	}
}

var campaignColumns = []cli.Column[campaign]{
	{Name: "id", Value: func(c campaign) string { return c.ID }, ID: true},
	{Name: "name", Value: func(c campaign) string { return c.Name }},
	{Name: "status", Value: func(c campaign) string { return string(c.Status) }, Paint: cli.StatusColour},
	{Name: "contacts", Value: func(c campaign) string { return cli.Count(c.All) }},
	{Name: "completed", Value: func(c campaign) string { return strconv.Itoa(c.Completed) }},
	{Name: "no_answer", Value: func(c campaign) string { return strconv.Itoa(c.NoAnswer) }},
	{Name: "voicemail", Value: func(c campaign) string { return cli.Count(c.Voicemail) }, Long: true},
	{Name: "failed", Value: func(c campaign) string { return strconv.Itoa(c.Failed) }},
	{Name: "skipped", Value: func(c campaign) string { return cli.Count(c.SkippedContacts) }, Long: true},
	{Name: "pending_retries", Value: func(c campaign) string { return cli.Count(c.PendingRetries) }, Long: true},
	{Name: "pickup_rate", Value: func(c campaign) string { return cli.Number(c.PickupRate) }, Long: true},
	{Name: "created", Value: func(c campaign) string { return c.CreatedAt.String() }, Time: true},
	{Name: "started", Value: func(c campaign) string { return c.StartTime.String() }, Long: true, Time: true},
	{Name: "ended", Value: func(c campaign) string { return c.EndTime.String() }, Long: true, Time: true},
	{Name: "agent", Value: func(c campaign) string { return c.AgentID }, Long: true},
	{Name: "from", Value: func(c campaign) string { return c.From }, Long: true},
	{Name: "concurrency", Value: func(c campaign) string { return cli.Count(c.MaxConcurrentCalls) }, Long: true},
	{Name: "total_cost", Value: func(c campaign) string { return cli.Number(c.TotalCost) }, Long: true},
}
