package browsertest

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// faint lists the texts whose contrast with their background is below 4.5 to 1, the minimum of WCAG
// AA.
const faint = `(() => {
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return (numbers(colour)[3] ?? 1) > 0 ? colour : behind(node.parentElement);
  };
  const texts = [...document.querySelectorAll("body *")].filter((node) =>
    !node.disabled && !node.closest("noscript, script, svg") && [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim() !== ""));
  return texts.map((node) => {
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
    return [node.textContent, (a + 0.05) / (b + 0.05)];
  }).filter(([, contrast]) => contrast < 4.5).map(([text, contrast]) => text + ": " + contrast.toFixed(1));
})()`

// unnamed lists what somebody who can't see the page would know nothing about.
const unnamed = `[
  ...[...document.querySelectorAll("button")].filter((node) => node.textContent.trim() === ""),
  ...[...document.querySelectorAll("input")].filter((node) => node.labels.length === 0),
  ...[...document.querySelectorAll("th")].filter((node) => !node.scope),
  ...[...document.querySelectorAll("[role=img], [role=progressbar]")].filter((node) => !node.ariaLabel),
  ...[...document.querySelectorAll(".badge")].filter((node) => !/[a-z0-9]/.test(node.textContent)),
].map((node) => node.outerHTML)`

func TestLooks(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo", "-speed", "60", "-plan", "12", "-fail", "GET /agents:hang")
	p := browse(t, s.dashboard)
	client := s.client(t)
	_, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
		Name: "Reminders", AgentID: s.agents[0], From: from, Contacts: contacts(40), MaxConcurrentCalls: 8,
	})
	require.NoError(t, err)
	_, _ = client.Calls.Get(t.Context(), "nothing") // a 404
	hanging, hangUp := context.WithCancel(t.Context())
	var hangs sync.WaitGroup
	hangs.Go(func() { _, _ = client.Agents.List(hanging, voiceagent.AgentListParams{}) })
	defer hangs.Wait()
	defer hangUp()
	p.until(`document.querySelectorAll('#requests .badge.active').length === 1`)
	p.click(`button[data-fault="POST /call:throttle"]`)
	p.click(`button[data-fault="POST /call:html"]`)
	p.until(`document.querySelector('#faults').childElementCount === 2`)
	_, _ = client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: s.agents[0], From: from, To: "+15550100001"}, voiceagent.WithMaxRetries(0))
	p.until(progress + ` === 40 && document.querySelectorAll('#requests .badge.refused').length === 1`)

	for _, scheme := range []string{"light", "dark"} {
		p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return err
		}))
		require.True(t, evaluate[bool](p, `matchMedia('(prefers-color-scheme: `+scheme+`)').matches`))
		assert.Empty(t, evaluate[[]string](p, faint), scheme)
	}
	assert.Empty(t, evaluate[[]string](p, unnamed))
	assert.LessOrEqual(t, evaluate[int](p, `document.documentElement.scrollWidth`), 1280, "nothing sticks out")
	assert.Equal(t, 900, evaluate[int](p, `document.documentElement.scrollHeight`), "all is in view")
}
