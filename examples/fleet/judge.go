package main

import (
	"errors"
	"net/http"

	"github.com/voiceagent-go/voiceagent"
)

// mostLooks is how often a call is looked for whose fate couldn't be looked up, before the row counts as unknown.
const mostLooks = 6

// judge says what became of a row, or, where settled is false, that the queue should hand it out again.
//
//	placed     there is a call
//	unknown    ErrOutcomeUnknown: a person has to look. It isn't dialled again.
//	refused    the API, or the client before it, says that this call can't be made
//	try again  nothing is wrong with the row: Redis was away, the ledger says that another worker is at it, this worker is shutting down, the API
//	           couldn't be reached, is too busy or broken, or doesn't accept the key. The ledger holds no entry then, or one that makes the next try look first.
func judge(call *voiceagent.Call, err error, tries int) (o outcome, settled bool) {
	if err == nil {
		return outcome{Kind: placed, Ref: call.Ref()}, true
	}
	// An unknown outcome is the first to be asked for, as its error is of another type too.
	if open, ok := errors.AsType[*voiceagent.OutcomeUnknownError](err); ok {
		// Where the look itself failed, or there was no time for it, the next try looks again. It never dials: the ledger has the row as unknown.
		return outcome{Kind: unknown, Error: err.Error()}, open.LookupErr == nil || tries >= mostLooks
	}
	api, isAPI := errors.AsType[*voiceagent.APIError](err)
	_, limited := errors.AsType[*voiceagent.RateLimitError](err)
	_, noCredits := errors.AsType[*voiceagent.QuotaExceededError](err)
	switch {
	case !isAPI, limited:
		return outcome{}, false
	case noCredits: // whatever the status
	case api.StatusCode >= 500, api.StatusCode == http.StatusUnauthorized:
		return outcome{}, false
	}
	return outcome{Kind: refused, Error: err.Error()}, true
}
