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

	"github.com/dustin/go-humanize"

	"github.com/voiceagent-go/voiceagent"
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
	problems []Problem // the first of the bad rows
	repeated []Problem // the first of the rows whose number came before
	first    string    // the first number
	rejects  string    // the path of the file with the rows that are left out; "" when there are none
	digests  []string  // of the contacts of each campaign
}

// check reads the whole file. It returns an error only if the file can't be read to its end, or the
// context ends.
func check(ctx context.Context, s *source, o Options) (*plan, error) {
	p := &plan{source: s, known: make(contactfile.Lines), params: o.params(s)}
	left := rejects{path: o.Rejects, force: o.Force, names: s.header.Names}
	defer left.drop()
	batch := newDigest()
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
			if err := left.add(one); err != nil {
				return p, badInput("the rows that are left out can't be written down: %w", err)
			}
			continue
		}
		if p.contacts++; p.contacts == 1 {
			p.first = one.Number
		}
		if batch.add(one) == batchSize {
			p.digests = append(p.digests, batch.sum())
		}
	}
	if batch.n > 0 {
		p.digests = append(p.digests, batch.sum())
	}
	var err error
	if p.rejects, err = left.finish(); err != nil {
		return p, badInput("the rows that are left out can't be written down: %w", err)
	}
	return p, nil
}

func (p *plan) leaveOut(one *contactfile.Row) {
	n, shown := &p.bad, &p.problems
	if one.First > 0 {
		n, shown = &p.again, &p.repeated
	}
	if *n++; len(*shown) < shownProblems {
		*shown = append(*shown, p.source.problem(one.Problem))
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

// contact is a row as the API gets it.
func (s *source) contact(one *contactfile.Row) voiceagent.Contact {
	contact := make(voiceagent.Contact, len(s.header.Keys))
	for i, key := range s.header.Keys {
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
	fmt.Fprintf(&b, "%s: %s, %s, %d bad", p.source.name, count(p.rows, "row"), count(p.contacts, "contact"), p.bad)
	if p.again > 0 {
		fmt.Fprintf(&b, ", %s of a number left out", count(p.again, "repetition"))
	}
	b.WriteString("\n")
	calls := max(p.params.MaxConcurrentCalls, 1)
	campaigns := "1 campaign"
	if n := len(p.digests); n > 1 {
		campaigns = fmt.Sprintf("%d campaigns of up to %s", n, humanize.Comma(batchSize))
		calls *= n
	}
	fmt.Fprintf(&b, "%s named %q; about %s at a time\n", campaigns, p.params.Name, count(calls, "call"))
	fmt.Fprintf(&b, "agent %s; from %s; first contact %s (line %d)\n", p.params.AgentID, p.params.From, secret.MaskNumber(p.first),
		p.known.First(p.first, 0))
	if at := p.params.ScheduleAt; !at.IsZero() {
		fmt.Fprintf(&b, "scheduled for %s\n", at.Format("Mon 2 Jan 2006 15:04 -07:00"))
	}
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
