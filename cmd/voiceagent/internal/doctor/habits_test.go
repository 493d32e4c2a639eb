package doctor_test

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/doctor"
	"github.com/voiceagent-go/voiceagent/internal/habits"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// newAccount returns a server with an agent and its calls, old ones and some that go on.
func newAccount(t *testing.T, opts ...voiceagenttest.Option) *voiceagenttest.Server {
	t.Helper()
	server := voiceagenttest.NewServer(append(opts, voiceagenttest.WithoutSocket())...)
	t.Cleanup(server.Close)
	agent := server.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	other := server.AddAgent(voiceagenttest.NewAgent{Name: "Meera"})
	server.SeedCalls(60, voiceagenttest.CallSeed{AgentID: other, Gap: 97 * time.Second})
	client := server.Client()
	for i, number := range []string{"+919876543210", "+919876543211", "+15550100002", "+919876543213"} {
		if i == 2 {
			time.Sleep(time.Minute)
		}
		_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{
			AgentID: agent, From: "+919876543299", To: number, Metadata: map[string]any{"lead": 7, "who": "Rahul"},
		})
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
	}
	return server
}

// examine has a doctor look at a server.
func examine(t *testing.T, server *voiceagenttest.Server, opts ...voiceagent.ClientOption) (*doctor.Report, error) {
	t.Helper()
	var d doctor.Doctor
	opts = append(opts, d.Options()...)
	public, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithBaseURL(server.URL), voiceagent.WithHTTPClient(server.HTTPClient()),
	}, opts...)...)
	require.NoError(t, err)
	return d.Examine(t.Context(), server.Client(opts...), public)
}

// answer returns what a report says of a habit, and what the client makes of it.
func answer(t *testing.T, report *doctor.Report, name string) string {
	t.Helper()
	i := slices.IndexFunc(report.Habits, func(h doctor.Habit) bool { return h.Name == name })
	require.GreaterOrEqual(t, i, 0, "there is no habit %q", name)
	return report.Habits[i].Answer + " => " + report.Habits[i].Client
}

const verdict = "A lost call can be recognised"

// seen is what the report says of each habit that can be seen by reading: the name, a part of the
// text, and a part of the verdict.
var seen = map[string][3]string{
	"plain":                          {"number called", "E.164 (all 64) => recognised", "yes =>"},
	"oldest first":                   {"order of the list", "oldest first => read from the last page on", "yes =>"},
	"random order":                   {"order of the list", "in no order of time", "with doubt: the list is in no order"},
	"without a time last":            {"order of the list", "newest first; those without a time last", "with doubt: some calls have no time"},
	"not begun last":                 {"order of the list", "newest first; those without a time last, by started_at => the first pages and the end are read", "yes =>"},
	"filters ignored":                {"filters agent_id and from_date", "both ignored => looks read more pages", "yes =>"},
	"times ignored":                  {"filters agent_id and from_date", "from_date is ignored", "yes =>"},
	"filters refused":                {"filters agent_id and from_date", "refused with 422 => looks read the whole list", "yes =>"},
	"filtered into nothing":          {"filters agent_id and from_date", "a filtered list is empty although records fit", "with doubt: filtered lists are empty"},
	"pages of 10":                    {"page size", "a page is cut to 10 records", "yes =>"},
	"pages of 50":                    {"page size", "a page is cut to 50 records", "yes =>"},
	"no paging keys":                 {"paging keys", "none of total, page, page_size and has_more => a list counts as whole only if", "yes =>"},
	"no has_more":                    {"paging keys", "total, page, page_size => the end of a list is known by total", "yes =>"},
	"total alone":                    {"paging keys", "total => the end of a list is known by total", "yes =>"},
	"pages of 10, no paging keys":    {"page size", "10 records; as it says of no more, it may be cut", "yes =>"},
	"lists answer 403":               {"number called", "not known: the answer was 403", "no: the answer was 403 => a lost answer ends as unknown"},
	"lists answer 404":               {"paging keys", "not known: the answer was 404", "no: the answer was 404"},
	"lists answer 500":               {"metadata", "not known: the answer was 500", "no: the answer was 500"},
	"list names id":                  {"a call's ids", "session_id: missing (all 64)", "yes, if POST /call names the id"},
	"list names session_id":          {"a call's ids", "id: missing (all 64)", "yes, if POST /call names the session_id"},
	"POST names id, list session_id": {"a call's ids", "id: missing (all 64)", "yes, if POST /call names the session_id"},
	"session_id None":                {"a call's ids", `the text "None" (2)`, "yes =>"},
	"session_id None alone":          {"a call's ids", `id: missing (all 64); session_id: the text "None" (2)`, "with doubt: calls have no id before they begin"},
	"times with a fraction":          {"created_at", "RFC 3339 with Z, with a fraction (all 64) => recognised", "yes =>"},
	"times without an offset":        {"created_at", "without an offset, with a fraction (all 64) => read as UTC, which the envelope's timestamp is", "yes =>"},
	"whole times without offset":     {"created_at", "without an offset (all 64) => read as UTC, which the envelope's timestamp is", "yes =>"},
	"times with an offset":           {"created_at", "RFC 3339 with an offset (all 64) => recognised", "yes =>"},
	"Unix times":                     {"created_at", "Unix time as a number (all 64) => recognised", "yes =>"},
	"times of India, no offset":      {"created_at", "without an offset (all 64) => read as UTC, though the envelope's timestamp is +05:30 off", "with doubt: times don't name their zone"},
	"times cut to minutes":           {"created_at", "without an offset, cut to the minute (all 64), all on whole minutes => in doubt", "with doubt: times are cut"},
	"times null":                     {"created_at", "null (all 64)", "with doubt: some calls have no time"},
	"no created_at":                  {"created_at", "missing (all 64) => started_at stands in", "yes =>"},
	"started_at late":                {"started_at", "null (2)", "yes =>"},
	"started_at late, no created_at": {"started_at", "null (2)", "with doubt: some calls have no time"},
	"Date -1m0s off":                 {"Date", "the envelope's timestamp is 1m0s ahead of it", "with doubt: Date and the records' times"},
	"Date -5s off":                   {"Date", "the envelope's timestamp is 5s ahead of it", "with doubt: Date"},
	"Date 5s off":                    {"Date", "the envelope's timestamp is 5s behind it", "with doubt: Date"},
	"Date 1m0s off":                  {"Date", "the envelope's timestamp is 1m0s behind it", "with doubt: Date"},
	"server's clock -7m0s off":       {"Date", "as the envelope's timestamp; it is 7m0s behind this machine's clock", "yes =>"},
	"server's clock 7m0s off":        {"Date", "as the envelope's timestamp; it is 7m0s ahead of this machine's clock", "yes =>"},
	"number masked":                  {"number called", "masked (all 64) => in doubt", "with doubt: numbers are masked"},
	"number's last four":             {"number called", "the last digits alone (all 64)", "with doubt: numbers are the last digits alone"},
	"number national":                {"number called", "national (all 64)", "with doubt: numbers are national"},
	"number bare":                    {"number called", "with the country's code, without + (all 64) => recognised", "yes =>"},
	"number with 00":                 {"number called", "with 00 (all 64) => recognised", "yes =>"},
	"number with spaces":             {"number called", "with + and what groups it (all 64) => recognised", "yes =>"},
	"number null":                    {"number called", "null (all 64)", "with doubt: numbers are null"},
	"number missing":                 {"number called", "missing (all 64)", "with doubt: numbers are missing"},
	"number as JSON":                 {"number called", "a JSON number (all 64) => recognised", "yes =>"},
	"agent_id missing":               {"agent id", "missing (all 64) => in doubt", "with doubt: calls don't name their agent"},
	"agent_id null":                  {"agent id", "null (all 64) => in doubt", "with doubt: calls don't name their agent"},
	"agent_id in capitals":           {"agent id", "of a listed agent, in other letters (all 64) => recognised if it is hexadecimal", "yes =>"},
	"OUTBOUND":                       {"direction", "as documented, in other letters (all 64)", "yes =>"},
	"outbound-api":                   {"direction", "a longer word (all 64)", "yes =>"},
	"direction missing":              {"direction", "missing (all 64)", "yes =>"},
	"metadata as strings":            {"metadata", "an object of texts alone (4)", "yes =>"},
	"metadata as text":               {"metadata", "a text of JSON (4)", "yes =>"},
	"metadata with campaign_id null": {"metadata", "an object with a campaign_id that is null (", "yes =>"},
	"metadata missing":               {"metadata", "missing (all 64) => not needed", "yes =>"},
	"source echoed":                  {"source number", "E.164 (4)", "yes, if the source numbers are those that were given"},
	"source of a pool":               {"source number", "E.164 (4)", "yes, if the source numbers are those that were given"},
	"source national":                {"source number", "national (4)", "with doubt: source numbers are national"},
}

// unseen are the habits that nobody sees who only reads.
var unseen = []string{"late", "found by id", "listed when ended", "POST names"}

// Each habit of a list is named, and the verdict says what becomes of a lost call.
func TestHabitsAreNamed(t *testing.T) {
	t.Parallel()
	for _, h := range habits.Lists() {
		want, ok := seen[h.Name]
		if !ok {
			assert.True(t, slices.ContainsFunc(unseen, func(part string) bool { return strings.Contains(h.Name, part) }), "nothing is said of %q", h.Name)
			continue
		}
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newAccount(t, h.Server...)
				before := server.RequestCount()
				report, err := examine(t, server)
				require.NoError(t, err)
				assert.Contains(t, answer(t, report, want[0]), want[1])
				assert.True(t, strings.HasPrefix(answer(t, report, verdict), want[2]), answer(t, report, verdict))
				reads(t, server, before)
			})
		})
	}
}

// cautious are the habits of which the verdict is "with doubt", and a small account shows no harm.
var cautious = []string{
	"random order",        // beyond five pages
	"without a time last", // until the call has begun
	"started_at late, no created_at",
	"Date -5s off",
}

// What the verdict says is what the client does: it finds a call whose answer was lost, and places
// one that a gateway gave up before it was made.
func TestTheVerdictIsTrue(t *testing.T) {
	t.Parallel()
	for _, h := range habits.Lists() {
		verdict := seen[h.Name][2]
		if verdict == "" || strings.HasPrefix(verdict, "yes, if") || slices.Contains(cautious, h.Name) {
			continue
		}
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newAccount(t, h.Server...)
				first := isRecognised(t, server, voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}, false)
				found := isRecognised(t, server, voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}, true)
				repeated := isRecognised(t, server, voiceagenttest.Fault{Status: http.StatusGatewayTimeout}, true)
				all, none := first && found && repeated, !first && !found && !repeated
				assert.Equal(t, verdict == "yes =>", all, "first %v, found %v, repeated %v", first, found, repeated)
				if strings.HasPrefix(verdict, "no:") {
					assert.True(t, none)
				}
			})
		})
	}
}

// isRecognised reports whether a new client knows what became of a call, with another one placed
// before or without.
func isRecognised(t *testing.T, server *voiceagenttest.Server, fault voiceagenttest.Fault, witness bool) bool {
	t.Helper()
	client := server.Client()
	call := voiceagent.CallCreateParams{
		AgentID: server.AddAgent(voiceagenttest.NewAgent{Name: rand.Text()}), From: "+919876543299", To: "+919876543250", Metadata: map[string]any{"lead": 7},
	}
	if witness {
		other := call
		other.To = "+919876543251"
		_, err := client.Calls.Create(t.Context(), other)
		require.NoError(t, err)
		time.Sleep(time.Second)
	}
	fault.Method, fault.Route, fault.Times = http.MethodPost, "/call", 1
	server.Fail(fault)
	before := len(server.Dialed())
	_, err := client.Calls.Create(t.Context(), call)
	assert.LessOrEqual(t, len(server.Dialed())-before, 1, "it rings once")
	server.ClearFaults()
	time.Sleep(time.Minute)
	return err == nil
}

// reads makes sure that nothing but some 16 GET requests came.
func reads(t *testing.T, server *voiceagenttest.Server, before int) {
	t.Helper()
	asked := server.Requests()[before:]
	assert.LessOrEqual(t, len(asked), 16)
	for _, r := range asked {
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Empty(t, r.Body)
	}
}
