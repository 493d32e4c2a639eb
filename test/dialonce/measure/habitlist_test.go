package measure_test

import (
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/habits"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// habitsOfLists are all habits of lists and records, each by itself.
func habitsOfLists() []habit {
	var list []habit
	for _, h := range habits.Lists() {
		list = append(list, habit{name: h.Name, server: h.Server, beyond: h.Beyond})
	}
	return list
}

// statusesAfterTheWork are the answers that come although the phone rings.
func statusesAfterTheWork() []habit {
	list := []habit{{
		name: "500 or 502, listed 3 s later, then good", dialect: voiceagenttest.Dialect{ListDelay: 3 * time.Second},
		faults: afterWork(0, 500, 502), first: true,
	}}
	for _, late := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 5 * time.Second, 25 * time.Second} {
		list = append(list, habit{name: fmt.Sprintf("504, work %v later", late), faults: afterWork(late, 504)})
	}
	for _, status := range []int{
		500, 502, 503, 501, 505, 507, 520, 521, 522, 523, 524, 599, 302, 303, 408, 425, 444, 460, 499,
	} {
		list = append(list, habit{name: fmt.Sprint(status), faults: afterWork(0, status)})
	}
	return list
}
