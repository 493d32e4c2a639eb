package world

import (
	"encoding/hex"
	"hash/fnv"
	"math/rand/v2"
)

// Dice returns the random numbers that belong to one thing: the n-th (from 0) of its name. They
// depend on nothing else, so the order in which requests arrive doesn't change what happens to
// whom.
func Dice(seed uint64, name string, n uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed^h.Sum64(), n))
}

// UUID draws a random UUID, version 4.
func UUID(r *rand.Rand) string {
	var raw [16]byte
	for i := 0; i < len(raw); i += 8 {
		v := r.Uint64()
		for j := range 8 {
			raw[i+j] = byte(v >> (8 * j))
		}
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	text := make([]byte, 36)
	hex.Encode(text, raw[:4])
	text[8] = '-'
	hex.Encode(text[9:], raw[4:6])
	text[13] = '-'
	hex.Encode(text[14:], raw[6:8])
	text[18] = '-'
	hex.Encode(text[19:], raw[8:10])
	text[23] = '-'
	hex.Encode(text[24:], raw[10:])
	return string(text)
}
