package voiceagenttest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// place makes a call with metadata and returns what POST /call says of it.
func (a *api) place(agentID, number string) object {
	a.t.Helper()
	return a.post("/call", object{
		"agent_id": agentID, "source_number": "+919240018601", "phone_number": number,
		"metadata": object{"person": 7, "name": "Asha"},
	}).is(200).data()
}

// column is what a list says under a key, null for both null and nothing.
func (a *api) column(path, key string) []any {
	a.t.Helper()
	var values []any
	for _, record := range a.get(path).is(200).list() {
		values = append(values, record[key])
	}
	return values
}

// TestHabits shows what each habit of a list or a record does.
func TestHabits(t *testing.T) {
	asAlways := config{outcome: always(world.StatusCompleted), start: onDay(12, 0)}
	cases := map[string]struct {
		dialect Dialect
		check   func(t *testing.T, a *api, agentID string)
	}{
		"ListDelay": {Dialect{ListDelay: 3 * time.Second}, func(t *testing.T, a *api, agentID string) {
			assert.Empty(t, a.get("/agents").list())
			a.place(agentID, phone(1))
			id := a.campaign(agentID, 1, nil)
			a.get("/campaigns/" + id).is(200)
			time.Sleep(3*time.Second - 1)
			for _, list := range []string{"/agents", "/calls", "/campaigns"} {
				assert.Empty(t, a.get(list).list(), list)
				assert.Zero(t, a.get(list).json()["total"], list)
			}
			time.Sleep(time.Nanosecond)
			for _, list := range []string{"/agents", "/calls", "/campaigns"} {
				assert.Len(t, a.get(list).list(), 1, list)
			}
		}},
		"ListDelayMost": {Dialect{ListDelay: time.Second, ListDelayMost: 11 * time.Second}, func(t *testing.T, a *api, agentID string) {
			for i := range 50 {
				a.place(agentID, phone(i))
			}
			time.Sleep(time.Second - 1)
			assert.Empty(t, a.get("/calls").list())
			time.Sleep(2 * time.Second)
			assert.InDelta(t, 10, a.get("/calls").json()["total"], 8)
			time.Sleep(3 * time.Second)
			assert.InDelta(t, 25, a.get("/calls").json()["total"], 10)
			listed := a.column("/calls", "id")
			assert.Equal(t, listed, a.column("/calls", "id"), "each record has a delay of its own")
			time.Sleep(5*time.Second + 1)
			assert.EqualValues(t, 50, a.get("/calls").json()["total"])
		}},
		"ListDelayMost alone": {Dialect{ListDelayMost: 10 * time.Second}, func(t *testing.T, a *api, agentID string) {
			for i := range 50 {
				a.place(agentID, phone(i))
			}
			assert.Zero(t, a.get("/calls").json()["total"])
			time.Sleep(5 * time.Second)
			assert.InDelta(t, 25, a.get("/calls").json()["total"], 10)
		}},
		"GetDelay": {Dialect{GetDelay: 2 * time.Second}, func(t *testing.T, a *api, agentID string) {
			paths := []string{"/agents/" + agentID, "/calls/" + a.place(agentID, phone(1))["id"].(string), "/campaigns/" + a.campaign(agentID, 1, nil)}
			for _, path := range paths {
				a.get(path).is(404)
			}
			assert.Len(t, a.get("/calls").list(), 1, "lists have a delay of their own")
			time.Sleep(2 * time.Second)
			for _, path := range paths {
				a.get(path).is(200)
			}
		}},
		"ListEndedOnly": {Dialect{ListEndedOnly: true}, func(t *testing.T, a *api, agentID string) {
			id := a.place(agentID, phone(1))["id"].(string)
			assert.Empty(t, a.get("/calls").list())
			time.Sleep(time.Minute)
			assert.Equal(t, []any{id}, a.column("/calls", "id"))
		}},
		"OrderOldest": {Dialect{Order: OrderOldest}, func(t *testing.T, a *api, agentID string) {
			for i := range 3 {
				a.place(agentID, phone(i))
				a.agent(phone(i))
				time.Sleep(time.Second)
			}
			assert.Equal(t, []any{phone(0), phone(1)}, a.column("/calls?page_size=2&to_date=2100-01-01", "phone_number"))
			for i := range 3 {
				a.campaign(agentID, 1, object{"name": phone(i)})
			}
			assert.Equal(t, []any{phone(0), phone(1)}, a.column("/campaigns?page_size=2", "name"))
			assert.Equal(t, []any{"A", phone(0), phone(1), phone(2)}, a.column("/agents", "name"))
		}},
		"OrderRandom": {Dialect{Order: OrderRandom}, func(t *testing.T, a *api, agentID string) {
			var numbers []any
			for i := range 20 {
				numbers = append(numbers, phone(i))
				a.place(agentID, phone(i))
			}
			first, second := a.column("/calls", "phone_number"), a.column("/calls", "phone_number")
			assert.ElementsMatch(t, numbers, first)
			assert.EqualValues(t, 20, a.get("/calls").json()["total"])
			assert.NotEqual(t, numbers, first)
			assert.NotEqual(t, first, second)
		}},
		"OrderNullsLast": {Dialect{Order: OrderNullsLast, StartedLate: true}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			time.Sleep(time.Second)
			a.place(agentID, phone(2))
			time.Sleep(time.Minute)
			a.place(agentID, phone(3))
			a.place(agentID, phone(4))
			assert.Equal(t, []any{phone(2), phone(1), phone(3), phone(4)}, a.column("/calls", "phone_number"))
			started := a.column("/calls", "started_at")
			assert.NotNil(t, started[1])
			assert.Nil(t, started[2])
		}},
		"StartedLate": {Dialect{StartedLate: true, OmitCreatedAt: true}, func(t *testing.T, a *api, agentID string) {
			made := a.srv.Now().Format(time.RFC3339)
			a.place(agentID, phone(1))
			listed := a.get("/calls").list()[0]
			assert.Contains(t, listed, "started_at")
			assert.Nil(t, listed["started_at"])
			assert.NotContains(t, listed, "created_at")
			time.Sleep(10 * time.Second)
			assert.Equal(t, []any{made}, a.column("/calls", "started_at"))
		}},
		"FiltersIgnored": {Dialect{Filters: FiltersIgnored}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			a.campaign(agentID, 1, nil)
			assert.Len(t, a.get("/calls?agent_id=x&direction=inbound&status=failed&from_date=2100-01-01&page_size=2").list(), 1)
			assert.Len(t, a.get("/campaigns?status=stopped").list(), 1)
		}},
		"FiltersTimesIgnored": {Dialect{Filters: FiltersTimesIgnored}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.Len(t, a.get("/calls?from_date=2100-01-01&to_date=1999-01-01").list(), 1)
			assert.Empty(t, a.get("/calls?agent_id=x").list())
		}},
		"FiltersRefused": {Dialect{Filters: FiltersRefused}, func(t *testing.T, a *api, _ string) {
			_, message := a.get("/calls?agent_id=x").is(422).failure()
			assert.Equal(t, "agent_id is not a filter", message)
			a.get("/campaigns?status=paused").is(422)
			a.get("/calls?page=1&page_size=100").is(200)
		}},
		"FiltersEmpty": {Dialect{Filters: FiltersEmpty}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			answer := a.get("/calls?agent_id=" + agentID + "&page_size=7").is(200)
			assert.Empty(t, answer.list())
			assert.EqualValues(t, 7, answer.json()["page_size"])
			assert.Len(t, a.get("/calls").list(), 1)
		}},
		"PageCap": {Dialect{PageCap: 2}, func(t *testing.T, a *api, agentID string) {
			for i := range 5 {
				a.place(agentID, phone(i))
			}
			answer := a.get("/calls?page_size=100&page=2")
			assert.Equal(t, []any{phone(2), phone(1)}, a.column("/calls?page_size=100&page=2", "phone_number"))
			assert.EqualValues(t, 2, answer.json()["page_size"])
			assert.Equal(t, true, answer.json()["has_more"])
			assert.EqualValues(t, 1, a.get("/calls?page_size=1").json()["page_size"])
		}},
		"ListStatus": {Dialect{ListStatus: 403}, func(t *testing.T, a *api, agentID string) {
			for _, list := range []string{"/agents", "/calls", "/campaigns"} {
				code, _ := a.get(list).is(403).failure()
				assert.Equal(t, "permission_denied", code)
			}
			a.get("/agents/" + agentID).is(200)
			a.get("/voices").is(200)
		}},
		"ListRef": {Dialect{ListRef: CallRefID}, func(t *testing.T, a *api, agentID string) {
			c := a.place(agentID, phone(1))
			listed := a.get("/calls").list()[0]
			assert.Equal(t, c["id"], listed["id"])
			assert.NotContains(t, listed, "session_id")
			assert.Equal(t, c["session_id"], a.get("/calls/" + c["id"].(string)).data()["session_id"])
		}},
		"ListRef session": {Dialect{ListRef: CallRefSessionID}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.NotContains(t, a.get("/calls").list()[0], "id")
			assert.Contains(t, a.get("/calls").list()[0], "session_id")
		}},
		"SessionNone": {Dialect{SessionNone: true}, func(t *testing.T, a *api, agentID string) {
			assert.Equal(t, "None", a.place(agentID, phone(1))["session_id"])
			assert.Equal(t, []any{"None"}, a.column("/calls", "session_id"))
			a.get("/calls/None").is(404)
			time.Sleep(10 * time.Second)
			assert.Equal(t, []any{a.srv.Dials()[0].SessionID}, a.column("/calls", "session_id"))
		}},
		"TimeNull": {Dialect{Times: TimeNull}, func(t *testing.T, a *api, agentID string) {
			assert.Nil(t, a.place(agentID, phone(1))["created_at"])
			a.campaign(agentID, 1, nil)
			time.Sleep(time.Minute)
			listed := a.get("/calls").list()
			for _, key := range []string{"created_at", "started_at"} {
				assert.Contains(t, listed[1], key)
				assert.Nil(t, listed[1][key])
			}
			assert.NotNil(t, listed[1]["ended_at"])
			assert.Equal(t, []any{nil}, a.column("/campaigns", "created_at"))
			assert.NotNil(t, a.get("/calls").json()["timestamp"])
		}},
		"DateSkew": {Dialect{DateSkew: -5 * time.Second}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			answer := a.get("/calls")
			date, err := time.Parse(time.RFC1123, answer.header.Get("Date"))
			require.NoError(t, err)
			assert.Equal(t, answer.list()[0]["created_at"], date.Add(5*time.Second).Format(time.RFC3339))
			assert.Equal(t, answer.list()[0]["created_at"], answer.json()["timestamp"])
		}},
		"AgentIDMissing": {Dialect{AgentIDs: AgentIDMissing}, func(t *testing.T, a *api, agentID string) {
			a.campaign(agentID, 1, nil)
			assert.NotContains(t, a.place(agentID, phone(1)), "agent_id")
			assert.NotContains(t, a.get("/calls").list()[0], "agent_id")
			assert.NotContains(t, a.get("/campaigns").list()[0], "agent_id")
		}},
		"AgentIDNull": {Dialect{AgentIDs: AgentIDNull}, func(t *testing.T, a *api, agentID string) {
			assert.Contains(t, a.place(agentID, phone(1)), "agent_id")
			assert.Equal(t, []any{nil}, a.column("/calls", "agent_id"))
		}},
		"AgentIDUpper": {Dialect{AgentIDs: AgentIDUpper}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.Equal(t, []any{strings.ToUpper(agentID)}, a.column("/calls?agent_id="+agentID, "agent_id"))
		}},
		"DirectionUpper": {Dialect{Directions: DirectionUpper}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.Equal(t, []any{"OUTBOUND"}, a.column("/calls?direction=outbound", "direction"))
		}},
		"DirectionAPI": {Dialect{Directions: DirectionAPI}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			a.srv.SeedCalls(1, CallSeed{Directions: []string{world.DirectionInbound}})
			assert.Equal(t, []any{"outbound-api", "inbound"}, a.column("/calls", "direction"))
		}},
		"DirectionMissing": {Dialect{Directions: DirectionMissing}, func(t *testing.T, a *api, agentID string) {
			assert.NotContains(t, a.place(agentID, phone(1)), "direction")
			assert.NotContains(t, a.get("/calls").list()[0], "direction")
		}},
		"MetadataStrings": {Dialect{Metadata: MetadataStrings}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.Equal(t, []any{object{"person": "7", "name": "Asha"}}, a.column("/calls", "metadata"))
		}},
		"MetadataText": {Dialect{Metadata: MetadataText}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			a.callTo(agentID, phone(2))
			listed := a.column("/calls", "metadata")
			assert.Nil(t, listed[0])
			assert.JSONEq(t, `{"person":7,"name":"Asha"}`, listed[1].(string))
		}},
		"MetadataCampaignNull": {Dialect{Metadata: MetadataCampaignNull}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			a.callTo(agentID, phone(2))
			id := a.campaign(agentID, 1, nil)
			time.Sleep(2 * time.Second)
			assert.Equal(t, []any{
				object{"campaign_id": id, "name": "Person"}, object{"campaign_id": nil}, object{"campaign_id": nil, "person": 7.0, "name": "Asha"},
			}, a.column("/calls", "metadata"))
		}},
		"SourceMissing": {Dialect{}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.NotContains(t, a.get("/calls").list()[0], "source_number")
		}},
		"SourceEchoed": {Dialect{Source: SourceEchoed}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			a.campaign(agentID, 1, object{"phone_number": "00919240018601"})
			time.Sleep(2 * time.Second)
			assert.Equal(t, []any{"00919240018601", "+919240018601"}, a.column("/calls", "source_number"))
		}},
		"SourcePool": {Dialect{Source: SourcePool}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.Contains(t, a.column("/calls", "source_number")[0], "+15550199")
		}},
		"SourceNational": {Dialect{Source: SourceNational}, func(t *testing.T, a *api, agentID string) {
			a.place(agentID, phone(1))
			assert.Equal(t, []any{"09240018601"}, a.column("/calls", "source_number"))
		}},
		"TrimNames": {Dialect{TrimNames: true}, func(t *testing.T, a *api, agentID string) {
			a.campaign(agentID, 1, object{"name": "  New  year\t2026 "})
			assert.Equal(t, []any{"New year 2026"}, a.column("/campaigns", "name"))
		}},
		"CapConcurrency": {Dialect{CapConcurrency: 2}, func(t *testing.T, a *api, agentID string) {
			a.campaign(agentID, 9, object{"max_concurrent_calls": 5})
			assert.Equal(t, []any{2.0}, a.column("/campaigns", "max_concurrent_calls"))
			time.Sleep(2 * time.Second)
			assert.Len(t, a.srv.Dialed(), 2)
		}},
		"InvalidContacts": {Dialect{InvalidContacts: 2}, func(t *testing.T, a *api, agentID string) {
			a.campaign(agentID, 5, object{"max_concurrent_calls": 5})
			a.campaign(agentID, 1, nil)
			assert.Equal(t, []any{1.0, 3.0}, a.column("/campaigns", "total"))
			assert.Equal(t, []any{1.0, 3.0}, a.column("/campaigns", "valid_contacts"))
			time.Sleep(2 * time.Second)
			assert.Len(t, a.srv.Dialed(), 4)
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := asAlways
				cfg.dialect = c.dialect
				a := inMemory(t, cfg)
				c.check(t, a, a.agent("A"))
			})
		})
	}
}

func TestNumberForms(t *testing.T) {
	for form, want := range map[NumberForm][2]any{
		NumberE164: {"+919876543210", "+15550100000"}, NumberMasked: {"+91******3210", "+15*****0000"}, NumberLast4: {"3210", "0000"},
		NumberNational: {"09876543210", "5550100000"}, NumberBare: {"919876543210", "15550100000"}, NumberZeros: {"00919876543210", "0015550100000"},
		NumberSpaced: {"+91 98765 43210", "+1 55501 00000"}, NumberNull: {nil, nil}, NumberMissing: {nil, nil}, NumberJSON: {919876543210.0, 15550100000.0},
	} {
		a := inMemory(t, config{dialect: Dialect{Numbers: form}})
		agentID := a.agent("A")
		made := []any{a.place(agentID, "+919876543210")["phone_number"], a.place(agentID, "+15550100000")["phone_number"]}
		slices.Reverse(made)
		listed := a.get("/calls").list()
		for i, c := range listed {
			assert.Equal(t, want[1-i], c["phone_number"], form)
			assert.Equal(t, made[i], c["phone_number"], "the answer to POST /call has the same form")
			_, there := c["phone_number"]
			assert.Equal(t, form != NumberMissing, there)
		}
		assert.Equal(t, []string{"+919876543210", "+15550100000"}, a.srv.Dialed())
	}
	a := inMemory(t, config{dialect: Dialect{Numbers: NumberMasked}})
	a.srv.SeedCalls(1, CallSeed{Directions: []string{world.DirectionWeb}})
	assert.Equal(t, []any{"None"}, a.column("/calls", "phone_number"))
	assert.Equal(t, "4912345678", national("+4912345678"))
	assert.Equal(t, "+12 34567", spaced("+1234567"))
}

func TestPagingForms(t *testing.T) {
	for form, want := range map[PagingForm][]string{
		PagingKeys: {"has_more", "page", "page_size", "total"}, PagingNone: nil,
		PagingNoHasMore: {"page", "page_size", "total"}, PagingTotalOnly: {"total"},
	} {
		a := inMemory(t, config{dialect: Dialect{Paging: form}})
		for _, list := range []string{"/agents", "/calls", "/campaigns"} {
			answer := a.get(list).is(200).json()
			var there []string
			for _, key := range []string{"has_more", "page", "page_size", "total"} {
				if _, ok := answer[key]; ok {
					there = append(there, key)
				}
			}
			assert.Equal(t, want, there, list)
		}
	}
}
