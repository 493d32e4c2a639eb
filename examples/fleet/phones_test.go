package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// What everything else here is judged by has to see each thing that can go wrong.
func TestCompare(t *testing.T) {
	t.Parallel()
	numbers := map[string]string{"1": "+15550000001", "2": "+15550000002", "3": "+15550000003"}
	calls := func(numbers ...string) (dials []voiceagenttest.Dial) {
		for i, number := range numbers {
			dials = append(dials, voiceagenttest.Dial{Number: number, CallID: string(rune('a' + i))})
		}
		return dials
	}
	a, b := outcome{Kind: placed, Ref: "a"}, outcome{Kind: placed, Ref: "b"}
	no, lost := outcome{Kind: refused}, outcome{Kind: unknown}
	tests := map[string]struct {
		outcomes map[string]outcome
		dials    []voiceagenttest.Dial
		want     string // "" when it adds up
	}{
		"all is well":       {map[string]outcome{"1": a, "2": no, "3": lost}, calls("+15550000001"), ""},
		"an unknown rang":   {map[string]outcome{"1": a, "2": no, "3": lost}, calls("+15550000001", "+15550000003"), ""},
		"loss":              {map[string]outcome{"1": a, "2": no}, calls("+15550000001"), "1 rows have no outcome"},
		"twice":             {map[string]outcome{"1": a, "2": no, "3": lost}, calls("+15550000001", "+15550000001"), "1 phones rang more than once"},
		"unknown, twice":    {map[string]outcome{"1": a, "2": no, "3": lost}, calls("+15550000001", "+15550000003", "+15550000003"), "rang more than once"},
		"never rang":        {map[string]outcome{"1": a, "2": b, "3": lost}, calls("+15550000001"), "didn't ring its phone"},
		"another's":         {map[string]outcome{"1": a, "2": a, "3": lost}, calls("+15550000001"), "have the same call"},
		"refused and rang":  {map[string]outcome{"1": a, "2": no, "3": lost}, calls("+15550000001", "+15550000002"), "was refused, and its phone rang"},
		"a stranger":        {map[string]outcome{"1": a, "2": no, "3": lost}, calls("+15550000001", "+15550000009"), "isn't on the list"},
		"a stranger's row":  {map[string]outcome{"1": a, "2": no, "3": lost, "4": no}, calls("+15550000001"), "row 4 has an outcome"},
		"an unknown's kind": {map[string]outcome{"1": a, "2": no, "3": {Kind: "?"}}, calls("+15550000001"), "1 rows have no outcome"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := compare(numbers, test.outcomes, test.dials)
			if test.want == "" {
				assert.NoError(t, v.err())
				return
			}
			assert.ErrorContains(t, v.err(), test.want)
		})
	}
}
