package voiceagenttest

import "github.com/voiceagent-go/voiceagent/internal/simulator/world"

// The outcomes of a call, for [WithOutcome].
const (
	Completed = world.StatusCompleted // "completed"
	NoAnswer  = world.StatusNoAnswer  // "no_answer"
	Voicemail = world.StatusVoicemail // "voicemail"
	Failed    = world.StatusFailed    // "failed"
)

// The directions of a call, for [CallSeed].
const (
	Outbound = world.DirectionOutbound // "outbound"
	Inbound  = world.DirectionInbound  // "inbound"
	Web      = world.DirectionWeb      // "web"
)
