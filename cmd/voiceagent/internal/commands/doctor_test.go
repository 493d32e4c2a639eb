package commands

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nothing but reads is sent, and no key where none is needed.
func TestDoctorReads(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	got := runHere(t.Context(), variables, "doctor", "--retries", "9")
	require.Zero(t, got.code, got.errOut)
	asked := server.Requests()
	assert.Len(t, asked, 10, "an account without calls and campaigns has less to ask for")
	for _, r := range asked {
		assert.Equal(t, http.MethodGet, r.Method)
		public := r.Route == "/health" || strings.HasPrefix(r.Route, "/voices") || r.Route == "/industries"
		assert.Equal(t, public, r.Header.Get("Authorization") == "", r.Route)
	}
	assert.Empty(t, server.Dialed())
}
