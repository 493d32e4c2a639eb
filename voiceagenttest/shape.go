package voiceagenttest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// The functions in this file write the parts of a call that servers write in many ways. What they
// return goes into a record as it is; nil leaves it out.

// jsonNull is a value that is there, and null.
var jsonNull = json.RawMessage("null")

// noneText is what Python makes of no value where a text is wanted.
var noneText = "None"

func (d *Dialect) session(c *world.Call, now time.Time) any {
	if d.SessionNone && !c.Begun(now) {
		return &noneText
	}
	return &c.Session
}

func (d *Dialect) agentID(id *string) any {
	switch d.AgentIDs {
	case AgentIDMissing:
		return nil
	case AgentIDNull:
		return jsonNull
	case AgentIDUpper:
		return strings.ToUpper(*id)
	default:
		return id
	}
}

func (d *Dialect) direction(direction *string) any {
	switch {
	case d.Directions == DirectionMissing:
		return nil
	case d.Directions == DirectionUpper:
		return strings.ToUpper(*direction)
	case d.Directions == DirectionAPI && *direction == world.DirectionOutbound:
		return "outbound-api"
	default:
		return direction
	}
}

// number is the number of the other party. That of a web call is seen to be "None".
func (d *Dialect) number(c *world.Call) any {
	switch {
	case c.Number == "" && d.WebPhoneMissing:
		return nil
	case c.Number == "":
		return &noneText
	}
	number, digits := c.Number, c.Number[1:]
	last4 := number[len(number)-4:]
	switch d.Numbers {
	case NumberMasked:
		return number[:3] + strings.Repeat("*", len(number)-7) + last4
	case NumberLast4:
		return last4
	case NumberNational:
		return national(number)
	case NumberBare:
		return digits
	case NumberZeros:
		return "00" + digits
	case NumberSpaced:
		return spaced(number)
	case NumberNull:
		return jsonNull
	case NumberMissing:
		return nil
	case NumberJSON:
		return json.Number(digits)
	default:
		return &c.Number
	}
}

// national writes a number as it is dialled at home: with a 0 in India, bare in North America.
func national(number string) string {
	if rest, ok := strings.CutPrefix(number, "+91"); ok {
		return "0" + rest
	}
	if rest, ok := strings.CutPrefix(number, "+1"); ok {
		return rest
	}
	return strings.TrimPrefix(number, "+")
}

// spaced writes a number as people do: +91 98765 43210.
func spaced(number string) string {
	n := len(number)
	if n < 12 {
		return number[:3] + " " + number[3:]
	}
	return number[:n-10] + " " + number[n-10:n-5] + " " + number[n-5:]
}

func (d *Dialect) source(c *world.Call) any {
	switch {
	case c.Source == "":
		return nil
	case d.Source == SourceEchoed:
		return &c.Source
	case d.Source == SourcePool:
		return []string{"+15550199001", "+15550199002", "+15550199003"}[c.Fate.Manner%3]
	case d.Source == SourceNational:
		return national(c.Source)
	default:
		return nil
	}
}

func (d *Dialect) metadata(c *world.Call) json.RawMessage {
	switch {
	case d.OmitMetadata:
		return nil
	case d.Metadata == MetadataStrings && c.Metadata != nil:
		return rewritten(c.Metadata, func(values map[string]json.RawMessage) {
			for name, value := range values {
				if value[0] != '"' {
					values[name] = mustMarshal(string(value))
				}
			}
		})
	case d.Metadata == MetadataText && c.Metadata != nil:
		return mustMarshal(string(c.Metadata))
	case d.Metadata == MetadataCampaignNull && c.Campaign == nil:
		return rewritten(c.Metadata, func(values map[string]json.RawMessage) {
			values["campaign_id"] = jsonNull
		})
	default:
		return c.Metadata
	}
}

// rewritten is a JSON object with its values changed. No object counts as an empty one.
func rewritten(object json.RawMessage, change func(map[string]json.RawMessage)) json.RawMessage {
	values := map[string]json.RawMessage{}
	if object != nil && json.Unmarshal(object, &values) != nil {
		panic("voiceagenttest: metadata was accepted that is no object")
	}
	change(values)
	return mustMarshal(values)
}
