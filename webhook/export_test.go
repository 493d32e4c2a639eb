package webhook

// Remembered is how many events a store knows, those that are being handled with it.
func Remembered(s *MemoryStore) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// UnderWay is how many events were handed over and aren't done with, and how many requests are inside.
func UnderWay(h *Handler) (work, requests int) {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	return len(h.places), h.gate.entered
}
