package dial_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var update = flag.Bool("update", false, "write docs/recordings/campaigns-run.txt")

const (
	recording     = "../../../../docs/recordings/campaigns-run.txt"
	recordedWidth = 110
	height        = 40
)

// terminal is a terminal with a program in it.
type terminal struct {
	width    int
	keyboard *os.File
	ended    chan error

	mu       sync.Mutex // not vt.SafeEmulator: its CellAt gives out a cell that a Write changes meanwhile
	emulator *vt.Emulator
}

// startTerminal builds the program, and runs it in a terminal, against the server at an address.
func startTerminal(t *testing.T, d *desk, width int, url string, args ...string) *terminal {
	t.Helper()
	program := d.path("voiceagent")
	out, err := exec.Command("go", "build", "-o", program, "../..").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := exec.Command(program, args...)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "VOICEAGENT_API_KEY="+voiceagenttest.DefaultKey, "VOICEAGENT_BASE_URL="+url, "XDG_CONFIG_HOME="+d.path("config"),
		"TERM=xterm-256color", "NO_COLOR=1")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: height, Cols: uint16(width)})
	require.NoError(t, err)
	term := &terminal{width: width, emulator: vt.NewEmulator(width, height), keyboard: file, ended: make(chan error, 1)}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := file.Read(buffer)
			term.draw(buffer[:n])
			if err != nil { // EIO, when the program has ended
				break
			}
		}
		term.ended <- cmd.Wait()
		file.Close()
	}()
	return term
}

func (term *terminal) draw(output []byte) {
	term.mu.Lock()
	defer term.mu.Unlock()
	_, _ = term.emulator.Write(output)
}

// text is what is to be seen.
func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	var lines []string
	for y := range height {
		var line strings.Builder
		for x := range term.width {
			if cell := term.emulator.CellAt(x, y); cell != nil && cell.Content != "" {
				line.WriteString(cell.Content)
			} else {
				line.WriteByte(' ')
			}
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// until waits for something to be seen.
func (term *terminal) until(t *testing.T, seen func(text string) bool) string {
	t.Helper()
	for range 6000 {
		if text := term.text(); seen(text) {
			return text
		}
		select {
		case err := <-term.ended:
			term.ended <- err // for whoever asks next
			if text := term.text(); seen(text) {
				return text
			}
			require.FailNow(t, "the program has ended", "%v\n%s", err, term.text())
		case <-time.After(10 * time.Millisecond):
		}
	}
	require.FailNow(t, "it was never to be seen", term.text())
	return ""
}

var percent = regexp.MustCompile(`(\d+\.\d)% \[`)

func shownPercent(text string) float64 {
	if match := percent.FindStringSubmatch(text); match != nil {
		value, _ := strconv.ParseFloat(match[1], 64)
		return value
	}
	return 0
}

// A run of the real program in a terminal: the plan, the question, a bar that moves, the summary.
func TestRecordedRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program, and runs it for some seconds")
	}
	d := newDesk(t, voiceagenttest.WithSpeed(40), voiceagenttest.WithLimits(voiceagenttest.Pro))
	var file strings.Builder
	file.WriteString("phone,name,due date\n")
	for i := range 100 {
		fmt.Fprintf(&file, "98765432%02d,Person %d,2026-12-%02d\n", i, i+1, i%28+1)
	}
	d.write("contacts.csv", file.String())
	args := []string{"campaigns", "run", "contacts.csv", "--agent", d.agent, "--from", "+15550100000", "--region", "IN", "--concurrency", "5"}

	var frames strings.Builder
	var start time.Time
	frame := func(text string) {
		fmt.Fprintf(&frames, "---- after %.0f s\n%s", time.Since(start).Seconds(), text)
	}
	term := startTerminal(t, d, recordedWidth, d.srv.URL, args...)
	start = time.Now()
	frame(term.until(t, func(text string) bool { return strings.Contains(text, "Call 100 contacts from ") }))
	_, err := term.keyboard.WriteString("y\r")
	require.NoError(t, err)
	first := term.until(t, func(text string) bool { return shownPercent(text) > 10 })
	frame(first)
	second := term.until(t, func(text string) bool {
		return shownPercent(text) > max(50, shownPercent(first)) && strings.Contains(text, " left\n")
	})
	frame(second)
	require.NoError(t, <-term.ended, term.text())
	last := term.text()
	frame(last)

	assert.Contains(t, first, "1 campaign: 1 in_progress")
	assert.Len(t, percent.FindAllString(second, -1), 1, "the bar is drawn over itself")
	assert.Contains(t, last, "1 campaign: 1 completed\ncompleted ")
	assert.Contains(t, last, "\n100.0% [")
	assert.Contains(t, last, "results: contacts.results.csv")
	assert.Len(t, d.srv.Dialed(), 100)
	d.nobodyTwice()
	head := "$ voiceagent " + strings.Join(args, " ") + "\n"
	if *update {
		require.NoError(t, os.MkdirAll("../../../../docs/recordings", 0o755))
		require.NoError(t, os.WriteFile(recording, []byte(head+frames.String()), 0o644))
	}
	recorded, err := os.ReadFile(recording)
	require.NoError(t, err, "record it with -update")
	assert.True(t, strings.HasPrefix(string(recorded), head), "it isn't a recording of this command: record it with -update")
}
