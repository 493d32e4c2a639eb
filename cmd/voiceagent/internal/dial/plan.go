package dial

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

const (
	batchSize     = 2000 // contacts of a campaign, documented
	shownProblems = 20

	looksAtContext = 1000 // rows between two looks
)

// plan is what the first pass over the file found.
type plan struct {
	source   *source
	known    contactfile.Lines
	params   voiceagent.CampaignCreateParams
	rows     int
	contacts int
	bad      int
	again    int
	out      int       // rows that are excluded
	problems []Problem // the first of the bad rows
	repeated []Problem // the first of the rows whose number came before
	first    string    // the first number
	rejects  string    // the path of the file with the rows that are left out; "" when there are none
	digests  []string  // of the contacts of each campaign
	starts   []int     // the line of the first contact of each campaign
	excluded string    // a hash of the numbers that are excluded; "" when there are none
	terms    Terms
}

// checked reads the whole file. It returns an error only if the file can't be read to its end, or
// the context ends.
func checked(ctx context.Context, s *source, o Options) (*plan, error) {
	p := &plan{source: s, known: make(contactfile.Lines), params: o.params(s)}
	ownTime := NewOwnTime(&p.params, time.Now())
	left := rejects{path: o.Rejects, force: o.Force, names: s.header.Names, comma: s.header.Comma}
	if s.rejected { // its columns give way to those of today
		left.before = len(rejectColumns)
	}
	defer left.drop()
	batch, out := newDigest(), sha256.New()
	for one, err := range s.rows(p.known) {
		if err != nil {
			return p, err
		}
		if p.rows%looksAtContext == 0 && ctx.Err() != nil {
			return p, &Interrupted{early: fmt.Sprintf("%s was being checked, and this command has sent nothing.", s.path), cause: context.Cause(ctx)}
		}
		p.rows++
		if one.Problem != nil {
			p.leaveOut(one)
			if one.Excluded {
				fmt.Fprintln(out, one.Number)
			}
			if err := left.add(one); err != nil {
				return p, badInput("the rows that are left out can't be written down: %w", err)
			}
			continue
		}
		if p.contacts++; p.contacts == 1 {
			p.first = one.Number
		}
		ownTime.Add(one.Number)
		if batch.n == 0 {
			p.starts = append(p.starts, one.Line)
		}
		if batch.add(one) == batchSize {
			p.digests = append(p.digests, batch.sum())
		}
	}
	if batch.n > 0 {
		p.digests = append(p.digests, batch.sum())
	}
	if p.out > 0 {
		p.excluded = hex.EncodeToString(out.Sum(nil))
	}
	p.divide(o.Campaign.MaxConcurrentCalls)
	p.terms = Terms{
		File: s.name, Rows: p.rows, Contacts: p.contacts, Bad: p.bad, Repeated: p.again, Excluded: p.out, Listed: s.excluded.Len(),
		Params: &p.params, Campaigns: len(p.digests), Account: cmp.Or(o.Account, o.Server), OwnTime: ownTime,
	}
	var err error
	if p.rejects, err = left.finish(s.marked()); err != nil {
		return p, badInput("the rows that are left out can't be written down: %w", err)
	}
	return p, nil
}

// leaveOut counts a row. Those that are excluded are as they should be, and aren't shown.
func (p *plan) leaveOut(one *contactfile.Row) {
	n, shown := &p.bad, &p.problems
	switch {
	case one.Excluded:
		p.out++
		return
	case one.First > 0:
		n, shown = &p.again, &p.repeated
	}
	if *n++; len(*shown) < shownProblems {
		*shown = append(*shown, problemIn(p.source.name, one.Problem))
	}
}

// params returns the parameters of all campaigns. The name identifies the contacts, and is the same
// each time: after a lost answer a campaign is looked for by its name, agent, number and count of
// contacts. A campaign of another list, or of another column of this list, must not be taken for
// it.
func (o Options) params(s *source) voiceagent.CampaignCreateParams {
	stem := []rune(cmp.Or(o.Campaign.Name, strings.TrimSuffix(s.name, filepath.Ext(s.name))))
	column := s.header.Keys[s.header.Phone]
	contacts := sha256.Sum256([]byte(s.hash + column))
	params := o.Campaign
	params.Repeated = true // the reader has left them out
	params.Name, params.PhoneColumn = string(stem[:min(len(stem), maxStem)])+" "+hex.EncodeToString(contacts[:4]), column
	return params
}

// divide gives each campaign an equal part of the calls that the run makes at a time. A rest that
// can't be divided is left: there are never more. 0 leaves it to the API.
func (p *plan) divide(atATime int) {
	p.params.MaxConcurrentCalls = atATime / max(len(p.digests), 1)
}

// checkConcurrency refuses more or fewer calls at a time than the campaigns can make.
func (p *plan) checkConcurrency(atATime int) error {
	n := len(p.digests)
	switch {
	case atATime > 0 && atATime < n:
		return badInput("--concurrency %d is less than one call for each of the %d campaigns that %s make: the least is --concurrency %d",
			atATime, n, count(p.contacts, "contact"), n)
	case p.params.MaxConcurrentCalls > check.MaxConcurrency:
		return badInput("--concurrency %d is more than %s can make, each of which makes %d calls at a time at most: --concurrency %d",
			atATime, count(n, "campaign"), check.MaxConcurrency, n*check.MaxConcurrency)
	}
	return nil
}

// size is how many contacts a campaign has.
func (p *plan) size(part int) int { return min(batchSize, p.contacts-(part-1)*batchSize) }

// errNotAsPlanned ends the second pass.
var errNotAsPlanned = errors.New("the file is not what was checked")

// send reads the file again. After each full campaign, and at the end, it compares the contacts
// with the plan before it goes on, so that only checked contacts are sent.
func (p *plan) send(stopped func() error) iter.Seq2[voiceagent.Contact, error] {
	return func(yield func(voiceagent.Contact, error) bool) {
		batch, part := newDigest(), 0
		asPlanned := func() error {
			part++
			if part > len(p.digests) || batch.sum() != p.digests[part-1] {
				return errNotAsPlanned
			}
			return stopped()
		}
		for one, err := range p.source.rows(p.known) {
			if err == nil && one.Problem != nil {
				continue
			}
			if err == nil && batch.n == batchSize {
				err = asPlanned()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			batch.add(one)
			if !yield(p.source.contact(one), nil) {
				return
			}
		}
		if err := asPlanned(); err != nil {
			yield(nil, err)
		}
	}
}

// contact is a row as the API gets it. Why a run left it out is no business of the agent's.
func (s *source) contact(one *contactfile.Row) voiceagent.Contact {
	contact := make(voiceagent.Contact, len(s.header.Keys))
	for i, key := range s.header.Keys {
		if s.rejected && i < len(rejectColumns) {
			continue
		}
		contact[key] = strings.TrimSpace(one.Cells[i])
	}
	contact[s.header.Keys[s.header.Phone]] = one.Number
	return contact
}

// digest sums up the contacts of a campaign.
type digest struct {
	hash.Hash
	n int
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

// add returns how many contacts it has got.
func (d *digest) add(one *contactfile.Row) int {
	var length [8]byte
	write := func(text string) {
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		d.Write(length[:])
		d.Write([]byte(text))
	}
	write(one.Number)
	for _, cell := range one.Cells {
		write(cell)
	}
	d.n++
	return d.n
}

// sum returns the digest, and begins the next.
func (d *digest) sum() string {
	sum := hex.EncodeToString(d.Sum(nil))
	d.Reset()
	d.n = 0
	return sum
}

// String is what the operator is shown before the question.
func (p *plan) String() string {
	var b strings.Builder
	b.WriteString(p.terms.String())
	fmt.Fprintf(&b, "first contact %s (line %d)\n", secret.MaskNumber(p.first), p.known.First(p.first, 0))
	h := p.source.header
	fmt.Fprintf(&b, "numbers are in column %d (%s), without a country code those of %s; columns are separated by %s\n",
		h.Phone+1, secret.MaskNumbers(h.Names[h.Phone]), p.source.numbers.region, h.Separator())
	if h.Encoding != "" && h.Encoding != "UTF-8" {
		fmt.Fprintf(&b, "the file is read as %s\n", h.Encoding)
	}
	if changes := renamed(h); len(changes) > 0 {
		fmt.Fprintf(&b, "column names are sent with letters, digits and underscores only: %s\n", strings.Join(changes, ", "))
	}
	return b.String()
}

// renamed says which columns have another name as keys.
func renamed(h *contactfile.File) (changes []string) {
	for i, name := range h.Names {
		if name != h.Keys[i] {
			changes = append(changes, secret.MaskNumbers(fmt.Sprintf("%q as %s", name, h.Keys[i])))
		}
	}
	return changes
}

// count writes a number of things: "1 row", "4,812 rows".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return humanize.Comma(int64(n)) + " " + thing + "s"
}
