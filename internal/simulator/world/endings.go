package world

import (
	"container/heap"
	"time"
)

// endings are the calls that are going on, the one that ends first on top.
type endings struct{ calls endingHeap }

func (e *endings) push(c *Call) { heap.Push(&e.calls, c) }
func (e *endings) pop() *Call   { return heap.Pop(&e.calls).(*Call) }

// next is when the first of them ends; false when there is none.
func (e *endings) next() (time.Time, bool) {
	if len(e.calls) == 0 {
		return time.Time{}, false
	}
	return e.calls[0].Ended(), true
}

type endingHeap []*Call

func (h endingHeap) Len() int      { return len(h) }
func (h endingHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h endingHeap) Less(i, j int) bool {
	if a, b := h[i].Ended(), h[j].Ended(); !a.Equal(b) {
		return a.Before(b)
	}
	return h[i].serial < h[j].serial
}

func (h *endingHeap) Push(c any) { *h = append(*h, c.(*Call)) }
func (h *endingHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
