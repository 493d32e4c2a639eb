package commands

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// recorded are commands that run one after the other. AGENT, CALL and CAMPAIGN stand for the last
// id of that kind in the output, and "# wait" lets an hour pass.
var recorded = strings.Split(strings.TrimSpace(`
voiceagent health
voiceagent voices
voiceagent languages -o csv
voiceagent industries
voiceagent industries finance
voiceagent agents create --name Asha --language en --voice female --start-flow "Good morning" --end-flow Goodbye
voiceagent agents update AGENT --brand Acme
voiceagent agents list
voiceagent agents get AGENT
voiceagent calls create --agent AGENT --from +15550100000 --to +919876543210 --dry-run
voiceagent calls create --agent AGENT --from +15550100000 --to +919876543210 --yes
# wait
voiceagent calls watch CALL
voiceagent calls list -o json
voiceagent calls get CALL
voiceagent campaigns create contacts.csv --name January --agent AGENT --from +15550100000 --hours 09:00-18:00 --yes
voiceagent campaigns pause CAMPAIGN
voiceagent campaigns resume CAMPAIGN --yes
# wait
voiceagent campaigns watch CAMPAIGN
voiceagent campaigns list
voiceagent campaigns get CAMPAIGN -o csv
voiceagent campaigns create --name February --agent AGENT --from +15550100000 --contacts contacts.csv --schedule 2999-02-01T09:00:00+05:30 --yes -o csv
voiceagent campaigns cancel CAMPAIGN --yes
voiceagent campaigns create --name March --agent AGENT --from +15550100000 --contacts contacts.csv --concurrency 1 --hours 09:00-18:00 --yes -o csv
voiceagent campaigns stop CAMPAIGN --yes
voiceagent doctor
voiceagent agents delete AGENT --yes
voiceagent limits
voiceagent version
voiceagent listen --simulate --count 1 --address 127.0.0.1:0
`), "\n")

// volatile matches what differs each time: times, addresses, the rest of the rate limit, random
// keys, and versions.
var volatile = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC\+05:30)|(?m)^\d\d:\d\d:\d\d|127\.0\.0\.1:\d+|REMAINING +\d+|Idempotency-Key: \w+|VERSION +\d\S*|doctor \d\S*|it is \S+ (?:ahead of|behind) this machine|GO +go\S+`)

// The output of each command but `campaigns run`, which has a recording of its own. With -update it
// is recorded anew.
func TestRecordedCommands(t *testing.T) {
	t.Parallel()
	server := voiceagenttest.NewServer(voiceagenttest.WithStart(time.Date(2025, 1, 31, 9, 30, 0, 0, time.UTC)), voiceagenttest.WithLimits(voiceagenttest.Pro))
	t.Cleanup(server.Close)
	variables := map[string]string{"VOICEAGENT_BASE_URL": server.URL, keyVariable: "lev_test_0000"}
	contacts := filepath.Join(t.TempDir(), "contacts.csv")
	require.NoError(t, os.WriteFile(contacts, []byte("phone,name\n+919876543211,Rahul\n+919876543212,Meera\n"), 0o600))

	var b strings.Builder
	ids := map[string]string{}
	for _, line := range recorded {
		if line == "# wait" {
			server.Advance(time.Hour)
			continue
		}
		for what, id := range ids {
			line = strings.ReplaceAll(line, what, id)
		}
		b.WriteString("$ " + line + "\n")
		args := words(strings.Replace(line, "contacts.csv", contacts, 1))[1:]
		got := runHere(t.Context(), variables, args...)
		require.Zero(t, got.code, "%s\n%s", line, got.errOut)
		b.WriteString(withoutTrailing(got.errOut+got.out) + "\n")
		if created := regexp.MustCompile(`(?m)^(?:ID +)?([0-9a-f]{8}-[0-9a-f-]{27})`).FindStringSubmatch(got.out); strings.Contains(line, " create ") && created != nil {
			ids[strings.ToUpper(strings.TrimSuffix(args[0], "s"))] = created[1]
		}
	}
	got, file := strings.TrimSpace(b.String())+"\n", filepath.Join(docs, "recordings", "commands.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	fixed := func(text string) string { return volatile.ReplaceAllString(text, "...") }
	assert.Equal(t, fixed(got), fixed(string(want)), "%s is behind: go test ./internal/commands -run Recorded -update", file)
	assert.Equal(t, []string{"voiceagent campaigns run"}, unrecorded(), "the commands that aren't in it")
}

// words cuts a command line as a shell does, with double quotes.
func words(line string) (list []string) {
	for _, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1) {
		list = append(list, strings.Trim(word, `"`))
	}
	return list
}

// unrecorded are the commands that do something, and that nobody has recorded.
func unrecorded() (missing []string) {
	for _, path := range untried(allCommands(), recorded) {
		if !strings.Contains(path, " completion") && path != "voiceagent help" && path != "voiceagent exit-codes" {
			missing = append(missing, path)
		}
	}
	return missing
}
