package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// TestPicture takes the picture for the documentation: two campaigns and single calls over five
// rate-limit windows, with something going wrong in each, a number that is called twice, and a
// request that was repeated opened. It needs about a minute and the program's usual port.
func TestPicture(t *testing.T) {
	if !*update {
		t.Skip("with -update it writes docs/dashboard.png")
	}
	s := startSim(t, "-addr", "127.0.0.1:8484", "-agent", "Acme Sales", "-agent", "Renewals", "-speed", "6", "-plan", "60", "-window", "15s", "-seed", "5")
	p := browse(t, s.dashboard)
	p.do(chromedp.EmulateViewport(1280, 1000))
	client := s.client(t)

	work, finish := context.WithCancel(t.Context())
	var working sync.WaitGroup
	defer working.Wait()
	defer finish()
	for i, campaign := range []voiceagent.CampaignCreateParams{
		{Name: "January reminders", AgentID: s.agents[1], Contacts: contacts(240), MaxConcurrentCalls: 8},
		{Name: "Feedback round", AgentID: s.agents[0], Contacts: contacts(264)[240:], MaxConcurrentCalls: 6},
	} {
		campaign.From = from
		made, err := client.Campaigns.Create(t.Context(), campaign)
		require.NoError(t, err)
		working.Go(func() {
			for _, err := range client.Campaigns.Watch(work, made.ID, voiceagent.WatchParams{Interval: time.Duration(3-i) * 600 * time.Millisecond}) {
				if err != nil {
					return
				}
			}
		})
	}
	working.Go(func() {
		for n := 0; work.Err() == nil; n++ {
			_, _ = client.Calls.Create(work, voiceagent.CallCreateParams{AgentID: s.agents[0], From: from, To: fmt.Sprintf("+1555010%04d", n-n%8/7)})
			time.Sleep(time.Duration(100+150*(n/7%5)) * time.Millisecond) // busier and calmer in turn
		}
	})

	const bars = `[...document.querySelectorAll('#keys .bars g rect')]`
	for i, button := range []string{"POST /call:503", "POST /call:html", "POST /call:throttle", "POST /call:drop-after", "POST /call:503"} {
		// The oldest bar has moved so far to the left.
		p.until(bars + `.some((bar) => bar.x.baseVal.value < ` + []string{"520", "400", "280", "160", "20"}[i] + `)`)
		p.click(`button[data-fault="` + button + `"]`)
		p.until(`document.querySelector('#faults').textContent.startsWith('None')`)
	}
	p.do(chromedp.SendKeys(chromedp.CSS("#fault"), "GET:502x2\r"))
	p.until(`document.querySelectorAll('#requests .again').length >= 3`)
	p.click("#share-form button")
	p.until(`document.querySelector('#faults').textContent.startsWith('any request')`)
	p.until(`document.querySelector('#calls .opens:nth-child(-n+8) .badge.warns') !== null && document.querySelector('#requests .opens:nth-child(n+3) .again') !== null`)
	evaluate[chromedp.Void](p, `document.querySelector('#requests .opens:nth-child(n+3):has(.again) button').click()`)
	p.until(`document.querySelector('#requests-open pre') !== null`)
	evaluate[chromedp.Void](p, `document.querySelector('#requests').parentElement.scrollTop -= 60; document.activeElement.blur()`)
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	assert.Less(t, len(picture), 300_000, "bytes")
	require.NoError(t, os.WriteFile(filepath.Join("..", "..", "..", "docs", "dashboard.png"), picture, 0o644))
}
