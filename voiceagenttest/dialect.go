package voiceagenttest

import (
	"net/http"
	"time"
)

// Dialect chooses among the answers that the API's documentation leaves open,
// or gives in two contradicting ways, and among the habits of servers in use.
// The zero value is the documented form where there is one and the likeliest
// where there isn't.
type Dialect struct {
	// EnvelopeUnauthorized answers a 401 in the error envelope instead of
	// {"detail": "Invalid or expired API key"}. Both are documented.
	EnvelopeUnauthorized bool

	// DetailArrays answers a 422 as {"detail": [{"loc", "msg", "type"}]}
	// instead of the error envelope.
	DetailArrays bool

	// MissingStatus answers a missing required field: 400 (default) or 422.
	MissingStatus int

	// DuplicateStatus answers an agent name that is taken: 409 (default) or
	// 422. The code is validation_error under both.
	DuplicateStatus int

	// QuotaStatus answers quota_exceeded: 402 (default), 403 or 429.
	QuotaStatus int

	// WrongStateStatus answers a campaign action that the campaign's state
	// doesn't allow: 409 (default), 400 or 422.
	WrongStateStatus int

	// CreatedStatus answers a create: 200 (default) or 201.
	CreatedStatus int

	// DeleteNoContent answers DELETE with 204 and no body instead of an envelope.
	DeleteNoContent bool

	// ClampPageSize takes a page_size over 100 as 100 instead of refusing it.
	ClampPageSize bool

	// Success is how a success says so.
	Success SuccessForm

	// Times is how times are written, save in webhooks.
	Times TimeForm

	// CallRef is how POST /call names the new call; for lists there is ListRef.
	CallRef CallRef

	// SpeakerText writes transcripts of the calls endpoints as {speaker,
	// text} instead of {role, content}.
	SpeakerText bool

	// Totals is how a campaign names its number of contacts.
	Totals TotalsForm

	// DiscoveryStrings answers voices, languages, industries and agent types
	// as lists of strings instead of objects.
	DiscoveryStrings bool

	// BareHealth answers /health without an envelope.
	BareHealth bool

	// WebPhoneMissing leaves out the phone_number of a web call instead of
	// writing the string "None".
	WebPhoneMissing bool

	// NullNumbers writes null for durations, costs and rates.
	NullNumbers bool

	// OmitMetadata leaves metadata out of the calls endpoints.
	OmitMetadata bool

	// OmitCreatedAt leaves created_at out of the calls endpoints.
	OmitCreatedAt bool

	// ActionData adds the campaign as data to the answers of its actions,
	// which otherwise have a message only.
	ActionData bool

	// SignaturePrefix goes in front of a webhook's hex signature, such as "sha256=".
	SignaturePrefix string

	// What follows are habits of servers in use, of which no documentation speaks. First, those
	// of the lists of calls, campaigns and agents.

	// ListDelay is how long after it was made a record is listed, in simulated time. With a
	// greater ListDelayMost the delay of each record lies between the two, drawn from the seed.
	ListDelay, ListDelayMost time.Duration

	// GetDelay is how long GET by id answers 404 after the record was made.
	GetDelay time.Duration

	// ListEndedOnly lists a call once it has ended.
	ListEndedOnly bool

	// Order is how lists are sorted. Calls are sorted by started_at, the others by created_at.
	Order Order

	// Filters is what becomes of the filters in a query.
	Filters FilterForm

	// PageCap cuts every page to so many records, whatever page_size asks for. The page_size in
	// the answer is the one that was used. Zero is no cap.
	PageCap int

	// Paging is which paging keys a list has.
	Paging PagingForm

	// ListStatus, unless zero, answers every list with this status and an error.
	ListStatus int

	// ListRef is by which ids a list names a call. GET by id always shows both.
	ListRef CallRef

	// Habits of the calls endpoints, POST /call included.

	// StartedLate writes null for started_at until the call is answered or has ended.
	StartedLate bool

	// SessionNone writes the string "None" for session_id until the call is answered or has ended.
	SessionNone bool

	// Numbers is how the number that is called is written.
	Numbers NumberForm

	// AgentIDs is how calls, and campaigns too, name their agent.
	AgentIDs AgentIDForm

	// Directions is how a direction is written.
	Directions DirectionForm

	// Metadata is how the metadata of a call is written. OmitMetadata goes before it.
	Metadata MetadataForm

	// Source is how source_number is shown, save in the answer to POST /call.
	Source SourceForm

	// Habits of campaigns.

	// TrimNames takes the spaces around a campaign's name away and leaves one of each run of them.
	TrimNames bool

	// CapConcurrency is the greatest max_concurrent_calls that is shown and used. Zero is no cap.
	CapConcurrency int

	// InvalidContacts is how many contacts of each campaign, the last ones, are dropped without a
	// word: they are neither counted nor called. At least one contact stays.
	InvalidContacts int

	// DateSkew is how far the Date header is ahead of the clock that stamps records and
	// envelopes; it may be below zero.
	DateSkew time.Duration
}

// SuccessForm is how the success key of an envelope is written.
type SuccessForm int

// The forms of the success key.
const (
	SuccessTrue    SuccessForm = iota // true
	SuccessNull                       // null
	SuccessMissing                    // no success key
)

// CallRef is by which of its two ids an answer names a call.
type CallRef int

// The ids of a call.
const (
	CallRefBoth      CallRef = iota // id and session_id
	CallRefID                       // id
	CallRefSessionID                // session_id
)

// TotalsForm is how a campaign names its number of contacts.
type TotalsForm int

// The names of a campaign's number of contacts.
const (
	// TotalsMixed is "total" in lists and "total_contacts" elsewhere, as seen in use.
	TotalsMixed TotalsForm = iota
	TotalsShort            // "total" everywhere
	TotalsLong             // "total_contacts" everywhere
)

func (d Dialect) withDefaults() Dialect {
	fill := func(status *int, otherwise int) {
		if *status == 0 {
			*status = otherwise
		}
	}
	fill(&d.MissingStatus, http.StatusBadRequest)
	fill(&d.DuplicateStatus, http.StatusConflict)
	fill(&d.QuotaStatus, http.StatusPaymentRequired)
	fill(&d.WrongStateStatus, http.StatusConflict)
	fill(&d.CreatedStatus, http.StatusOK)
	return d
}
