package voiceagenttest

// Order is how a list is sorted.
type Order int

// The orders of a list.
const (
	OrderNewest    Order = iota
	OrderOldest          // what was made first comes first
	OrderRandom          // another order for each request, drawn from the seed
	OrderNullsLast       // newest first, then what shows no time, as MySQL's ORDER BY time DESC
)

// FilterForm is what becomes of the filters in a list's query.
type FilterForm int

// The ways to treat filters.
const (
	FiltersHonoured     FilterForm = iota
	FiltersIgnored                 // as if none was given
	FiltersTimesIgnored            // from_date and to_date are ignored
	FiltersRefused                 // 422
	FiltersEmpty                   // a filtered list shows nothing
)

// PagingForm is which paging keys a list has.
type PagingForm int

// The sets of paging keys.
const (
	PagingKeys      PagingForm = iota
	PagingNone                 // none of total, page, page_size and has_more
	PagingNoHasMore            // all but has_more
	PagingTotalOnly            // total alone
)

// NumberForm is how the calls endpoints write the number that is called.
type NumberForm int

// The forms of a number.
const (
	NumberE164     NumberForm = iota
	NumberMasked              // "+91******3210"
	NumberLast4               // "3210"
	NumberNational            // "09876543210" in India, "5550100000" in North America
	NumberBare                // "919876543210"
	NumberZeros               // "00919876543210"
	NumberSpaced              // "+91 98765 43210"
	NumberNull                // null
	NumberMissing             // no phone_number
	NumberJSON                // 919876543210, a JSON number
)

// AgentIDForm is how calls and campaigns name their agent.
type AgentIDForm int

// The forms of an agent's id.
const (
	AgentIDExact   AgentIDForm = iota
	AgentIDMissing             // no agent_id
	AgentIDNull                // null
	AgentIDUpper               // in capitals
)

// DirectionForm is how the calls endpoints write a direction.
type DirectionForm int

// The forms of a direction.
const (
	DirectionAsIs    DirectionForm = iota
	DirectionUpper                 // "OUTBOUND"
	DirectionAPI                   // "outbound-api" for outbound
	DirectionMissing               // no direction
)

// MetadataForm is how the calls endpoints write the metadata that a call was given.
type MetadataForm int

// The forms of metadata.
const (
	MetadataAsIs         MetadataForm = iota
	MetadataStrings                   // each value as a string
	MetadataText                      // the whole as one string of JSON
	MetadataCampaignNull              // with "campaign_id": null added
)

// SourceForm is how the calls endpoints show the number that a call comes from.
type SourceForm int

// The forms of a source number.
const (
	SourceMissing  SourceForm = iota
	SourceEchoed              // as it was sent
	SourcePool                // one of the server's own
	SourceNational            // in its national form
)
