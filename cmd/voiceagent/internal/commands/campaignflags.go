package commands

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

// campaignFlags are the flags of campaigns create and campaigns run.
type campaignFlags struct {
	campaign   voiceagent.CampaignCreateParams // what needs no reading
	exclude    []string
	retryOn    []string
	retryAfter time.Duration
	maxRetries int
	hours      string
	blackouts  []string
	schedule   string
	region     string
	anyRange   bool
	comma      string
}

// add adds the flags to a command; concurrency says what that flag means there.
func (f *campaignFlags) add(cmd *cobra.Command, concurrency string) {
	flags := cmd.Flags()
	flags.StringVar(&f.campaign.AgentID, "agent", "", "the id of the agent that talks (required)")
	flags.StringVar(&f.campaign.From, "from", "", "the number to call from (required)")
	flags.StringVar(&f.campaign.PhoneColumn, "phone-column", "", "the column with the numbers")
	flags.IntVar(&f.campaign.MaxConcurrentCalls, "concurrency", 0, concurrency)
	flags.StringArrayVar(&f.exclude, "exclude", nil, "a CSV `FILE` with numbers that aren't called, such as the results of an earlier run; may be repeated")
	flags.StringSliceVar(&f.retryOn, "retry-on", nil, "call again who wasn't reached: "+strings.Join(retryStatuses, ", "))
	flags.DurationVar(&f.retryAfter, "retry-after", 0, "how long to wait before calling again: whole minutes, like 30m or 2h")
	flags.IntVar(&f.maxRetries, "max-retries", 0, "how often to call again; 2 to 3 are recommended")
	cli.Text(flags, &f.hours, "hours", "", "call only within these hours, like 09:00-18:00; the API doesn't say in which zone, probably India's")
	flags.StringArrayVar(&f.blackouts, "blackout", nil, "don't call at this time of day, like 13:00-14:00; may be repeated")
	cli.Text(flags, &f.schedule, "schedule", "", "begin at this time to come, like 2025-01-31T09:00:00+05:30, instead of at once")
	cli.Text(flags, &f.region, "region", "", "the country of numbers without a country code: two letters (default: that of --from, else IN)")
	flags.BoolVar(&f.anyRange, "any-range", false, "take numbers that no known range has, if they have a possible length")
	flags.StringVar(&f.comma, "comma", "", "what separates the columns; a letter, or tab (default: what the first line has)")
	cli.Complete(cmd, "retry-on", retryStatuses...)
	cobra.CheckErr(cmd.MarkFlagFilename("exclude", "csv"))
	cli.Required(cmd, "agent", "from")
}

// params returns what the flags say of a campaign, or what is wrong with each of them. The times of
// day themselves are checked by the client.
func (f *campaignFlags) params() (voiceagent.CampaignCreateParams, error) {
	params := f.campaign
	var bad []error
	complain := func(format string, args ...any) { bad = append(bad, cli.Usagef(format, args...)) }
	params.Retry = f.retry(complain)
	if f.hours != "" {
		start, end, ok := strings.Cut(f.hours, "-")
		if !ok {
			complain("--hours %q: write it like 09:00-18:00", f.hours)
		}
		params.CallingHours = &voiceagent.CallingHours{Start: start, End: end}
	}
	for _, blackout := range f.blackouts {
		start, end, ok := strings.Cut(blackout, "-")
		if !ok {
			complain("--blackout %q: write it like 13:00-14:00", blackout)
		}
		params.Blackouts = append(params.Blackouts, voiceagent.Blackout{Start: start, End: end})
	}
	if f.schedule != "" {
		var err error
		if params.ScheduleAt, err = time.Parse(time.RFC3339, f.schedule); err != nil {
			complain("--schedule %q: write it with the zone, like 2025-01-31T09:00:00+05:30", f.schedule)
		}
	}
	return params, errors.Join(bad...)
}

// checkCampaign returns what the library has against a campaign.
func checkCampaign(ctx context.Context, params voiceagent.CampaignCreateParams) error {
	return cli.Preflight(func(client *voiceagent.Client) error {
		_, err := client.Campaigns.Create(ctx, params)
		return err
	})
}

// retryStatuses are those after which a campaign calls again (documented).
var retryStatuses = []string{"no_answer", "voicemail", "failed"}

// retry returns nil when nothing about retries was asked for.
func (f *campaignFlags) retry(complain func(format string, args ...any)) *voiceagent.CampaignRetry {
	if len(f.retryOn) == 0 {
		if f.retryAfter != 0 || f.maxRetries != 0 {
			complain("--retry-after and --max-retries need --retry-on")
		}
		return nil
	}
	retry := &voiceagent.CampaignRetry{Enabled: true, MaxRetries: f.maxRetries}
	for _, status := range f.retryOn {
		if !slices.Contains(retryStatuses, status) {
			complain("--retry-on %s: the API documents %s", status, strings.Join(retryStatuses, ", "))
		}
		retry.OnStatuses = append(retry.OnStatuses, voiceagent.CallStatus(status))
	}
	switch {
	case f.retryAfter < 0 || f.retryAfter%time.Minute != 0:
		complain("--retry-after %s: it must be whole minutes, like 30m or 2h", f.retryAfter)
	case f.retryAfter == 0:
	case f.retryAfter%time.Hour == 0:
		retry.IntervalValue, retry.IntervalUnit = int(f.retryAfter/time.Hour), "hours"
	default:
		retry.IntervalValue, retry.IntervalUnit = int(f.retryAfter/time.Minute), "minutes"
	}
	return retry
}

// separator reads --comma.
func separator(text string) (rune, error) {
	if strings.EqualFold(text, "tab") || text == `\t` {
		return '\t', nil
	}
	if utf8.RuneCountInString(text) > 1 {
		return 0, cli.Usagef("--comma %q: it must be one character, or tab", text)
	}
	if text == "" {
		return 0, nil
	}
	r, _ := utf8.DecodeRuneInString(text)
	if strings.ContainsRune("\"\r\n\x00\ufffd", r) { // RuneError is what no UTF-8 decodes to
		return 0, cli.Usagef("--comma %q: a quote, a line's end, and what is no character separate no columns", text)
	}
	return r, nil
}
