package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// faultForm is [METHOD ][ROUTE]:WHAT[xTIMES].
var faultForm = regexp.MustCompile(`^([A-Z]*) ?(/\S*?)?:([a-z0-9-]+?)(?:x(\d+|\*))?$`)

// slowness is what the slow kinds take when they are scripted.
const slowness = 3 * time.Second

// parseFault reads a -fail flag.
func parseFault(text string) (voiceagenttest.Fault, error) {
	m := faultForm.FindStringSubmatch(text)
	if m == nil {
		return voiceagenttest.Fault{}, errors.New("not of the form [METHOD ][ROUTE]:WHAT[xTIMES]")
	}
	f := voiceagenttest.Fault{Method: m[1], Route: strings.TrimPrefix(m[2], "/v1"), Times: 1}
	switch m[4] {
	case "":
	case "*":
		f.Times = -1
	default:
		var err error
		if f.Times, err = strconv.Atoi(m[4]); err != nil || f.Times < 1 {
			return f, fmt.Errorf("%s isn't a number of times", m[4])
		}
	}
	what := m[3]
	number, after := strings.CutSuffix(what, "-after")
	if status, err := strconv.Atoi(number); err == nil {
		if status < 200 || status > 599 {
			return f, fmt.Errorf("%d isn't a status from 200 to 599", status)
		}
		f.Kind, f.Status = voiceagenttest.StatusBefore, status
		if after {
			f.Kind = voiceagenttest.StatusAfter
		}
		return f, nil
	}
	f.Kind = voiceagenttest.Kind(what)
	if f.Kind == voiceagenttest.StatusBefore || f.Kind == voiceagenttest.StatusAfter || !slices.Contains(voiceagenttest.Kinds(), f.Kind) {
		return f, fmt.Errorf("%q is neither a status nor a kind of fault", what)
	}
	if f.Kind == voiceagenttest.Slow || f.Kind == voiceagenttest.SlowBody {
		f.Delay = slowness
	}
	return f, nil
}
