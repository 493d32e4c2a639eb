package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/doctor"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The other forms that the documentation leaves open are named, too.
func TestFormsAreNamed(t *testing.T) {
	t.Parallel()
	type dialect = voiceagenttest.Dialect
	limits := voiceagenttest.WithLimits
	for name, c := range map[string]struct {
		server voiceagenttest.Option
		want   [2]string
	}{
		"clamped":        {voiceagenttest.WithDialect(dialect{ClampPageSize: true}), [2]string{"page_size=101", "answered with 64 records, and page_size 100"}},
		"refused":        {voiceagenttest.WithDialect(dialect{}), [2]string{"page_size=101", "refused with 422"}},
		"speakers":       {voiceagenttest.WithDialect(dialect{SpeakerText: true}), [2]string{"transcript", "speaker and text"}},
		"roles":          {voiceagenttest.WithDialect(dialect{}), [2]string{"transcript", "role and content"}},
		"totals":         {voiceagenttest.WithDialect(dialect{}), [2]string{"a campaign's contacts", "list: total; single: total_contacts"}},
		"long totals":    {voiceagenttest.WithDialect(dialect{Totals: voiceagenttest.TotalsLong}), [2]string{"a campaign's contacts", "list: total_contacts; single: total_contacts"}},
		"texts":          {voiceagenttest.WithDialect(dialect{DiscoveryStrings: true}), [2]string{"voices, languages, industries", "array of string under data (all 3)"}},
		"bare":           {voiceagenttest.WithDialect(dialect{BareHealth: true}), [2]string{"health", "without an envelope"}},
		"in an envelope": {voiceagenttest.WithDialect(dialect{}), [2]string{"health", "in an envelope"}},
		"success null":   {voiceagenttest.WithDialect(dialect{Success: voiceagenttest.SuccessNull}), [2]string{"success of a 2xx", "null (all 14)"}},
		"no success":     {voiceagenttest.WithDialect(dialect{Success: voiceagenttest.SuccessMissing}), [2]string{"success of a 2xx", "missing (all 14)"}},
		"unknown id":     {voiceagenttest.WithDialect(dialect{}), [2]string{"a call that doesn't exist", "404, the error envelope, with the code not_found"}},
		"both ids":       {voiceagenttest.WithDialect(dialect{}), [2]string{"a call's ids", "GET /calls/{id}: 200; GET /calls/{session_id}: 200"}},
		"one form":       {voiceagenttest.WithDialect(dialect{ListRef: voiceagenttest.CallRefID}), [2]string{"list and single call", "in the list alone: none; in the single record alone: session_id"}},
		"secret":         {voiceagenttest.WithDialect(dialect{}), [2]string{"a webhook's secret", "missing (all 2)"}},
		"always":         {limits(voiceagenttest.Pro), [2]string{"rate-limit headers", "none without the key (4), there with the key (12); reset as Unix seconds"}},
		"public too":     {limits(voiceagenttest.Limits{Requests: 300, CountPublic: true}), [2]string{"rate-limit headers", "there without the key (4), there with the key (12)"}},
		"milliseconds":   {limits(voiceagenttest.Limits{Requests: 300, Reset: voiceagenttest.ResetUnixMilli}), [2]string{"rate-limit headers", "reset as Unix milliseconds"}},
		"from now":       {limits(voiceagenttest.Limits{Requests: 300, Reset: voiceagenttest.ResetDelta}), [2]string{"rate-limit headers", "reset as seconds from now"}},
		"a date":         {limits(voiceagenttest.Limits{Requests: 300, Reset: voiceagenttest.ResetHTTPDate}), [2]string{"rate-limit headers", "reset as an HTTP date"}},
		"never":          {limits(voiceagenttest.Limits{Requests: 300, Headers: voiceagenttest.HeadersNever}), [2]string{"rate-limit headers", "none with the key (12) => the limiter learns of a limit from a 429 alone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newAccount(t, c.server)
				agent := server.AddAgent(voiceagenttest.NewAgent{Name: "Tara", Webhook: &voiceagenttest.Webhook{URL: "https://example.com/hook", Secret: "whsec_test_1"}})
				_, err := server.Client().Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
					Name: "January", AgentID: agent, From: "+15550100000", Contacts: []voiceagent.Contact{{"phone": "+919876543210"}},
					ScheduleAt: time.Now().Add(24 * time.Hour),
				})
				require.NoError(t, err)
				before := server.RequestCount()
				report, err := examine(t, server)
				require.NoError(t, err)
				assert.Contains(t, answer(t, report, c.want[0]), c.want[1])
				reads(t, server, before)
			})
		})
	}
}

// What can't be asked is said, and the rest goes on.
func TestWhatCantBeAsked(t *testing.T) {
	t.Parallel()
	t.Run("an empty account", func(t *testing.T) {
		t.Parallel()
		server := voiceagenttest.NewServer(voiceagenttest.WithoutSocket())
		t.Cleanup(server.Close)
		report, err := examine(t, server)
		require.NoError(t, err)
		assert.Contains(t, answer(t, report, verdict), "not known: the account has no calls")
		assert.Contains(t, answer(t, report, "number called"), "not known: the account has no calls")
		assert.Contains(t, answer(t, report, "filters agent_id and from_date"), "not known: the account has no calls")
		assert.Contains(t, answer(t, report, "paging keys"), "total, page, page_size, has_more")
		assert.Contains(t, answer(t, report, "a call that doesn't exist"), "404")
	})
	for name, c := range map[string]struct {
		fault         voiceagenttest.Fault
		habit, answer string
		request       string
	}{
		"a list that is forbidden": {voiceagenttest.Fault{Route: "/campaigns", Status: 403}, "campaigns: list and single campaign", "not known: the answer was 403", "GET /campaigns?page_size=100: 403"},
		"an endpoint that isn't":   {voiceagenttest.Fault{Route: "/health", Status: 404}, "health", "not known: the answer was 404", "GET /health, without the key: 404"},
		"a gateway's page":         {voiceagenttest.Fault{Route: "/voices", Kind: voiceagenttest.HTML}, "voices, languages, industries", "502 (1)", "GET /voices, without the key: 502"},
		"public in name alone":     {voiceagenttest.Fault{Route: "/voices", Status: 401, Times: 1}, "public endpoints", "1 of 4 are refused without the key", "GET /voices: 200"},
		"too much":                 {voiceagenttest.Fault{Route: "/calls", Status: 429}, "number called", "not known: the answer was 429", "GET /calls?page_size=100: 429"},
		"cut off":                  {voiceagenttest.Fault{Route: "/agents", Kind: voiceagenttest.CutBody}, "number called", "E.164", "GET /agents?page_size=100: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newAccount(t)
				if c.fault.Times == 0 {
					c.fault.Times = -1
				}
				c.fault.Method = http.MethodGet
				server.Fail(c.fault)
				before := server.RequestCount()
				report, err := examine(t, server)
				require.NoError(t, err)
				assert.Contains(t, answer(t, report, c.habit), c.answer)
				var requests []string
				for _, r := range report.Requests {
					requests = append(requests, r.Request+": "+r.Answer)
				}
				assert.Contains(t, requests, c.request)
				assert.LessOrEqual(t, server.RequestCount()-before, 17)
			})
		})
	}
}

// A service that hangs isn't asked everything, and a key that is refused isn't tried again.
func TestWhenItIsGivenUp(t *testing.T) {
	t.Parallel()
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			server := newAccount(t)
			server.Fail(voiceagenttest.Fault{Kind: voiceagenttest.HangBefore, Times: -1})
			began, before := time.Now(), server.RequestCount()
			report, err := examine(t, server, voiceagent.WithAttemptTimeout(time.Second))
			require.ErrorAs(t, err, new(*voiceagent.ConnectionError))
			assert.Equal(t, 2, server.RequestCount()-before)
			assert.Equal(t, 2*time.Second, time.Since(began))
			assert.Equal(t, "no answer in time", report.Requests[1].Answer)
			assert.Equal(t, "not asked, as the service doesn't answer", report.Requests[2].Answer)
		})
	})
	t.Run("no key", func(t *testing.T) {
		t.Parallel()
		server := voiceagenttest.NewServer(voiceagenttest.WithoutSocket(), voiceagenttest.WithAPIKeys("lev_test_other"))
		t.Cleanup(server.Close)
		report, err := examine(t, server)
		require.ErrorAs(t, err, new(*voiceagent.AuthenticationError))
		assert.Equal(t, 5, server.RequestCount(), "those without a key, and one")
		assert.Contains(t, answer(t, report, "health"), "in an envelope")
		assert.Contains(t, answer(t, report, verdict), "no: not asked, as the key is refused")
	})
	t.Run("no time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			server := newAccount(t)
			server.Fail(voiceagenttest.Fault{Route: "/agents", Kind: voiceagenttest.HangBefore, Times: -1})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var d doctor.Doctor
			client := server.Client(d.Options()...)
			report, err := d.Examine(ctx, client, client)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, "not asked, as the time was over", report.Requests[len(report.Requests)-1].Answer)
		})
	})
}

// The rate limit is kept to: nothing is answered 429.
func TestTheRateLimitIsKeptTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newAccount(t, voiceagenttest.WithLimits(voiceagenttest.PerMinute(4)))
		before := server.RequestCount()
		report, err := examine(t, server)
		require.NoError(t, err)
		assert.Contains(t, answer(t, report, verdict), "yes")
		for _, r := range server.Requests()[before:] {
			assert.NotEqual(t, http.StatusTooManyRequests, r.Status)
		}
	})
}

// telling is everything that an account may not want to show, also as names of keys.
var telling = []string{
	"9876543210", "3210", "Asha", "asha", "Verma", "VERMA", "whsec", "ag_77", "c_88", "s_99", "req_66", "Loans", "loans", "secret prompt",
	"lev_", "hush", "2031", "nginx", "कविता", "4242",
}

// showAll answers every request with what mustn't be shown.
type showAll struct {
	list, single string
	status       int
	media        string
}

func (s showAll) RoundTrip(r *http.Request) (*http.Response, error) {
	body := s.single
	if path := r.URL.Path; strings.HasSuffix(path, "s") {
		body = s.list
	}
	header := http.Header{}
	for _, name := range []string{"X-Request-Id", "X-RateLimit-Reset", "X-RateLimit-Limit", "Date", "Server", "X-Asha-Verma"} {
		header.Set(name, "Asha Verma +919876543210")
	}
	header.Set("Content-Type", s.media)
	return &http.Response{StatusCode: s.status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// No value is shown, whatever the answers are, and no name of a key that may be one.
func TestNoValueIsShown(t *testing.T) {
	t.Parallel()
	const one = `{"id": "c_88", "session_id": "s_99", "agent_id": "ag_77", "phone_number": "+91 98765 43210", "source_number": 919876543210, "direction": "Asha",
		"status": "asha_verma", "created_at": "2031-01-02T03:04:05Z Asha", "started_at": "Asha", "metadata": {"+919876543210": "Asha", "asha_verma": 4242},
		"variables": {"Asha": {"loans": 1}}, "details_collection": {"collected_values": {"asha": "Verma"}, "collected_details": ["Asha"], "Asha Verma": 1, "score": "Asha"},
		"transcript": [{"role": "Asha", "content": "secret prompt", "Verma": "x"}], "webhook_config": {"url": "https://hush", "secret": "whsec_hush", "X-Asha": "lev_hush"},
		"asha_verma": "Asha", "AshaVerma": {"name": "Loans"}, "+919876543210": "Asha", "loans2031": [[{"Asha": 1}]], "कविता": 1, "` + "a`|<b>Asha" + `": 1,
		"name": "Asha", "start_flow": "secret prompt", "details_to_collect": [{"key": "asha", "loans": 1}], "recording_duration": 4242, "total": "Asha", "success": "Asha"}`
	list := `{"success": "Asha", "data": [` + one + `,` + one + `, "Asha", 4242], "total": "Asha", "page": 4242, "page_size": 4242, "has_more": "Asha", "request_id": "req_66",
		"timestamp": "2031-01-02 Asha", "Asha": {"Verma": 1}, "meta": {"asha": 1}}`
	answers := map[string]showAll{
		"records":     {list, `{"data": ` + one + `, "request_id": "req_66", "timestamp": "Asha", "asha": 1}`, 200, "application/json; asha=verma"},
		"bare":        {`[` + one + `]`, one, 200, "application/asha"},
		"a map":       {`{"data": {"Asha": ` + one + `, "+919876543210": {"asha": 1}}}`, `{"Asha": ` + one + `}`, 200, ""},
		"errors":      {`{"error": {"code": "asha_verma", "message": "Asha +919876543210", "Asha": 1}, "asha": 1}`, `{"detail": [{"loc": ["body", "asha"], "msg": "Asha", "Verma": 1}]}`, 422, "text/asha"},
		"an envelope": {`{"detail": "Asha"}`, `{"error": {"code": "asha_verma", "message": "Asha +919876543210"}}`, 404, "application/json"},
		"one detail":  {`{"detail": "Asha Verma +919876543210"}`, `{"message": "Asha"}`, 404, "application/json"},
		"a page":      {`<html>Asha Verma +919876543210</html>`, `Asha`, 500, "text/html; charset=asha"},
		"a text":      {`"Asha"`, `4242`, 200, "application/json"},
	}
	for name, server := range answers {
		for _, all := range []bool{false, true} {
			d := doctor.Doctor{AllNames: all}
			opts := append([]voiceagent.ClientOption{
				voiceagent.WithBaseURL("https://api.example.test/v1"), voiceagent.WithAPIKey("lev_hush_0000"),
				voiceagent.WithHTTPClient(&http.Client{Transport: server}),
			}, d.Options()...)
			client, err := voiceagent.NewClient(opts...)
			require.NoError(t, err)
			report, err := d.Examine(t.Context(), client, client)
			require.NoError(t, err)
			var text bytes.Buffer
			require.NoError(t, report.WriteMarkdown(&text, "0.1.0"))
			encoded, err := json.Marshal(report)
			require.NoError(t, err)
			shown := text.String() + string(encoded)
			if all {
				assert.NotContains(t, shown, "9876543210", name)
				assert.NotContains(t, shown, "secret prompt", name)
				assert.NotContains(t, shown, "<b>", "no name is Markdown")
				assert.Equal(t, name == "records" || name == "bare", strings.Contains(shown, "asha_verma string"), "%s: these are for those who ask for them", name)
				assert.NotContains(t, shown, "asha_verma number", "those in metadata aren't")
				continue
			}
			for _, hidden := range telling {
				assert.NotContains(t, shown, hidden, name)
			}
			if name == "records" {
				assert.Contains(t, shown, "recording_duration number", "a name of usual words")
				assert.Contains(t, shown, "of other names (")
			}
		}
	}
}
