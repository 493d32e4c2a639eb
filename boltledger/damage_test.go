package boltledger_test

import (
	"bytes"
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

const (
	pageSize = 4096
	listFlag = 0x10 // of a page with the free pages' numbers
)

// fullLedger makes a ledger of several pages of every kind, some of them free, and returns what is in it.
func fullLedger(t *testing.T, path string) map[string]voiceagent.LedgerEntry {
	t.Helper()
	l := open(t, path)
	entries := map[string]voiceagent.LedgerEntry{}
	for i := range 60 {
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

func requireEntries(t *testing.T, l *boltledger.Ledger, entries map[string]voiceagent.LedgerEntry, when string, args ...any) {
	t.Helper()
	for key, want := range entries {
		e, isThere, err := l.Entry(key)
		require.NoErrorf(t, err, when, args...)
		require.Truef(t, isThere, "%s is gone: "+when, append([]any{key}, args...)...)
		require.Equalf(t, want, e, when, args...)
	}
}

// Any bit of the file can be flipped: either that is found, or it meant nothing. No entry changes or is gone.
func TestFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	entries := fullLedger(t, path)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	used := bytes.TrimRight(content, "\x00")
	random := rand.New(rand.NewPCG(*damageSeed, 0))
	var places []int // bits
	for page := 0; page < len(used); page += pageSize {
		for i := range 32 {
			places = append(places, (page+i)*8+random.IntN(8))
		}
		for bit := range 8 {
			places = append(places, (page+10)*8+bit) // how many pairs there are
			if content[page+8] == listFlag {
				for i := range int(content[page+10]) {
					places = append(places, (page+16+8*i)*8+bit)
				}
			}
		}
	}
	for range *damageBits {
		places = append(places, random.IntN(len(used)*8))
	}
	found := 0
	for _, place := range places {
		damaged := bytes.Clone(content)
		at, mask := place/8, byte(1)<<(place%8)
		damaged[at] ^= mask
		require.NoError(t, os.Remove(path)) // a file that bbolt panicked on stays locked
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		l, err := boltledger.Open(path)
		refused := err != nil
		if refused {
			found++
			require.ErrorContains(t, err, path)
			require.NotContains(t, err.Error(), "another process")
		} else {
			head := at % pageSize // of a meta page, bytes 10 to 15 mean nothing
			require.False(t, at < 2*pageSize && (head < 10 || head >= 16 && head < 80), "byte %d of a meta page", at)
			requireEntries(t, l, entries, "byte %d ^ %#x", at, mask)
			require.NoError(t, l.Close())
		}
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(damaged, after), "byte %d ^ %#x: the file was written", at, mask)
		if !refused && content[at/pageSize*pageSize+8] == listFlag { // it shows when free pages are used
			l := open(t, path)
			more := done("more")
			more.Record = make([]byte, 5*pageSize)
			require.NoError(t, l.Finish(t.Context(), more))
			require.NoError(t, l.Close())
			l = open(t, path)
			requireEntries(t, l, entries, "byte %d ^ %#x, after more was written", at, mask)
			require.NoError(t, l.Close())
		}
	}
	t.Logf("%d bits of %d bytes were flipped: %d were found, the others meant nothing", len(places), len(used), found)
	assert.Greater(t, found, len(places)/4)
}

// An entry that can't be read is named.
func TestUnreadableEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	for _, value := range [][]byte{[]byte("no entry"), boltledger.Checked([]byte("no JSON")), boltledger.Checked([]byte(`{"key":"row-8"}`))} {
		require.NoError(t, l.Put("row-7", value))
		_, _, err := l.Begin(t.Context(), begun("row-7"))
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, `under key "row-7" is damaged`)
	}
	require.NoError(t, l.Close())
	_, err := boltledger.Open(path)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, `under key "row-7" is damaged`)
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
