package webhook

// Remembered is how many events a store knows, those that are being handled with it.
func Remembered(s *MemoryStore) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// UnderWay returns how many events were handed to workers and aren't finished, and how many
// requests are being served.
func UnderWay(h *Handler) (work, requests int) {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	return len(h.places), h.gate.entered
}
