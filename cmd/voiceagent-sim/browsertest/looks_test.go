package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"strings"
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

	// Values that are too long for any line, in rows that are open.
	long := strings.Repeat("w", 200)
	_, err = s.client(t).Calls.Create(t.Context(), voiceagent.CallCreateParams{ // the other waits, as it was told 429
		AgentID: s.agents[0], From: from, To: "+15550100002", Metadata: map[string]any{"note": long},
	}, voiceagent.WithIdempotencyKey(long))
	require.NoError(t, err)
	p.until(`document.querySelector('#requests .opens b')?.textContent === 'POST' && document.querySelector('#calls .opens td').textContent.startsWith('…0002')`)
	assert.Equal(t, 900, evaluate[int](p, `document.documentElement.scrollHeight`), "all is in view")
	p.click("#requests .opens button")
	p.click("#calls .opens button")
	p.until(`document.querySelector('#requests-open')?.textContent.includes('` + long + `') && document.querySelector('#calls-open')?.textContent.includes('` + long + `')`)

	for _, width := range []int64{1280, 768, 390} {
		p.do(chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			p.prefer(scheme)
			assert.Empty(t, evaluate[[]string](p, faint), "%s, %d", scheme, width)
			assert.LessOrEqual(t, evaluate[int](p, `document.documentElement.scrollWidth`), int(width), "nothing sticks out")
			assert.Empty(t, evaluate[[]string](p, cutOff), "%s, %d", scheme, width)
		}
	}
	assert.Empty(t, evaluate[[]string](p, unnamed))
	assert.Empty(t, p.complaints())
}

// cutOff lists what sticks out of the panel of an open row, or out of what is in view of it.
const cutOff = `[...document.querySelectorAll(".detail dd, .detail pre, .detail h3, .detail li")].filter((node) => {
  const place = node.getBoundingClientRect();
  return node.scrollWidth > node.clientWidth + 1 || place.right > node.closest(".scrolls").getBoundingClientRect().right + 1;
}).map((node) => node.outerHTML)`

// prefer makes the browser ask for a light or a dark page.
func (p *page) prefer(scheme string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
	require.True(p.t, evaluate[bool](p, `matchMedia('(prefers-color-scheme: `+scheme+`)').matches`))
}

// On a phone a shadow at its edge shows that a table goes on there.
func TestTableShowsThatItScrolls(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "An agent with a long name")
	p := browse(t, s.dashboard)
	p.do(chromedp.EmulateViewport(390, 844))
	for n := range 12 {
		s.single(t, fmt.Sprintf("+1555010%04d", n))
	}
	p.until(`document.querySelectorAll('#calls .opens').length === 12 && document.querySelectorAll('#requests .opens').length === 12`)
	for _, table := range []string{"campaigns", "requests", "calls"} {
		for _, scheme := range []string{"light", "dark"} {
			p.prefer(scheme)
			scroller := `document.querySelector('#` + table + `').parentElement`
			evaluate[chromedp.Void](p, scroller+`.scrollIntoView({ block: "center" })`)
			for _, c := range []struct {
				at          string
				left, right bool // shadows
			}{{"0", false, true}, {"9999", true, false}} {
				evaluate[chromedp.Void](p, scroller+`.scrollLeft = `+c.at)
				left, right := p.shadows(scroller)
				assert.Equal(t, []bool{c.left, c.right}, []bool{left, right}, "%s, %s, scrolled to %s", table, scheme, c.at)
			}
			evaluate[chromedp.Void](p, scroller+`.scrollLeft = 0`)
		}
	}
}

// shadows reports whether an element has a shadow at its edges: whether most pixels there, below
// the head of the table, have another colour than the panel, which the title line shows.
func (p *page) shadows(element string) (left, right bool) {
	p.t.Helper()
	box := evaluate[[]int](p, `(() => {
  const place = `+element+`.getBoundingClientRect();
  return [place.left, place.top + 28, place.right, place.bottom, place.top - 12].map(Math.round);
})()`)
	data, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	require.NoError(p.t, err)
	picture, err := png.Decode(bytes.NewReader(data))
	require.NoError(p.t, err)
	panel := picture.At((box[0]+box[2])/2+60, box[4])
	shaded := func(x int) bool {
		other := 0
		for y := box[1]; y < box[3]; y++ {
			if picture.At(x, y) != panel {
				other++
			}
		}
		return 2*other > box[3]-box[1]
	}
	return shaded(box[0] + 2), shaded(box[2] - 3)
}
