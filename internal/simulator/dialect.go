package simulator

import "net/http"

// Dialect chooses among the answers that the API's documentation leaves open,
// or gives in two contradicting ways. The zero value is the documented form
// where there is one and the likeliest where there isn't.
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

	// CallRef is how POST /call names the new call.
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
}

// SuccessForm is how the success key of an envelope is written.
type SuccessForm int

// The forms of the success key.
const (
	SuccessTrue SuccessForm = iota
	SuccessNull
	SuccessMissing
)

// CallRef is how POST /call names the call it made.
type CallRef int

// The forms of the answer to POST /call.
const (
	CallRefBoth CallRef = iota
	CallRefID
	CallRefSessionID
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
