package boltledger_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
)

var (
	damageBits = flag.Int("damage.bits", 200, "bits that the damage test flips, besides those in the heads of pages")
	damageSeed = flag.Uint64("damage.seed", 1, "which ones")
)

const pageSize = 4096

// fullLedger makes a ledger of several pages of every kind, some of them free, and returns its
// entries.
func fullLedger(t *testing.T, path string) map[string]voiceagent.LedgerEntry {
	t.Helper()
	l := open(t, path)
	entries := map[string]voiceagent.LedgerEntry{}
	for i := range 61 {
		e := begun(fmt.Sprintf("row-%03d", i))
		_, _, err := l.Begin(t.Context(), e)
		require.NoError(t, err)
		if i%3 > 0 {
			e = done(e.Key, fmt.Sprintf("call_%d", i), fmt.Sprintf("session_%d", i))
			e.Record = bytes.Repeat([]byte("x"), 10*i)
			require.NoError(t, l.Finish(t.Context(), e))
		}
		entries[e.Key] = e
		if i%10 == 9 {
			require.NoError(t, l.Forget(t.Context(), e.Key))
			delete(entries, e.Key)
		}
	}
	require.NoError(t, l.Close())
	require.NoError(t, open(t, path).Close(), "it is whole")
	return entries
}

// requireRefused opens a damaged ledger twice, as the first must not leave it locked.
func requireRefused(t *testing.T, path string) {
	t.Helper()
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for range 2 {
		_, err = boltledger.Open(path)
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "was left as it is")
		require.NotContains(t, err.Error(), "another process")
	}
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, after), "left as it was")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

// A damaged file is reported with its path, and not touched.
func TestDamagedFile(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "l")
	fullLedger(t, whole)
	content, err := os.ReadFile(whole)
	require.NoError(t, err)
	used := bytes.TrimRight(content, "\x00")
	for name, content := range map[string][]byte{
		"empty":             {},
		"one byte":          content[:1],
		"part of a page":    content[:100],
		"one page":          content[:pageSize],
		"two pages":         content[:2*pageSize],
		"half":              content[:len(content)/2/pageSize*pageSize],
		"the last byte off": used[:len(used)-1],
		"not a ledger":      bytes.Repeat([]byte("not a ledger\n"), 5000),
		"nothing but zeros": make([]byte, len(content)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			require.NoError(t, os.WriteFile(path, content, 0o600))
			requireRefused(t, path)
		})
	}
}

// If any bit of the file is flipped, Open either finds that, or no entry changes. Where the bit is
// neither in a key nor in a value, entries may be gone: bbolt has no checksum of its pages.
func TestFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	entries := fullLedger(t, path)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	used := bytes.TrimRight(content, "\x00")
	stored := make([]bool, len(content)) // which bytes are those of a pair that has no copy in a free page
	for key, entry := range entries {
		data, err := json.Marshal(entry)
		require.NoError(t, err)
		pairs := [][2]string{{key, string(data)}}
		for _, id := range entry.IDs {
			pairs = append(pairs, [2]string{id, key})
		}
		for _, pair := range pairs {
			whole := append([]byte(pair[0]), boltledger.Seal([]byte(pair[0]), []byte(pair[1]))...)
			at := bytes.Index(content, whole)
			require.GreaterOrEqual(t, at, 0, pair[0])
			for i := range whole {
				stored[at+i] = bytes.Count(content, whole) == 1
			}
		}
	}
	random := rand.New(rand.NewPCG(*damageSeed, 0))
	var places []int // bits
	for page := 0; page < len(used); page += pageSize {
		for i := range 80 { // where bbolt's own data is densest
			places = append(places, (page+i)*8+random.IntN(8))
		}
	}
	for range *damageBits {
		places = append(places, random.IntN(len(used)*8))
	}
	found, harmless, lost := 0, 0, 0
	for _, place := range places {
		damaged := bytes.Clone(content)
		at, mask := place/8, byte(1)<<(place%8)
		damaged[at] ^= mask
		require.NoError(t, os.Remove(path)) // a file that bbolt panicked on stays locked
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		l, err := boltledger.Open(path)
		if err != nil {
			require.ErrorContains(t, err, path)
			require.NotContains(t, err.Error(), "another process")
			found++
		} else {
			gone := missing(t, l, entries)
			require.Falsef(t, stored[at], "byte %d ^ %#x is that of a pair", at, mask)
			require.NoError(t, l.Close())
			if gone {
				lost++
			} else {
				harmless++
			}
		}
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(damaged, after), "byte %d ^ %#x: the file was written", at, mask)
	}
	t.Logf("%d bits of %d bytes were flipped: %d were found, %d harmless, %d lost entries", len(places), len(used), found, harmless, lost)
	assert.Greater(t, found, len(places)/4)
}

// missing reports whether some of the entries are gone. Those that are there must be as they were.
func missing(t *testing.T, l *boltledger.Ledger, entries map[string]voiceagent.LedgerEntry) (gone bool) {
	t.Helper()
	for key, want := range entries {
		entry, found, err := l.Entry(key)
		require.NoError(t, err)
		if found {
			require.Equal(t, want, entry)
		}
		gone = gone || !found
	}
	return gone
}

// What is damaged is named with its key: at once, and by the next Open.
func TestDamagedPairs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	for name, value := range map[string][]byte{
		"empty": {}, "short": []byte("abc"), "unsealed": []byte(`{"key":"row-7"}`), "of another key": boltledger.Seal([]byte("row-8"), []byte(`{"key":"row-8"}`)),
	} {
		t.Run("entry, "+name, func(t *testing.T) {
			l := open(t, path)
			require.NoError(t, l.Put("row-7", value))
			_, _, err := l.Begin(t.Context(), begun("row-7"))
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, `"row-7"`)
			_, _, err = l.Entry("row-7")
			require.ErrorContains(t, err, `"row-7"`)
			require.NoError(t, l.Close())
			requireRefused(t, path)
			_, err = boltledger.Open(path)
			require.ErrorContains(t, err, `"row-7"`)
			require.NoError(t, os.Remove(path))
		})
		t.Run("owner, "+name, func(t *testing.T) {
			l := open(t, path)
			require.NoError(t, l.PutOwner("call_1", value))
			err := l.Finish(t.Context(), done("row-7", "call_1"))
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, `"call_1"`)
			require.NotErrorIs(t, err, voiceagent.ErrLedgerTaken)
			_, found, err := l.Entry("row-7")
			require.NoError(t, err)
			require.False(t, found)
			require.NoError(t, l.Close())
			requireRefused(t, path)
			require.NoError(t, os.Remove(path))
		})
	}
}

// An entry that isn't JSON is named.
func TestUnreadableEntry(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "l"))
	require.NoError(t, l.Put("row-7", boltledger.Seal([]byte("row-7"), []byte("no JSON"))))
	_, _, err := l.Begin(t.Context(), begun("row-7"))
	require.ErrorContains(t, err, `the entry under key "row-7" can't be read`)
}

// What can't hold a ledger is named.
func TestNoPlaceForALedger(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	require.NoError(t, os.Symlink(filepath.Join(dir, "target"), filepath.Join(dir, "dangling")))
	for name, path := range map[string]string{
		"a directory":               dir,
		"in no directory":           filepath.Join(dir, "none", "l"),
		"in a file":                 filepath.Join(dir, "file", "l"),
		"in an unwritable one":      "/proc/l", // for root too
		"a link that leads nowhere": filepath.Join(dir, "dangling"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := boltledger.Open(path)
			require.ErrorContains(t, err, path)
		})
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing was made")
}
