package voiceagenttest

import "github.com/voiceagent-go/voiceagent/internal/simulator"

// The types of the simulator, under the names by which tests use them.
type (
	// Request is one request as the server received it.
	Request = simulator.Request
	// Dial is one time that a phone rang.
	Dial = simulator.Dial
	// Delivery is one try to deliver a webhook.
	Delivery = simulator.Delivery
	// NewAgent is an agent for [Server.AddAgent].
	NewAgent = simulator.NewAgent
	// Webhook is where the calls of a [NewAgent] are reported.
	Webhook = simulator.Webhook
	// CallSeed says what calls [Server.SeedCalls] makes up.
	CallSeed = simulator.CallSeed
	// Dialect chooses among the answers that the documentation leaves open.
	Dialect = simulator.Dialect
	// Limits is a rate limit: a fixed window per API key.
	Limits = simulator.Limits
	// Fault makes matching requests go wrong.
	Fault = simulator.Fault
	// Kind is what goes wrong.
	Kind = simulator.Kind
)

// The kinds of fault. "Work" is what the request asked for.
const (
	StatusBefore  = simulator.StatusBefore  // answer with Status, no work done; the kind of a Fault that has a Status only
	StatusAfter   = simulator.StatusAfter   // do the work, then answer with Status
	Throttle      = simulator.Throttle      // 429 with the rate-limit headers
	ThrottleBare  = simulator.ThrottleBare  // 429 without them
	DropBefore    = simulator.DropBefore    // close the connection, no work done
	DropAfter     = simulator.DropAfter     // do the work, then close the connection
	HangBefore    = simulator.HangBefore    // never answer, no work done
	HangAfter     = simulator.HangAfter     // do the work, never answer
	Slow          = simulator.Slow          // do the work after Delay
	SlowBody      = simulator.SlowBody      // send the body bit by bit over Delay
	TruncatedJSON = simulator.TruncatedJSON // do the work, send half of the JSON in valid HTTP
	CutBody       = simulator.CutBody       // do the work, lose the connection half way through the body
	WrongShape    = simulator.WrongShape    // do the work, answer {"ok":true} or Body
	NullData      = simulator.NullData      // do the work, answer an envelope with null data
	HTML          = simulator.HTML          // a gateway's page, status 502
	Redirect      = simulator.Redirect      // 307 to the Location in Header
	NotSuccess    = simulator.NotSuccess    // an error envelope under a 200
	Refuse        = simulator.Refuse        // refuse the connection; in memory only
	BreakWrite    = simulator.BreakWrite    // lose the connection while the request is written; in memory only
)

// The outcomes of a call, for [WithOutcome].
const (
	Completed = simulator.StatusCompleted
	NoAnswer  = simulator.StatusNoAnswer
	Voicemail = simulator.StatusVoicemail
	Failed    = simulator.StatusFailed
)

// The directions of a call, for [CallSeed].
const (
	Outbound = simulator.DirectionOutbound
	Inbound  = simulator.DirectionInbound
	Web      = simulator.DirectionWeb
)

// The plans, for [WithLimits].
var (
	Unlimited = simulator.Unlimited // no limit, no headers
	Free      = simulator.Free      // 60 requests a minute
	Pro       = simulator.Pro       // 300 requests a minute
)

// PerMinute is a plan of n requests a minute.
func PerMinute(n int) Limits { return simulator.PerMinute(n) }

// Which answers carry the X-RateLimit headers, for [Limits].
const (
	HeadersAlways = simulator.HeadersAlways
	HeadersOn429  = simulator.HeadersOn429
	HeadersNever  = simulator.HeadersNever
)

// How X-RateLimit-Reset is written, for [Limits].
const (
	ResetUnix      = simulator.ResetUnix      // Unix seconds, the documented form
	ResetUnixMilli = simulator.ResetUnixMilli // Unix milliseconds
	ResetDelta     = simulator.ResetDelta     // seconds from now
	ResetHTTPDate  = simulator.ResetHTTPDate  // an HTTP date
)

// How an envelope says success, for [Dialect].
const (
	SuccessTrue    = simulator.SuccessTrue
	SuccessNull    = simulator.SuccessNull
	SuccessMissing = simulator.SuccessMissing
)

// How POST /call names the new call, for [Dialect].
const (
	CallRefBoth      = simulator.CallRefBoth
	CallRefID        = simulator.CallRefID
	CallRefSessionID = simulator.CallRefSessionID
)

// How a campaign names its number of contacts, for [Dialect].
const (
	TotalsMixed = simulator.TotalsMixed // total in lists, total_contacts elsewhere
	TotalsShort = simulator.TotalsShort // total
	TotalsLong  = simulator.TotalsLong  // total_contacts
)

// How times are written, for [Dialect].
const (
	TimeZ          = simulator.TimeZ          // 2025-01-15T10:27:00Z
	TimeFractionZ  = simulator.TimeFractionZ  // 2025-01-15T10:27:00.123456Z
	TimeNaive      = simulator.TimeNaive      // 2025-01-15T10:27:00.123456
	TimeNaiveWhole = simulator.TimeNaiveWhole // 2025-01-15T10:27:00
	TimeOffset     = simulator.TimeOffset     // 2025-01-15T15:57:00+05:30
	TimeUnix       = simulator.TimeUnix       // 1736936820.123
)
