package dial

// seen knows the line on which each number came first. It is what grows with the file: about 40 bytes for each contact.
type seen map[uint64]uint32

// first returns the line on which a number came first, which is the given one if it is new. Asked again for the same line it says
// the same, so that all passes over a file leave out the same rows.
func (s seen) first(number string, line int) int {
	key := digits(number)
	if before, ok := s[key]; ok {
		return int(before)
	}
	s[key] = uint32(line)
	return line
}
