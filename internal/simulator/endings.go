package simulator

import (
	"container/heap"
	"time"
)

// endings are the calls that are going on, the one that ends first on top.
type endings struct{ calls endingHeap }

func (e *endings) push(c *call) { heap.Push(&e.calls, c) }
func (e *endings) pop() *call   { return heap.Pop(&e.calls).(*call) }

// next is when the first of them ends; false when there is none.
func (e *endings) next() (time.Time, bool) {
	if len(e.calls) == 0 {
		return time.Time{}, false
	}
	return e.calls[0].ended(), true
}

type endingHeap []*call

func (h endingHeap) Len() int      { return len(h) }
func (h endingHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h endingHeap) Less(i, j int) bool {
	if a, b := h[i].ended(), h[j].ended(); !a.Equal(b) {
		return a.Before(b)
	}
	return h[i].serial < h[j].serial
}

func (h *endingHeap) Push(c any) { *h = append(*h, c.(*call)) }
func (h *endingHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
