package dial

// seen has the line on which each number came first. It grows with the file, by about 40 bytes for
// each contact.
type seen map[uint64]uint32

// first returns the line on which a number came first, which is the given line if the number is
// new. For the same line it always returns the same, so that all passes over a file leave out the
// same rows.
func (s seen) first(number string, line int) int {
	key := digits(number)
	if before, ok := s[key]; ok {
		return int(before)
	}
	s[key] = uint32(line)
	return line
}
