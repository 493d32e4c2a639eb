// Package view holds the state of a simulator in the form that cmd/voiceagent-sim shows. Phone
// numbers and keys are cut to their last four characters.
package view

import "time"

// Snapshot is the state of a simulator at one moment.
type Snapshot struct {
	Now        time.Time      `json:"now"`               // simulated time, of calls and campaigns
	ServerTime time.Time      `json:"server_time"`       // the clock of requests and rate-limit windows
	Dialled    int            `json:"dialled"`           // how often a phone rang
	Numbers    int            `json:"numbers"`           // how many different ones
	Repeated   int            `json:"repeated"`          // how many rang again without being asked to
	Statuses   map[string]int `json:"statuses"`          // all calls by status
	Calls      []Call         `json:"calls"`             // newest first
	Campaigns  []Campaign     `json:"campaigns"`         // newest first
	Campaigned int            `json:"campaigned"`        // how many campaigns there are
	Windows    []Window       `json:"windows,omitempty"` // most used first
}

// Call is a call in a [Snapshot].
type Call struct {
	ID       string  `json:"id"`
	Number   string  `json:"number"` // the last four digits
	Agent    string  `json:"agent"`  // the name, or the id of an agent that is gone
	Campaign string  `json:"campaign,omitempty"`
	Status   string  `json:"status"`
	Seconds  float64 `json:"seconds"` // of simulated time since it was dialled, or until it ended
	Over     bool    `json:"over"`
	Rang     int     `json:"rang"`     // how often the number was dialled, by this call and others
	Repeated bool    `json:"repeated"` // not every further one is a retry that a campaign asked for
}

// Record is a call that is looked at by itself.
type Record struct {
	Call  Call
	Rings []Ring // the latest calls to its number, newest first
	JSON  []byte // as GET /calls/{call_id} shows it, with whole numbers
}

// Ring is a time that a number was dialled.
type Ring struct {
	CallID   string    `json:"call_id"`
	Time     time.Time `json:"time"` // as the answers of the API show it
	Campaign string    `json:"campaign,omitempty"`
	Attempt  int       `json:"attempt"`
	Status   string    `json:"status"`
}

// Campaign is a campaign in a [Snapshot]. Contacts that are neither skipped nor finished will be
// called, or called again.
type Campaign struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Agent     string `json:"agent"`
	Status    string `json:"status"`
	Total     int    `json:"total"`
	Skipped   int    `json:"skipped"`
	Completed int    `json:"completed"`
	NoAnswer  int    `json:"no_answer"`
	Voicemail int    `json:"voicemail"`
	Failed    int    `json:"failed"`
	Active    int    `json:"active"` // calls going on
}

// Window is the rate-limit window of a key in a [Snapshot].
type Window struct {
	Key   string    `json:"key"` // the end of it
	Limit int       `json:"limit"`
	Used  int       `json:"used"`
	Start time.Time `json:"start"`
	Reset time.Time `json:"reset"`
}
