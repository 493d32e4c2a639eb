package envelope

// Repair is what Unmarshal makes of a body that it can't read.
func Repair(buf []byte) ([]byte, bool) { return repair(buf) }
