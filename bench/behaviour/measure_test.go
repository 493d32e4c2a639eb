package main

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

func TestVerdict(t *testing.T) {
	absent := cell{missing: "why"}
	for name, c := range map[string]struct {
		goal  int
		cells []cell
		want  verdict
	}{
		"higher than all":             {1, []cell{{score: 1}, {score: 0}, {score: 0}}, won},
		"as high as one":              {1, []cell{{score: 1}, {score: 0}, {score: 1}}, equal},
		"lower than one":              {1, []cell{{score: 1}, {score: 2}, {score: 0}}, lost},
		"below zero":                  {0, []cell{{score: -2}, {score: -1}}, lost},
		"as low as all":               {1, []cell{{score: 0}, {score: 0}}, none},
		"best, and not good enough":   {0, []cell{{score: -1}, {score: -3}}, won},
		"what is missing has no say":  {-1, []cell{{score: -1}, absent, {score: -1}}, equal},
		"nothing to compare with":     {0, []cell{{score: 0}, absent}, unmatched},
		"nothing of this client's":    {0, []cell{absent, {score: 0}}, lost},
		"nothing of this one or them": {0, []cell{absent, absent}, lost},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, result{row{goal: c.goal}, c.cells}.verdict())
		})
	}
}

func TestTable(t *testing.T) {
	libs := []clients.Library{{Name: "this"}, {Name: "that"}}
	text := table([]result{
		{row{name: "first", goal: 1, note: "A note."}, []cell{{text: "good", score: 1}, {text: "bad"}}},
		{row{name: "second", goal: 1}, []cell{{text: "bad"}, {text: "worse", score: -1}}},
		{row{name: "third", goal: 1}, []cell{{text: "bad"}, {text: "n/a", missing: "A reason."}}},
		{row{name: "fourth", goal: 1}, []cell{{text: "bad"}, {text: "bad"}}},
	}, libs)
	assert.Equal(t, `| | what happens | this | that | verdict |
| --- | --- | --- | --- | --- |
| 1 | first (1) | **good** | bad | won |
| 2 | second | **bad** | worse | won |
| 3 | third | bad | n/a (2) | nothing to compare with |
| 4 | fourth | bad | bad | none does it well |
| | rows in which it is best | 2 of 4 | 0 of 4 | |

4 rows: 2 won, 0 equal to the best, 0 lost, 1 that none does well, 1 with nothing to compare with.

1. A note.
2. A reason.
`, text)
}

// A row that can't be measured must not look like one.
func TestMeasureFails(t *testing.T) {
	broken := row{name: "broken", measure: func(context.Context, clients.Library) (cell, error) {
		return cell{}, errors.New("no cell")
	}}
	_, err := measure(t.Context(), []row{broken}, []clients.Library{{Name: "this"}})
	require.EqualError(t, err, "broken: this: no cell")
}
