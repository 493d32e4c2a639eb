package dial_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// What a server says can't control the terminal, nor what a shell does with a command that is
// copied from it.
func TestWhatAServerSaysControlsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		made := ""
		_, err := d.run(ctx, func(o *dial.Options) {
			o.Client = func(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
				return d.srv.Client(append(opts, voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
					return roundTripper(func(request *http.Request) (*http.Response, error) {
						at := strings.Index(request.URL.Path, "/campaigns")
						if at >= 0 && request.Method == http.MethodGet {
							request.URL.Path, request.URL.RawPath = request.URL.Path[:at]+"/campaigns/"+made, ""
						}
						response, err := next.RoundTrip(request)
						if err == nil && at >= 0 {
							response.Body = changedOne(t, response.Body, func(campaign map[string]any) {
								made, _ = campaign["id"].(string)
								campaign["id"], campaign["status"] = "\x1b[31mx'; reboot\n\u202e'", "in\x1b[8m_progress\nError: no"
							})
							response.ContentLength = -1
							response.Header.Del("Content-Length")
						}
						return response, err
					})
				}))...), nil
			}
		})
		require.Error(t, err)
		said := d.screen.String() + err.Error()
		for _, sign := range []string{"\x1b", "\u202e", "reboot\n", "\nError: no"} {
			assert.NotContains(t, said, sign)
		}
		assert.Contains(t, said, "campaign [31mx'; reboot ': contacts ")
		assert.Contains(t, said, "1 campaign: 1 in [8m_progress Error: no")
		assert.Contains(t, err.Error(), `voiceagent campaigns stop '[31mx'\''; reboot '\'''`)
	})
}

// A file of what was said is read in a terminal, too.
func TestATranscriptControlsNoTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, answering)
		d.write("contacts.csv", contacts(1))
		_, err := d.run(t.Context(), d.withTranscripts, d.listing(func(call map[string]any) {
			call["transcript"] = []any{map[string]any{"role": "us\x1b[8mer", "content": "\u009b31mone\r\n\ttwo\x07"}}
		}))
		require.NoError(t, err)
		text, err := os.ReadFile(d.path("said/" + d.files()[0]))
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(string(text), "\nus[8mer: 31mone\n\ttwo\n"), "%q", text)
	})
}

// The same keys have columns each time the results are written.
func TestMoreKeysThanColumnsAreTheSameOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(1))
		many := map[string]any{}
		for i := range 500 {
			many[fmt.Sprintf("k%03d", i)] = i
		}
		keys := d.listing(func(call map[string]any) { call["details_collection"] = map[string]any{"collected_values": many} })
		_, err := d.run(t.Context(), keys)
		require.NoError(t, err)
		first, err := os.ReadFile(d.path("contacts.results.csv"))
		require.NoError(t, err)
		_, err = d.run(t.Context(), keys)
		require.NoError(t, err)
		again, err := os.ReadFile(d.path("contacts.results.csv"))
		require.NoError(t, err)
		assert.Equal(t, string(first), string(again))
	})
}
