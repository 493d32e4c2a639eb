package dial

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// prints are hashes of the numbers of a run, 8 bytes each, in order. A run stores them, so that a
// later run can count how many of the same people it calls. There are so few phone numbers that a
// hash can be reversed by trying them all, so only the owner can read the file, like the other
// files.
type prints []uint64

func printsOf(known contactfile.Lines) prints {
	all := make(prints, 0, len(known))
	for number := range known {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, number))
		all = append(all, binary.BigEndian.Uint64(sum[:]))
	}
	slices.Sort(all)
	return all
}

// printsPath is the file beside a run's note.
func printsPath(note string) string { return strings.TrimSuffix(note, ".json") + ".numbers" }

func (p prints) save(path string) error {
	file, err := createAtomic(path)
	if err != nil {
		return badInput("%w", err)
	}
	defer file.drop()
	for _, one := range p {
		if _, err := file.Write(binary.BigEndian.AppendUint64(nil, one)); err != nil {
			return badInput("%w", err)
		}
	}
	return file.replace()
}

// common counts the prints that are also in a file.
func (p prints) common(path string) (n int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	in, left := bufio.NewReader(file), p
	for len(left) > 0 {
		var field [8]byte
		if _, err := io.ReadFull(in, field[:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		}
		for one := binary.BigEndian.Uint64(field[:]); len(left) > 0 && left[0] <= one; left = left[1:] {
			if left[0] == one {
				n++
			}
		}
	}
	return n, nil
}
