package dial

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/voiceagent-go/voiceagent/boltledger"
)

// history reports what earlier runs did with the same people, and refuses to call them again unless
// that was asked for.
func (r *run) history() error {
	s := r.state
	changed, others := s.earlier(r.o, r.plan)
	s.seen = make(map[string]bool)
	for _, n := range slices.Concat(changed, others) {
		s.seen[n.path] = true
	}
	if s.again {
		r.say("%s", wrapped(fmt.Sprintf("this run was begun %s: %d of %s made then, and not again\n",
			s.begun.since(), s.made, count(len(r.plan.digests), "campaign")), r.o.Width()))
		if s.open > 0 {
			r.say("of %d it isn't known: they are looked for first\n", s.open)
		}
		if s.made+s.open < len(r.plan.digests) || len(r.o.NotMade) > 0 {
			isOlder := func(n note) bool { return n.Began.Before(s.begun.Began) } // this run was begun all the same
			return r.calledBy(slices.DeleteFunc(others, isOlder))
		}
		if s.made < len(r.plan.digests) {
			return nil
		}
		if r.o.Again && !s.begun.Again {
			return badInput("--again calls nobody here: this very run was made %s, and without another --name it is the same one. "+
				"To call all %s again add --name, too; without --again the results are written anew", s.begun.since(), count(r.plan.contacts, "contact"))
		}
		r.say("%s", wrapped(fmt.Sprintf("NOTE: nobody is called now: all %s were given to campaigns then; to call all of these people again give another --name, and --again\n",
			count(r.plan.contacts, "contact")), r.o.Width()))
		return nil
	}
	if len(changed) > 0 {
		if err := r.changed(changed); err != nil {
			return err
		}
	}
	if err := r.calledBy(others); err != nil {
		return err
	}
	note := s.met(r.o, r.plan)
	switch {
	case note == "":
	case r.plan.source.rejected && !r.o.Again: // repetitions are among them, whose number was called
		return r.refuse(badInput("%s.\nThis file has the rows that a run left out. Keep out whom it called with --exclude and its results, or say --again", note))
	default:
		r.say("NOTE: %s\n", note)
	}
	return nil
}

// calledBy tells of other runs of the same contacts, before the question. Where nobody is asked it
// refuses to call them again.
func (r *run) calledBy(others []note) error {
	for _, n := range others {
		differs := "with other parameters"
		if n.Server != sameServer(r.o.Server) {
			differs = fmt.Sprintf("at another address, %s, which may be the same account's", n.Server)
		}
		what := fmt.Sprintf("the same contacts were called by a run begun %s, %s: %q, %s. This run would call them again", n.since(), differs, n.Name, n.Command)
		if r.o.Yes && !r.o.Again && !r.o.DryRun {
			return badInput("%s: if that is meant, say --again", what)
		}
		r.say("NOTE: %s\n", what)
	}
	return nil
}

// nobodyElse refuses a run that another one of the same people overtook, while this one asked or at
// the same moment. This one's note is written by now, so one of the two finds the other's.
func (r *run) nobodyElse() error {
	if r.state.made+r.state.open == len(r.plan.digests) {
		return nil // it only watches
	}
	changed, others := r.state.earlier(r.o, r.plan)
	for _, n := range slices.Concat(changed, others) {
		if !r.state.seen[n.path] {
			return badInput("another run of %s began meanwhile, %s: %q, %s. Nothing was sent; run the command again to see what it would do now",
				r.o.File, n.since(), n.Name, n.Command)
		}
	}
	return nil
}

// refuse ends the run. A dry run goes on, and tells of it.
func (r *run) refuse(err error) error {
	if !r.o.DryRun {
		return err
	}
	r.say("WARNING: %v\n", err)
	return nil
}

// changed refuses a file that was called and has changed since, unless nobody is called again.
func (r *run) changed(runs []note) error {
	n := runs[0]
	if len(r.o.Exclude) > 0 && !r.state.callsAgain(r.plan, runs) {
		r.say("NOTE: %s was called %s and has changed since: --exclude keeps out everybody who was called then\n", r.o.File, n.since())
		return nil
	}
	what := fmt.Sprintf("%s was called %s and has changed since: all %s would be called, also those who were", r.o.File, n.since(), count(r.plan.contacts, "contact"))
	if r.o.Again {
		r.say("NOTE: %s\n", what)
		return nil
	}
	return r.refuse(badInput("%s.\nPut it back as it was to go on:\n  %s\n"+
		"or keep out who was called with --exclude and the results of that run, or put only the new rows into a file of their own, or say --again", what, n.Command))
}

// callsAgain reports whether a number of the plan may be among those of other runs.
func (s *state) callsAgain(p *plan, runs []note) bool {
	ours := printsOf(p.known)
	for _, n := range runs {
		if in, err := ours.common(printsPath(n.path)); err != nil || in > 0 {
			return true
		}
	}
	return false
}

// met describes the newest run that has called some of the same people with the same agent and
// source number, from another list. Lists overlap for good reasons, so it doesn't refuse the run.
// Of rows that a run left out it is any run.
func (s *state) met(o Options, p *plan) string {
	var newest note
	var shared, runs int
	var ours prints
	for path, n := range s.notes(o) {
		if n.Hash == p.source.hash || n.Path == absolute(o.File) {
			continue
		}
		if (n.Agent != o.Campaign.AgentID || n.From != o.Campaign.From) && !p.source.rejected { // else the rows are of such a run
			continue
		}
		if ours == nil {
			ours = printsOf(p.known)
		}
		in, _ := ours.common(printsPath(path)) // it only serves a message
		if in == 0 || !n.sent(path) {
			continue
		}
		if runs++; n.Began.After(newest.Began) {
			newest, shared = n, in
		}
	}
	if runs == 0 {
		return ""
	}
	text := fmt.Sprintf("of %s %d were called by a run of another list, begun %s: %q, %s", count(p.contacts, "contact"), shared, newest.since(), newest.Name, newest.Command)
	if runs > 1 {
		text += fmt.Sprintf("; %s before it called some of them, too", count(runs-1, "run"))
	}
	return text
}

// notes are those that other runs left behind, by their paths.
func (s *state) notes(o Options) iter.Seq2[string, note] {
	return func(yield func(string, note) bool) {
		paths, _ := filepath.Glob(filepath.Join(o.StateDir, "run-*.json"))
		for _, path := range paths {
			var n note
			text, err := os.ReadFile(path)
			if err != nil || path == s.note || json.Unmarshal(text, &n) != nil {
				continue
			}
			n.path = path
			if !yield(path, n) {
				return
			}
		}
	}
}

// earlier returns other runs that have sent requests, the newest first: runs of the same file with
// another content, and runs of the same content with another agent, name, column or source number.
// At another server it returns runs of the same content with the same agent and source number, as
// an account has one set of agents at any address.
func (s *state) earlier(o Options, p *plan) (changed, others []note) {
	for path, n := range s.notes(o) {
		if n.Server != sameServer(o.Server) {
			if n.Hash == p.source.hash && n.Agent == o.Campaign.AgentID && n.From == o.Campaign.From && n.sent(path) {
				others = append(others, n)
			}
			continue
		}
		switch {
		case n.Hash == p.source.hash && n.sent(path):
			others = append(others, n)
		case n.Hash != p.source.hash && n.Path == absolute(o.File) && n.sent(path):
			changed = append(changed, n)
		}
	}
	for _, found := range [][]note{changed, others} {
		slices.SortFunc(found, func(a, b note) int { return b.Began.Compare(a.Began) })
	}
	return changed, others
}

// sent reports whether a run has made a campaign, or may have. A run whose ledger can't be read,
// because it is in use or missing, may have.
func (n *note) sent(path string) bool {
	key := strings.TrimSuffix(filepath.Base(path), ".json")
	file := strings.TrimSuffix(path, ".json") + ".ledger"
	if _, err := os.Stat(file); err != nil {
		return true
	}
	ledger, err := boltledger.Open(file)
	if err != nil {
		return true
	}
	defer ledger.Close()
	made, open, err := entries(ledger, key, n.Parts)
	return err != nil || len(made)+open > 0
}
