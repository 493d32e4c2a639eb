package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

func (p *page) press(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// single places calls by POST /call.
func (s *sim) single(t *testing.T, numbers ...string) {
	t.Helper()
	client := s.client(t)
	for _, number := range numbers {
		_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{
			AgentID: s.agents[0], From: from, To: number, Metadata: map[string]any{"note": "ask for +919876543219"},
		}, voiceagent.WithIdempotencyKey("for +919876543210"))
		require.NoError(t, err)
	}
}

const openRow = `document.querySelector('.opens:has([aria-expanded="true"])')`

// A row opens and closes by keys, which a table takes one stop of; its focus is seen and stays.
func TestRequestOpens(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo", "-fail", "POST /call:503")
	p := browse(t, s.dashboard)
	s.single(t, "+919876543210")
	p.until(`document.querySelectorAll('#requests .opens').length === 3`)
	const stops = `[...document.querySelectorAll('#requests button')].filter((button) => button.tabIndex === 0).length`
	assert.Equal(t, 1, evaluate[int](p, stops))
	assert.Equal(t, "false", evaluate[string](p, `document.querySelector('#requests button').ariaExpanded`))

	evaluate[chromedp.Void](p, `document.querySelector('[aria-labelledby="requests-title"].scrolls').focus()`)
	p.press(kb.Tab)
	require.True(t, evaluate[bool](p, `document.activeElement === document.querySelector('#requests button')`))
	assert.Equal(t, "solid 2px", evaluate[string](p, `getComputedStyle(document.activeElement).outlineStyle + ' ' + getComputedStyle(document.activeElement).outlineWidth`))
	p.press(kb.ArrowDown)
	p.press(kb.ArrowDown)
	p.press("\r")
	p.until(`document.querySelector('#requests-open pre') !== null`)
	require.True(t, evaluate[bool](p, `document.activeElement.closest('tr') === `+openRow+` && document.activeElement.ariaExpanded === 'true'`))
	assert.Equal(t, 1, evaluate[int](p, stops))
	assert.Equal(t, "requests-open", evaluate[string](p, `document.activeElement.getAttribute('aria-controls')`))

	id := evaluate[string](p, openRow+`.dataset.id`)
	panel := evaluate[string](p, `document.querySelector('#requests-open').textContent`)
	for _, want := range []string{
		id, "POST /v1/call", "…7777", "for ***3210", `"phone_number": "***3210"`, `"note": "ask for ***3219"`, `"message": "Service Unavailable"`, "✕503", "this one", "✓200",
	} {
		assert.Contains(t, panel, want)
	}
	text := evaluate[string](p, `document.documentElement.outerHTML`)
	for _, private := range []string{"9876543210", "9876543219", "lev_test"} {
		assert.NotContains(t, text, private)
	}

	s.single(t, "+919876543211") // the rows are shown anew
	p.until(`document.querySelectorAll('#requests .opens').length === 4`)
	assert.True(t, evaluate[bool](p, `document.activeElement.closest('tr') === `+openRow), "the focus stays")
	assert.Equal(t, id, evaluate[string](p, openRow+`.dataset.id`))
	p.press(" ")
	p.until(openRow + ` === null && document.querySelector('#requests-open') === null`)
	assert.True(t, evaluate[bool](p, `document.activeElement.matches('#requests button')`))

	p.click("#requests .opens td:nth-child(2)") // a click anywhere in the row
	p.until(openRow + `?.querySelector('b').textContent === 'POST' && document.querySelector('#requests-open pre') !== null`)
	assert.Empty(t, p.complaints())
}

// While a row is open and more come, it stays where it is, also when it isn't among the latest any
// more, and so does the other list.
func TestOpenRowStays(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo")
	p := browse(t, s.dashboard)
	s.single(t, "+15550100001")
	for _, viewport := range [][2]int64{{1280, 900}, {390, 844}} {
		p.do(chromedp.EmulateViewport(viewport[0], viewport[1]))
		p.until(`document.querySelector('#requests .opens') !== null && document.querySelector('#calls .opens') !== null`)
		const places = `[...document.querySelectorAll('.opens:has([aria-expanded="true"]), .detail, #lists .scrolls')].map((node) => node.getBoundingClientRect().y)`
		for i, list := range []string{"calls", "requests"} {
			p.click("#" + list + " .opens button")
			p.until(`document.querySelector('#` + list + `-open pre') !== null`)
			before := evaluate[[]float64](p, places)
			require.Len(t, before, 4+2*i)
			for _, more := range []int{1, 3, 66 * i} {
				received := evaluate[int](p, `+document.querySelector('#total-requests').textContent`)
				for n := range more {
					s.single(t, fmt.Sprintf("+1555012%04d", n))
				}
				p.until(fmt.Sprintf(`+document.querySelector('#total-requests').textContent === %d`, received+more))
				assert.InDeltaSlice(t, before, evaluate[[]float64](p, places), 2, "pixels, at %v, %d more, %s is open", viewport, more, list)
			}
		}
		assert.Equal(t, []int{61, 41}, evaluate[[]int](p, `[document.querySelectorAll('#requests .opens').length, document.querySelectorAll('#calls .opens').length]`))
		p.click(`#requests [aria-expanded="true"]`)
		p.click(`#calls [aria-expanded="true"]`)
		p.until(openRow + ` === null`)
		assert.Equal(t, []int{60, 40}, evaluate[[]int](p, `[document.querySelectorAll('#requests .opens').length, document.querySelectorAll('#calls .opens').length]`))

		// What opens below the last row in view comes into view.
		evaluate[chromedp.Void](p, `(() => {
  const list = document.querySelector('#requests').parentElement;
  list.scrollTop = 0;
  [...list.querySelectorAll('.opens')].findLast((row) => row.getBoundingClientRect().bottom <= list.getBoundingClientRect().bottom).querySelector('button').click();
})()`)
		p.until(`document.querySelector('#requests-open pre') !== null`)
		assert.Greater(t, evaluate[float64](p, `document.querySelector('#requests').parentElement.getBoundingClientRect().bottom - document.querySelector('#requests-open').getBoundingClientRect().top`), 100.0)
		p.click(`#requests [aria-expanded="true"]`)
	}
}

func TestCallOpens(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo", "-speed", "60")
	p := browse(t, s.dashboard)
	var numbers []string
	for n := range 8 {
		numbers = append(numbers, fmt.Sprintf("+1555010%04d", n))
	}
	s.single(t, numbers...)
	p.until(`document.querySelectorAll('#calls .badge.active').length === 0 && document.querySelectorAll('#calls .badge.good').length > 0`)
	evaluate[chromedp.Void](p, `document.querySelector('#calls .opens:has(.badge.good) button').click()`)
	p.until(`document.querySelector('#calls-open pre') !== null`)
	panel := evaluate[string](p, `document.querySelector('#calls-open').innerText`)
	for _, want := range []string{evaluate[string](p, openRow+`.dataset.id`), "full_name", "Hello, am I speaking with the account holder?", "Tomorrow in the morning.", `"collected_values"`, `"phone_number": "***`} {
		assert.Contains(t, panel, want)
	}
	assert.Empty(t, p.complaints())
}

// A number that was dialled twice is marked, unless a campaign was told to try it again.
func TestNumberDialledTwice(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo", "-speed", "120")
	p := browse(t, s.dashboard)
	_, err := s.client(t).Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
		Name: "Reminders", AgentID: s.agents[0], From: from, Contacts: contacts(20), MaxConcurrentCalls: 20,
		Retry: &voiceagent.CampaignRetry{Enabled: true, OnStatuses: []voiceagent.CallStatus{voiceagent.CallNoAnswer}, IntervalValue: 1, IntervalUnit: "minutes", MaxRetries: 1},
	})
	require.NoError(t, err)
	const marks = `[...document.querySelectorAll('#calls .opens td:first-child .badge')]`
	p.until(marks + `.some((mark) => mark.textContent === '↻rang 2×' && mark.matches('.quiet'))`)
	assert.Empty(t, p.text("#total-repeated"))

	s.single(t, "+15550100001", "+15550100002", "+15550100001")
	p.until(marks + `.filter((mark) => mark.textContent === '▲rang 2×' && mark.matches('.warns')).length === 2`)
	assert.Equal(t, "▲ 1 more than once", p.text("#total-repeated"))
	evaluate[chromedp.Void](p, `document.querySelector('#calls .opens:has(.badge.warns) button').click()`)
	p.until(`document.querySelector('#calls-open')?.textContent.includes('Rang 2 times')`)
	rings := evaluate[[]string](p, `[...document.querySelectorAll('#calls-open li')].map((line) => line.textContent)`)
	require.Len(t, rings, 2)
	assert.Contains(t, rings[0], "POST /call, attempt 2")
}

// What one list leaves empty the other gets.
func TestListsShareTheRoom(t *testing.T) {
	t.Parallel()
	s := startSim(t, "-agent", "Demo", "-speed", "60")
	p := browse(t, s.dashboard)
	const heights = `[...document.querySelectorAll('#lists .scrolls')].map((list) => Math.round(list.getBoundingClientRect().height))`
	// rest is how much of a list is empty, below zero for what it hides.
	const rest = `[...document.querySelectorAll('#lists .scrolls')].map((list) => Math.round(list.getBoundingClientRect().bottom - list.firstElementChild.getBoundingClientRect().bottom))`
	client := s.client(t)
	_, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
		Name: "Reminders", AgentID: s.agents[0], From: from, Contacts: contacts(40), MaxConcurrentCalls: 40,
	})
	require.NoError(t, err)
	p.until(`document.querySelectorAll('#calls .opens').length === 40 && document.querySelectorAll('#requests .opens').length === 1`)
	requests, calls := pair(p, heights)
	assert.Greater(t, calls, 4*requests)
	empty, _ := pair(p, rest)
	assert.InDelta(t, 0, empty, 1, "the one request takes no more than it needs")

	for range 60 {
		_, err := client.Calls.List(t.Context(), voiceagent.CallListParams{})
		require.NoError(t, err)
	}
	p.until(`document.querySelectorAll('#requests .opens').length === 60`)
	requests, calls = pair(p, heights)
	assert.InDelta(t, requests, calls, 1, "both have more than fits")
	assert.Equal(t, []int{1280, 900}, evaluate[[]int](p, `[document.documentElement.scrollWidth, document.documentElement.scrollHeight]`))
}

func pair(p *page, expression string) (a, b int) {
	p.t.Helper()
	list := evaluate[[]int](p, expression)
	require.Len(p.t, list, 2)
	return list[0], list[1]
}
