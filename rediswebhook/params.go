package rediswebhook

import (
	"cmp"
	"time"
)

// Params says where a [Store] keeps what it knows, and for how long. The zero value works.
type Params struct {
	// Prefix keeps this store's keys apart from everything else in Redis, and must be the same wherever the store is shared;
	// "voiceagent:webhook" when empty. Endpoints that handle the same events for different purposes need different ones.
	Prefix string
	// Lease is for how long an event stays claimed by a process of which Redis hears nothing any more; 5 s when 0 or negative, and at least
	// 100 ms. It is renewed each third of it. It should be shorter than HandlerParams.AnswerWithin, so that a repetition can take over from
	// a process that was killed, and several times what a request to Redis may take.
	Lease time.Duration
	// Keep is for how long a handled event is remembered; 24 h when 0 or negative. The vendor repeats within seconds, so it is mostly
	// against those who have recorded a delivery and send it again.
	Keep time.Duration
}

const (
	defaultPrefix = "voiceagent:webhook"
	defaultLease  = 5 * time.Second
	shortestLease = 100 * time.Millisecond
	defaultKeep   = 24 * time.Hour
)

// withDefaults returns p as it is used.
func (p Params) withDefaults() Params {
	p.Prefix = cmp.Or(p.Prefix, defaultPrefix)
	if p.Lease <= 0 {
		p.Lease = defaultLease
	}
	p.Lease = max(p.Lease, shortestLease)
	if p.Keep <= 0 {
		p.Keep = defaultKeep
	}
	p.Keep = max(p.Keep, time.Millisecond)
	return p
}
