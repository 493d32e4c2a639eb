// Package simulator is the voice-agent API in memory: an http.Handler under
// /v1 and an http.RoundTripper that reaches the same handler without a socket.
//
// It keeps agents, calls and campaigns, draws what happens to every call from
// a seed, enforces the rate limit of a plan, delivers signed webhooks and
// misbehaves on demand. It records every request and every number that it
// dialled, so that a test can count the calls a person would have got.
//
// Nothing runs in the background: the state of a call or a campaign is worked
// out from the clock when somebody asks. The one exception is webhooks, which
// need a goroutine for as long as a call is pending that an endpoint waits for.
// All waiting is on channels and timers made by [New], so that a simulator made
// inside a testing/synctest bubble runs on the bubble's clock.
//
// Where the documentation is silent, the real API may answer in more than one
// way; [Dialect] chooses between them.
package simulator
