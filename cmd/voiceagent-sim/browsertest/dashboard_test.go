package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// evil are names that become something when a page takes them for HTML.
const (
	evilAgent    = `<img src=x onerror="window.hacked=1">`
	evilCampaign = `<b id="hacked">Reminders</b><script>hacked=2</script>`
)

const from = "+15550100000"

func contacts(n int) []voiceagent.Contact {
	list := make([]voiceagent.Contact, n)
	for i := range list {
		list[i] = voiceagent.Contact{"phone": fmt.Sprintf("+91987654%04d", i), "name": "Asha"}
	}
	return list
}

// progress is how many contacts of the first campaign the page shows as finished.
const progress = `+(document.querySelector('#campaigns [role=progressbar]')?.ariaValueNow ?? 0)`

// row is a cell of the n-th newest request, from 0.
func row(n int, cell int) string {
	return fmt.Sprintf(`document.querySelector('#requests tbody').rows[%d]?.cells[%d]?.textContent`, n, cell)
}

func TestCampaign(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", evilAgent, "-speed", "20", "-plan", "free")
	p := browse(t, s.dashboard)
	p.until(`document.querySelector('#connection').textContent.includes('Live')`)
	assert.Contains(t, p.text("#calls"), "No call yet")

	client := s.client(t)
	campaign, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
		Name: evilCampaign, AgentID: s.agents[0], From: from, Contacts: contacts(30), MaxConcurrentCalls: 6,
	})
	require.NoError(t, err)

	p.until(progress + ` > 0`)
	moved := evaluate[int](p, progress)
	p.until(fmt.Sprintf(`%s > %d`, progress, moved))
	assert.Contains(t, p.text("#campaigns"), "in progress")
	p.until(progress + ` === 30`)
	now, err := client.Campaigns.Get(t.Context(), campaign.ID)
	require.NoError(t, err)
	p.until(`document.querySelector('#campaigns tbody .badge').textContent.includes('completed')`)
	cells := evaluate[[]string](p, `[...document.querySelector('#campaigns tbody').rows[0].cells].map((c) => c.textContent)`)
	assert.Equal(t, []string{evilCampaign, "✓completed", "30", fmt.Sprint(now.Completed), fmt.Sprint(now.NoAnswer)}, cells[:5])
	assert.Equal(t, "30", p.text("#total-numbers"))
	assert.Regexp(t, `^…\d{4}$`, evaluate[string](p, `document.querySelector('#calls tbody').rows[0].cells[0].textContent`))
	assert.Contains(t, p.text("#keys"), "Key …7777")
	assert.Regexp(t, `\d+ of 60 used, \d+ left`, p.text("#keys"))
	assert.Positive(t, evaluate[int](p, `document.querySelectorAll('#keys .bars rect.good').length`))

	assert.Equal(t, evilAgent, evaluate[string](p, `document.querySelector('#calls tbody').rows[0].cells[1].textContent`))
	assert.Equal(t, "undefined 0", evaluate[string](p, `typeof window.hacked + ' ' + document.querySelectorAll('main img, main script, b#hacked').length`), "a name is text")
	assert.Empty(t, p.complaints())
}

func TestFaultButtons(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo")
	p := browse(t, s.dashboard)
	client := s.client(t)
	call := func(last int) error {
		_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: s.agents[0], From: from, To: fmt.Sprintf("+1555010%04d", last)})
		return err
	}

	p.click(`button[data-fault="POST /call:503"]`)
	p.until(`document.querySelector('#faults').textContent === 'POST /call: 503 before work, once'`)
	require.NoError(t, call(1))
	p.until(row(2, 2) + ` === '✕503'`) // a look stands between
	assert.Equal(t, []string{"POST /call", "✕503", "before work", "1"}, cellsOf(p, 2))
	assert.Equal(t, []string{"POST /call", "✓200", "", "2"}, cellsOf(p, 0))
	p.until(`document.querySelector('#total-faults').textContent === '1'`)
	p.until(`document.querySelector('#faults').textContent.startsWith('None')`)

	p.do(chromedp.SendKeys(chromedp.CSS("#fault"), "POST /call:dorp\r"))
	p.until(`document.querySelector('#fault-result.wrong') !== null`)
	assert.Equal(t, `✕ "POST /call:dorp" is no fault: "dorp" is neither a status nor a kind of fault. Write, for example, POST /call:503x2`, p.text("#fault-result"))
	assert.Equal(t, "true", evaluate[string](p, `document.querySelector('#fault').ariaInvalid`))

	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#fault').value = ''`), chromedp.SendKeys(chromedp.CSS("#fault"), "POST /call:dropx2\r"))
	p.until(`document.querySelector('#faults').textContent === 'POST /call: drop, 2 times'`)
	p.click("#share-form button")
	p.until(`document.querySelector('#faults').childElementCount === 2`)
	assert.Contains(t, p.text("#faults"), "any request: 503 before work for 10 %, until cleared")
	p.click("#clear")
	p.until(`document.querySelector('#faults').textContent.startsWith('None')`)
	require.NoError(t, call(2))
	p.until(row(0, 2) + ` === '✓200' && ` + row(0, 5) + ` === '1' && document.querySelector('#total-numbers').textContent === '2'`)

	// A fault that the form refuses is answered 400, which Chromium itself reports.
	for _, complaint := range p.complaints() {
		assert.Contains(t, complaint, "400 (Bad Request)")
	}
}

// cellsOf is what the page shows of the n-th newest request, but for its times.
func cellsOf(p *page, n int) []string {
	p.t.Helper()
	return evaluate[[]string](p, fmt.Sprintf(`[1, 2, 3, 5].map((i) => document.querySelector('#requests tbody').rows[%d].cells[i].textContent)`, n))
}
