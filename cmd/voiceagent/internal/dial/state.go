package dial

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
)

// state is what a run stores for the next run of the same command: a ledger, a note and the prints
// of the numbers. Each run has files of its own, so that runs of other files can go on at the same
// time, and the same run can't go on twice at once.
type state struct {
	key    string // of the campaigns
	note   string // the note's path
	ledger *boltledger.Ledger
	begun  *note           // what was written before the first request; nil before that
	again  bool            // an earlier process of the same run wrote it
	made   int             // campaigns that it made
	left   int             // contacts that are in none of them
	open   int             // campaigns of which it isn't known
	seen   map[string]bool // paths of the notes of runs with the same people, before the question
	owned  bool            // the results file is this run's, if there is one

	concurrencyIsEach bool // the run was begun when --concurrency was that of each campaign
}

// note is written before the first request.
type note struct {
	Server      string    `json:"server"`
	Agent       string    `json:"agent"`
	From        string    `json:"from"`
	Path        string    `json:"path"` // of the file
	Name        string    `json:"name"`
	Hash        string    `json:"hash"`                  // of the file's content
	Plan        string    `json:"plan"`                  // a hash of all that is sent
	Out         string    `json:"excluded,omitempty"`    // a hash of the numbers that are excluded
	AtATime     int       `json:"concurrency,omitempty"` // of all campaigns; 0 also where it was that of each
	Again       bool      `json:"again,omitempty"`
	Parts       int       `json:"parts"`
	Results     string    `json:"results"`
	Written     bool      `json:"written"`               // Results is this run's
	Transcripts string    `json:"transcripts,omitempty"` // the directory
	Command     string    `json:"command"`
	Began       time.Time `json:"began"`

	path string // of a note that was read
}

// openState opens the state of this run. The key comes from the server, the file's content, agent,
// source number, name and column. It doesn't include the other settings: other settings for the
// same people are refused, not taken for a different run.
func openState(o Options, p *plan) (*state, error) {
	hash := sha256.New()
	for _, part := range []string{sameServer(o.Server), p.source.hash, o.Campaign.AgentID, o.Campaign.From, p.params.Name, p.params.PhoneColumn} {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	key := "run-" + hex.EncodeToString(hash.Sum(nil))[:32]
	s := &state{key: key, note: filepath.Join(o.StateDir, key+".json")}
	path := filepath.Join(o.StateDir, key+".ledger")
	if err := s.readNote(); err != nil {
		return nil, err
	}
	if o.DryRun && !s.again {
		return s, nil // it leaves nothing behind
	}
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return nil, badInput("the ledger, without which an interrupted run would call people twice, has no place: %w", err)
	}
	if _, err := os.Stat(path); s.begun != nil && errors.Is(err, fs.ErrNotExist) {
		return nil, badInput("this run was begun %s, but its ledger %s is gone, and without it people would be called twice. "+
			"To call all of them again give another --name, and --again", s.begun.since(), path)
	}
	ledger, err := boltledger.Open(path)
	if err != nil {
		return nil, badInput("%w. Is the same command running in another terminal?", err)
	}
	s.ledger = ledger
	if err = s.readNote(); err == nil { // once more: until the ledger was open another process may have written it
		err = s.compare(o, p)
	}
	if err != nil {
		ledger.Close()
		return nil, err
	}
	return s, nil
}

func (s *state) close() {
	if s.ledger != nil {
		s.ledger.Close()
	}
}

func (s *state) readNote() error {
	text, err := os.ReadFile(s.note)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.begun = new(note)
	if err == nil {
		err = json.Unmarshal(text, s.begun)
	}
	s.again = true
	if err != nil {
		return badInput("%s, which an earlier process of this run left, can't be read: %w", s.note, err)
	}
	return nil
}

// compare counts what an earlier process of the run made, and refuses to go on with other settings.
func (s *state) compare(o Options, p *plan) error {
	if s.begun == nil {
		return nil
	}
	made, open, err := entries(s.ledger, s.key, max(s.begun.Parts, len(p.digests)))
	if err != nil {
		return err
	}
	s.made, s.open = len(made), open
	if s.made+s.open == 0 { // it was refused, or killed, before anything was made
		s.begun, s.again = nil, false
		return nil
	}
	if s.begun.Plan != p.fingerprint() && !s.beganEach(o, p) {
		if s.begun.Out != p.excluded {
			return badInput("this run was begun %s, and --exclude keeps out other people now. Its campaigns stay as they were planned: those that are made may be calling, "+
				"and can only be stopped. To go on with it give the lists as they were:\n  %s\n"+
				"To call with the new lists whoever it hasn't called, stop its campaigns, give another --name, --exclude those it called, and --again",
				s.begun.since(), s.begun.Command)
		}
		return badInput("this run was begun %s with other settings, and its campaigns may be calling. To go on with it use the same ones:\n  %s\n"+
			"To call all of these people again give another --name, and --again", s.begun.since(), s.begun.Command)
	}
	s.left = p.contacts
	for _, part := range made {
		s.left -= p.size(part)
	}
	return nil
}

// beganEach reports whether a run was begun with the same settings when --concurrency was that of
// each campaign. It goes on so, as what the ledger has must not differ.
func (s *state) beganEach(o Options, p *plan) bool {
	if s.begun.AtATime != 0 {
		return false
	}
	divided := p.params.MaxConcurrentCalls
	p.params.MaxConcurrentCalls = o.Campaign.MaxConcurrentCalls
	if s.concurrencyIsEach = s.begun.Plan == p.fingerprint(); !s.concurrencyIsEach {
		p.params.MaxConcurrentCalls = divided
	}
	return s.concurrencyIsEach
}

// entries returns what the ledger has of the campaigns of a run: the ones that were made, and the
// number of unknown ones.
func entries(ledger *boltledger.Ledger, key string, parts int) (made []int, open int, err error) {
	for part := range parts + 1 {
		entry, found, err := ledger.Entry(partKey(key, part))
		switch {
		case err != nil:
			return nil, 0, err
		case found && entry.State == voiceagent.LedgerDone:
			made = append(made, max(part, 1))
		case found:
			open++
		}
	}
	return made, open, nil
}

// forget removes the entries of campaigns that a person has looked for, so that they are made
// again.
func (s *state) forget(parts []int, p *plan) error {
	for _, part := range parts {
		number := part
		if len(p.digests) == 1 {
			number = 0
		}
		entry, found, err := s.ledger.Entry(partKey(s.key, number))
		if err == nil && (!found || entry.State != voiceagent.LedgerUnknown) {
			err = badInput("--not-made %d: the outcome of part %d isn't unknown; run the command without it", part, part)
		}
		if err == nil {
			err = s.ledger.Forget(context.Background(), entry.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// partKey is the [voiceagent.CampaignBatch.Key] of a campaign, by its number, which is 0 for the
// only one. The ledger is read before there are batches.
func partKey(key string, number int) string {
	if number == 0 {
		return key
	}
	return fmt.Sprintf("%s-%d", key, number)
}

// mayWrite refuses a results file that is there, unless this run wrote it.
func (s *state) mayWrite(o Options, p *plan) error {
	if err := s.mayWriteTalks(o); err != nil {
		return err
	}
	path, err := filepath.Abs(o.Results)
	if err != nil {
		return badInput("%w", err)
	}
	info, err := os.Lstat(path)
	if err == nil && info.IsDir() {
		return badInput("--results %s is a directory: name a file", o.Results)
	}
	probe, failed := createAtomic(path) // else it would be found out when everybody has been called
	if failed != nil {
		return badInput("--results %s can't be written: %w", o.Results, errors.Unwrap(failed))
	}
	probe.drop()
	s.owned = s.begun != nil && s.begun.Results == path && s.begun.Written || o.Invented && p.source.hasResults(path)
	if errors.Is(err, fs.ErrNotExist) || o.Force || s.owned {
		return nil
	}
	return badInput("%s exists, and would be overwritten: move it away, name another file with --results, or say --force", o.Results)
}

// begin writes the note, before anything is sent.
func (s *state) begin(o Options, p *plan) error {
	results, err := filepath.Abs(o.Results)
	if err != nil {
		return badInput("%w", err)
	}
	n := note{
		Server: sameServer(o.Server), Agent: o.Campaign.AgentID, From: o.Campaign.From, Path: absolute(o.File), Name: p.params.Name, Hash: p.source.hash,
		Plan: p.fingerprint(), Out: p.excluded, AtATime: o.Campaign.MaxConcurrentCalls, Again: o.Again, Parts: len(p.digests),
		Results: results, Written: s.owned, Command: o.Command, Began: time.Now(),
	}
	if o.Transcripts != "" {
		n.Transcripts = absolute(o.Transcripts)
	}
	if b := s.begun; b != nil {
		n.Began, n.Command, n.AtATime, n.Again, n.Transcripts = b.Began, b.Command, b.AtATime, b.Again, cmp.Or(n.Transcripts, b.Transcripts)
	}
	s.begun = &n
	if err := printsOf(p.known).save(printsPath(s.note)); err != nil {
		return err
	}
	return s.save()
}

// own notes that the results are written, so that they may be written again.
func (s *state) own() error {
	if s.begun.Written {
		return nil
	}
	s.begun.Written = true
	return s.save()
}

func (s *state) save() error {
	text, err := json.MarshalIndent(s.begun, "", "  ")
	if err != nil {
		return err
	}
	file, err := createAtomic(s.note)
	if err != nil {
		return badInput("%w", err)
	}
	defer file.drop()
	if _, err := file.Write(text); err != nil {
		return badInput("%w", err)
	}
	return file.replace()
}

// fingerprint is the same for equal contacts, in equal campaigns, with equal settings.
func (p *plan) fingerprint() string {
	settings, _ := json.Marshal(p.params) // it has no type that can't be
	sum := sha256.Sum256([]byte(string(settings) + "\n" + strings.Join(p.source.header.Keys, ",") + "\n" + strings.Join(p.digests, "\n")))
	return hex.EncodeToString(sum[:])
}

func (n *note) since() string { return "on " + n.Began.Local().Format("2 Jan 2006 at 15:04") }
