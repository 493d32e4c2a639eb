package dialonce_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// Records that were removed leave a hole, behind which the list goes on.
func TestHolesInAList(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{badGate, badNot} {
		a := &api{answers: []reply{done, answer, done}}
		a.paging = func(_ []record, _, number int) map[string]any {
			page := []record{}
			switch number {
			case 1:
				page = of(100, now)
			case 3:
				page = a.records
			}
			return map[string]any{"data": page, "total": 250}
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			witness(t, client)
			_, err := client.Calls.Create(t.Context(), person(1))
			require.NoError(t, err)
			if answer.not {
				assert.Equal(t, 3, a.posts, "sent again")
			} else {
				assert.Equal(t, 2, a.posts)
			}
		})
	}
}

// a page begins as the one before.
func TestEndOfAList(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		without string
		keys    map[string]any
	}{
		"never more":     {"", map[string]any{"has_more": false}},
		"without an id":  {"id", nil},
		"nothing at all": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{badGate, done}}
			a.paging = func(_ []record, _, number int) map[string]any {
				all := of(250, now)
				for _, r := range all {
					delete(r, c.without)
				}
				all = append(all, a.records...)
				from := min((number-1)*100, len(all))
				out := map[string]any{"data": all[from:min(from+100, len(all))]}
				maps.Copy(out, c.keys)
				return out
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				assert.Equal(t, placed, rungOnce(t, a, client, 0, 0))
			})
		})
	}
}

// A page that is refused ends the look.
func TestRefusedPage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"oldest first", "no order"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{done, badGate, done}, paging: pagings["all keys"]}
			a.list = func(made []record) (int, []record) {
				if a.looks[len(a.looks)-1].Get("page") != "1" {
					return http.StatusForbidden, nil
				}
				all := append(slices.Clone(made), of(250, minutes(100))...)
				orders[name](all)
				return http.StatusOK, all
			}
			on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
				witness(t, client)
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.Equal(t, unknown, endOf(err), "%v", err)
				assert.ErrorContains(t, err, "403 Forbidden")
				assert.Len(t, a.looks, 2)
			})
		})
	}
}

// Where the last page can't be read, nobody knows what is on it.
func TestLastPageThatIsNotRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fresh  int
		status int
		why    string
	}{
		"too many before it": {450, http.StatusOK, "the list could not be read to where it would stand"},
		"it is refused":      {50, http.StatusForbidden, "403 Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{badGate, done}, paging: pagings["all keys"]}
			a.list = func(all []record) (int, []record) {
				status := http.StatusOK
				if page := a.looks[len(a.looks)-1].Get("page"); page == "10" {
					status = c.status
				}
				list := append(of(c.fresh, func(i int) time.Duration { return time.Duration(i) * time.Microsecond }), of(1000-c.fresh, minutes(100))...)
				r := list[20]
				r["started_at"] = r["created_at"]
				delete(r, "created_at")
				return status, list
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				_, err := client.Calls.Create(t.Context(), person(1), voiceagent.WithSettleTime(0))
				assert.Equal(t, unknown, endOf(err), "%v", err)
				assert.ErrorContains(t, err, c.why)
				assert.Equal(t, 1, a.posts)
			})
		})
	}
}
