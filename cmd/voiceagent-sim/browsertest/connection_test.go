package browsertest

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

// When the simulator has stopped, the page says so and keeps its data. It goes on with a simulator
// that is started in its place, and keeps the row that is open until it is closed.
func TestSimulatorGoneAndBack(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Before")
	p := browse(t, s.dashboard)
	_, err := s.client(t).Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: s.agents[0], From: from, To: "+15550100001"})
	assert.NoError(t, err)
	p.until(`document.querySelector('#calls').textContent.includes('Before')`)
	p.click("#requests .opens button")
	p.until(`document.querySelector('#requests-open pre') !== null`)

	s.stop()
	p.until(`document.querySelector('#connection.gone')?.textContent.includes("doesn't answer")`)
	assert.Contains(t, p.text("#calls"), "Before")
	p.click(`button[data-fault="POST /call:503"]`)
	p.until(`document.querySelector('#fault-result.wrong')?.textContent.includes("doesn't answer")`)

	addr := strings.TrimSuffix(strings.TrimPrefix(s.dashboard, "http://"), "/_sim/")
	startSim(t, "-addr", addr, "-agent", "After")
	p.until(`document.querySelector('#connection.live') !== null && document.querySelector('#calls').textContent.includes('No call yet')`)
	assert.False(t, evaluate[bool](p, `document.querySelector('#content').classList.contains('stale')`))
	assert.Contains(t, p.text("#requests-open"), "The simulator no longer has it")
	p.click("#requests .opens button")
	p.until(`document.querySelector('#requests').textContent.includes('No request yet')`)
}

// watched counts the page's pending timers and requests, so that a test can see that there are
// none. The test's own polling has timers too; the page's timers have a function called look. hide
// does what a browser does when the tab is hidden or shown again.
const watched = `
window.timers = new Set();
window.fetching = 0;
const later = setTimeout, forget = clearTimeout, ask = fetch;
window.setTimeout = (run, ms) => { if (run.name !== "look") return later(run, ms); const id = later(() => { timers.delete(id); run(); }, ms); timers.add(id); return id; };
window.clearTimeout = (id) => { timers.delete(id); forget(id); };
window.fetch = (...args) => { fetching++; return ask(...args).finally(() => fetching--); };
window.hide = (hidden) => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};`

func TestPausesWhenHidden(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo")
	p := browse(t, s.dashboard, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watched})
		return err
	}))
	p.until(`document.querySelector('#connection.live') !== null && timers.size === 1`)

	evaluate[chromedp.Void](p, `hide(true)`)
	assert.Contains(t, p.text("#connection"), "Paused")
	p.until(`fetching === 0`)
	assert.Equal(t, 0, evaluate[int](p, `timers.size`), "it won't ask again")
	assert.Contains(t, p.text("#connection"), "Paused")

	evaluate[chromedp.Void](p, `hide(false)`)
	p.until(`document.querySelector('#connection.live') !== null && timers.size === 1`)

	// Hidden while an answer is on its way.
	evaluate[chromedp.Void](p, `hide(false); hide(true)`)
	p.until(`fetching === 0`)
	assert.Equal(t, 0, evaluate[int](p, `timers.size`), "it won't ask again")
	assert.Empty(t, p.complaints())
}
