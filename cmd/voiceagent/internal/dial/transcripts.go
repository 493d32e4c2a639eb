package dial

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// said has what was said in each call, under its number, whether the call names its campaign, and
// the order in which it was read.
var said = []byte("said")

// talk is a call with a transcript.
type talk struct {
	Call string `json:"call"`
	Text string `json:"text"`
}

// put notes a call's transcript.
func (t talk) put(tx *bbolt.Tx, number string, isNamed bool) error {
	bucket := tx.Bucket(said)
	n, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return bucket.Put(binary.BigEndian.AppendUint64(saidKey(number, isNamed), n), text)
}

func saidKey(number string, isNamed bool) []byte {
	if isNamed {
		return append(numberKey(number), 1)
	}
	return append(numberKey(number), 0)
}

// talkOf is the text of a transcript's file; it is empty if the call has no transcript.
func talkOf(c *voiceagent.Call) (t talk) {
	if len(c.Transcript) == 0 {
		return t
	}
	var b strings.Builder
	for _, line := range []struct{ name, value string }{
		{"call", c.Ref()}, {"to", c.To()}, {"status", string(c.Status)}, {"started", c.StartedAt.String()}, {"ended", c.EndedAt.String()},
		{"sentiment", c.Sentiment}, {"summary", c.Summary},
	} {
		if line.value != "" {
			fmt.Fprintf(&b, "%s: %s\n", line.name, line.value)
		}
	}
	for _, entry := range c.Transcript {
		at := ""
		if text := entry.Timestamp.String(); text != "" {
			at = " (" + text + ")"
		}
		fmt.Fprintf(&b, "\n%s%s: %s\n", entry.Role, at, entry.Content)
	}
	return talk{c.Ref(), strings.Map(readable, b.String())}
}

// readable leaves out what would control the terminal on which a file is read.
func readable(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// talks is the directory of the transcripts; "" if none are asked for.
type talks struct {
	dir   string
	files int
}

func (r *run) openTalks() (*talks, error) {
	if r.o.Transcripts == "" {
		return &talks{}, nil
	}
	return &talks{dir: r.o.Transcripts}, os.MkdirAll(r.o.Transcripts, 0o700)
}

// write writes a file for each of a contact's calls that has a transcript. Only its owner may read
// it, as it is what a person said.
func (t *talks) write(tx *bbolt.Tx, result *outcome, one *contactfile.Row) error {
	if t.dir == "" || result.Attempts == 0 {
		return nil
	}
	prefix := saidKey(one.Number, result.Named)
	cursor := tx.Bucket(said).Cursor()
	for key, text := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, text = cursor.Next() {
		var talk talk
		if err := json.Unmarshal(text, &talk); err != nil {
			return err
		}
		path := filepath.Join(t.dir, fmt.Sprintf("line-%06d-%s.txt", one.Line, fileName(talk.Call)))
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.WriteString(file, talk.Text)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		t.files++
	}
	return nil
}

// fileName makes a name that leads nowhere else of a call's id. Two ids have two names.
func fileName(id string) string {
	const longest = 100 // bytes
	safe := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, id)
	safe = safe[:min(len(safe), longest)]
	if safe == id && id != "" {
		return id
	}
	hash := fnv.New32a()
	hash.Write([]byte(id))
	return fmt.Sprintf("%s-%08x", cmp.Or(safe, "call"), hash.Sum32())
}

// mayWriteTalks refuses a directory with files in it, unless this run writes its transcripts there.
func (s *state) mayWriteTalks(o Options) error {
	if o.Transcripts == "" || o.Force || s.begun != nil && s.begun.Transcripts == absolute(o.Transcripts) {
		return nil
	}
	dir, err := os.Open(o.Transcripts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return badInput("--transcripts: %w", err)
	}
	defer dir.Close()
	if info, err := dir.Stat(); err != nil || !info.IsDir() {
		return badInput("--transcripts %s is no directory: there is a file for each call, so name an empty directory, or one that doesn't exist yet", o.Transcripts)
	}
	if names, err := dir.Readdirnames(1); len(names) > 0 || err != nil && !errors.Is(err, io.EOF) {
		return badInput("--transcripts %s isn't empty, and what people said would be mixed with what is there: name an empty directory, one that doesn't exist yet, or say --force",
			o.Transcripts)
	}
	return nil
}
