package dial

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

// paper is a terminal of some width that anything can be written to.
type paper struct {
	emulator *vt.Emulator
	columns  int
}

func newPaper(columns int) *paper { return &paper{vt.NewEmulator(columns, 40), columns} }

func (p *paper) Write(text []byte) (int, error) {
	_, err := p.emulator.Write([]byte(strings.ReplaceAll(string(text), "\n", "\r\n"))) // as a terminal's driver does
	return len(text), err
}

// rows are what is to be seen.
func (p *paper) rows() (rows []string) {
	for y := range p.emulator.Height() {
		var row strings.Builder
		for x := range p.columns {
			if cell := p.emulator.CellAt(x, y); cell != nil && cell.Content != "" {
				row.WriteString(cell.Content)
			} else {
				row.WriteByte(' ')
			}
		}
		rows = append(rows, strings.TrimRight(row.String(), " "))
	}
	return strings.Split(strings.TrimRight(strings.Join(rows, "\n"), "\n"), "\n")
}

// large are counts of six digits.
func large(done int) Counts {
	rate, cost := 57.4, 123456.78
	return Counts{Total: 400000, Done: done, Completed: 123456, NoAnswer: 234567, Voicemail: 345678, Failed: 456789, PendingRetries: 567890,
		PickupRate: &rate, Cost: &cost, states: map[string]int{"completed": 123, "in_progress": 77}}
}

// Whatever is shown, and however narrow the terminal is, the block stands once, below what was
// written before.
func TestTheBlockStaysStraight(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{21, 40, 60, 80, 120, 200} {
		screen := newPaper(columns)
		_, _ = screen.Write([]byte("Call 400,000 contacts? [y/N] y\n"))
		limit := voiceagent.RateLimit{}
		b := newBlock(screen, func() int { return columns }, pace{began: time.Now().Add(-12*time.Hour - 34*time.Minute)}, large(0))
		b.words = strings.ToUpper
		b.limit = func() (voiceagent.RateLimit, bool) { return limit, true }
		for i, step := range []func(){
			func() { b.show(large(1)) },
			func() { b.wait("503: maintenance, wait 30s", time.Now().Add(time.Minute)) },
			func() { b.show(large(100000)) },
			func() {
				b.note("can't be watched for now: GET /campaigns/{campaign_id}: 503 Service Unavailable (request_id req_1)")
			},
			func() { b.show(large(200000)) },
			func() { limit = voiceagent.RateLimit{Limit: 60, Reset: time.Now().Add(time.Minute)} },
			func() { b.show(large(399999)) },
		} {
			step()
			b.draw("")
			shown := strings.Join(screen.rows(), "\n")
			assert.Equal(t, 1, strings.Count(shown, "% ["), "%d columns, step %d:\n%s", columns, i, shown)
			assert.Equal(t, 1, strings.Count(shown, "completed 123,456"), "%d columns, step %d:\n%s", columns, i, shown)
			assert.True(t, strings.HasPrefix(strings.ReplaceAll(shown, "\n", ""), "Call 400,000 contacts? [y/N] y"), shown)
			for _, line := range b.drawn {
				assert.Less(t, len(line), columns)
				assert.Contains(t, screen.rows(), line)
			}
			text := strings.Join(strings.Fields(shown), " ")
			assert.Equal(t, i == 1, strings.Contains(text, ": 503: maintenance, wait 30s"), text)
			assert.Equal(t, i == 3, strings.HasSuffix(strings.Join(b.drawn[:len(b.drawn)-1], " "), "CAN'T BE WATCHED FOR NOW"), text)
			assert.Equal(t, i >= 3, strings.Contains(text, "FOR NOW: GET"), "what was noted stays above")
			assert.Equal(t, i >= 5, strings.Contains(text, ": the rate limit of 60 requests is used up"), text)
		}
		b.waits = &waits{}
		b.begin()
		b.end()
		assert.NotContains(t, strings.Join(b.drawn, " "), "waiting until", "it ends as nothing is waited for any more")
	}
}

// When the window is made narrower, the terminal wraps what was drawn, and the block finds its
// place all the same.
func TestANarrowerWindow(t *testing.T) {
	t.Parallel()
	screen, columns := newPaper(120), 120
	b := newBlock(screen, func() int { return columns }, pace{began: time.Now()}, large(1))
	b.limit = func() (voiceagent.RateLimit, bool) { return voiceagent.RateLimit{}, false }
	b.draw("")
	narrow := newPaper(40) // what the terminal makes of it
	_, _ = narrow.Write([]byte("before\n" + strings.Join(b.drawn, "\n") + "\n"))
	b.w, columns = narrow, 40
	b.show(large(2))
	b.draw("")
	assert.Equal(t, append([]string{"before"}, b.drawn...), narrow.rows())
}

// A terminal that is narrower than the block's lines wraps them.
func TestTheNarrowestWindow(t *testing.T) {
	t.Parallel()
	screen := newPaper(10)
	b := newBlock(screen, func() int { return 10 }, pace{began: time.Now()}, large(1))
	b.limit = func() (voiceagent.RateLimit, bool) { return voiceagent.RateLimit{}, false }
	for done := range 4 {
		b.show(large(done))
		b.draw("")
		assert.Equal(t, 1, strings.Count(strings.Join(screen.rows(), ""), "campaigns:"), screen.rows())
	}
}

func TestTheBarLeavesOutWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	long := 12*time.Hour + 34*time.Minute + 56*time.Second
	for columns, want := range map[int]string{
		119: " 0.0% [............................] [17 in 12h34m56s] contacts",
		59:  " 0.0% [........................] [17 in 12h34m56s] contacts",
		39:  " 0.0% [.............] [17 in 12h34m56s]",
		20:  " 0.0% [17]",
		25:  " 0.0% [17 in 12h34m56s]",
	} {
		assert.Equal(t, want, barLine(Counts{Done: 17, Total: 400000}, long, columns))
	}
	assert.Equal(t, "100.0% [######] [400,000 in 12h34m56s]", barLine(Counts{Done: 400000, Total: 400000}, long, 38))
}
