// Package clients sets up this project's client and other clients, as their users do, so that a
// benchmark can treat them alike. A library keeps its defaults, its typed methods and its errors.
// Only its address and its key are set, and its logger if it writes to stderr by default.
package clients

import (
	"context"
	"time"
)

// Library is a client library.
type Library struct {
	Name    string
	Module  string // as it is linked; "" for the standard library
	Uses    string // its methods behind Create and Get
	Behind  string // why a newer version isn't used; "" when this was the newest on the day that it was pinned
	New     func(Config) (Client, error)
	Service Service
}

// Config is what a bench may ask of any library.
type Config struct {
	URL string // of the server, without a path
	Key string

	// AttemptTimeout bounds one attempt, or the closest thing that the library has. 0 keeps its
	// default.
	AttemptTimeout time.Duration

	// Faster divides the waits of this project's client, for answers after which its vendor asks for a
	// wait of half a minute. 0 and 1 don't change them. Other libraries ignore it.
	Faster int
}

// Client is a library's client, ready to use from many goroutines.
type Client interface {
	// Create makes one object with the library's own POST.
	Create(ctx context.Context) error
	// Get reads one object by its id.
	Get(ctx context.Context, id string) error
	// Status returns the HTTP status that a caller can get from an error, or from the other results,
	// without parsing its text. It returns 0 if there is none.
	Status(err error) int
	// Held is the value that a program keeps.
	Held() any
}

// Service is how the service behind a library answers.
type Service struct {
	Object  string                  // to Create and Get
	Failure func(status int) string // the body of an error
	Listing func(made bool) string  // to a look for what Create made, in the library that looks; nil for the others

	NumericIDs bool // so that an id can't be a text
	NoKey      bool // the client doesn't hold the key
	OneByKey   bool // a repetition with the same Idempotency-Key makes nothing new: the service documents it
}

// All returns this project's client, and then the others.
func All() []Library {
	return append([]Library{Voiceagent()}, Peers()...)
}

// Peers returns the other libraries.
func Peers() []Library {
	return []Library{netHTTP(), retryableHTTP(), restyV2(), stripeGo(), openaiGo(), goGitHub(), hcloudGo(), godoV1(), tailscaleV2()}
}

// message is the body of an error that says no more than is needed.
func message(int) string { return `{"message":"it did not work"}` }
