package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

func (p *program) health() *cobra.Command {
	columns := []column[*voiceagent.Health]{
		{name: "status", value: func(h *voiceagent.Health) string { return h.Status }},
		{name: "more", value: func(h *voiceagent.Health) string { return compact(h.Extra) }},
	}
	return &cobra.Command{
		Use: "health", Short: "Ask if the service is up (needs no key)", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := p.publicClient()
			if err != nil {
				return err
			}
			return show(p, columns)(client.Health(cmd.Context()))
		},
	}
}

// rateLimit is what is left of the current window.
type rateLimit struct {
	Limit     int       `json:"limit"`
	Remaining int       `json:"remaining"`
	Reset     time.Time `json:"reset,omitzero"`
	RequestID string    `json:"request_id"`
}

func (p *program) limits() *cobra.Command {
	columns := []column[rateLimit]{
		{name: "limit", value: func(r rateLimit) string { return strconv.Itoa(r.Limit) }},
		{name: "remaining", value: func(r rateLimit) string { return strconv.Itoa(r.Remaining) }},
		{name: "reset", value: func(r rateLimit) string {
			if r.Reset.IsZero() {
				return ""
			}
			return r.Reset.Format(time.RFC3339)
		}},
		{name: "request_id", value: func(r rateLimit) string { return r.RequestID }, long: true},
	}
	return &cobra.Command{
		Use: "limits", Short: "Show what is left of the rate limit (costs a request)", Args: noArgs,
		Long: "Show the account's rate limit and what is left of it. The API tells with every answer, so this sends a small request.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := p.client("")
			if err != nil {
				return err
			}
			var response voiceagent.Response
			if _, err := client.Agents.List(cmd.Context(), voiceagent.AgentListParams{PageSize: 1}, voiceagent.WithResponse(&response)); err != nil {
				return err
			}
			r := response.RateLimit
			if r == (voiceagent.RateLimit{}) {
				return fmt.Errorf("the answer has no rate-limit headers (request_id %s)", response.RequestID)
			}
			return show(p, columns)(rateLimit{r.Limit, r.Remaining, r.Reset, response.RequestID}, nil)
		},
	}
}
