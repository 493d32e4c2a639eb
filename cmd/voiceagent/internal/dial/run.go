package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// Run checks the file, makes the plan, asks, makes the campaigns, watches them to their end, and
// writes the results. doc.go says what it returns.
func Run(ctx context.Context, o Options) (*Summary, error) {
	sum := &Summary{File: o.File}
	o, err := o.withDefaults()
	if err != nil {
		return sum, err
	}
	r := &run{o: o, sum: sum}
	r.o.Out = &lockedWriter{w: o.Out}
	r.say("checking %s\n", o.File) // it may take a while
	s, err := openSource(ctx, o)
	if err != nil {
		return sum, err
	}
	defer s.close()
	if err := o.checkEarly(o.params(s)); err != nil {
		return sum, err
	}
	if r.plan, err = checked(ctx, s, o); err == nil {
		err = r.judge()
	}
	if err != nil {
		return sum, err
	}
	if r.state, err = openState(o, r.plan); err != nil {
		return sum, err
	}
	defer r.state.close()
	return sum, r.dial(ctx)
}

// run is one run of the command.
type run struct {
	o      Options
	sum    *Summary
	plan   *plan
	state  *state
	client *voiceagent.Client
	parts  []Part
	waits  waits
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.o.Out, format, args...) }

// judge reports the rows that are left out, and ends the run if they are a reason to.
func (r *run) judge() error {
	p := r.plan
	r.sum.Rows, r.sum.Contacts, r.sum.Bad, r.sum.Repeated, r.sum.Excluded, r.sum.Rejects = p.rows, p.contacts, p.bad, p.again, p.out, p.rejects
	r.showProblems(p.problems, p.bad, "bad row")
	r.showProblems(p.repeated, p.again, "repeated number")
	switch {
	case p.bad > 0 && !r.o.SkipBad:
		return badInput("%s: %d of %s can't be used; all of them are in %s. Nothing was sent.\nMend them and run it again, or go on without them with --skip-bad. %s",
			r.o.File, p.bad, count(p.rows, "row"), p.rejects, p.source.numbers.ReadAs())
	case p.contacts == 0 && p.out > 0 && p.bad == 0:
		return badInput("%s: nobody is left to call: the numbers of all %s are excluded or come again; they are in %s. Nothing was sent", r.o.File, count(p.rows, "row"), p.rejects)
	case p.contacts == 0:
		return badInput("%s: none of %s can be used; all of them are in %s. Nothing was sent.\n%s", r.o.File, count(p.rows, "row"), p.rejects, p.source.numbers.ReadAs())
	}
	if p.rejects != "" {
		r.say("%s left out, written to %s\n", count(p.bad+p.again+p.out, "row"), p.rejects)
	}
	return nil
}

func (r *run) showProblems(problems []Problem, all int, what string) {
	for _, problem := range problems {
		r.say("%s", wrapped(problem.String()+"\n", r.o.Width()))
	}
	if more := all - len(problems); more > 0 {
		r.say("and %s more\n", count(more, what))
	}
}

// dial shows the plan and carries it out.
func (r *run) dial(ctx context.Context) error {
	if err := r.mayRun(); err != nil {
		return err
	}
	r.say("%s", wrapped(r.plan.String(), r.o.Width()))
	if err := r.history(); err != nil {
		return err
	}
	if err := r.state.mayWrite(r.o, r.plan); err != nil {
		return err
	}
	r.sum.Name, r.sum.DryRun = r.plan.params.Name, r.o.DryRun
	if r.o.DryRun {
		return nil
	}
	err := r.ask()
	if ctx.Err() != nil {
		return &Interrupted{early: r.nothing() + ".", cause: context.Cause(ctx)}
	}
	if err != nil {
		return err
	}
	if err := errors.Join(r.plan.source.unchanged(), r.plan.source.excluded.Unchanged(), r.checkSchedule()); err != nil {
		return err
	}
	if err := r.state.forget(r.o.NotMade, r.plan); err != nil {
		return err
	}
	options := []voiceagent.ClientOption{voiceagent.WithLedger(r.state.ledger)}
	if r.o.Terminal {
		r.waits.say, r.waits.words = r.say, r.o.words
		options = append(options, voiceagent.WithLogger(slog.New(&r.waits)))
	}
	if r.client, err = r.o.Client(options...); err != nil {
		return err
	}
	if err := r.state.begin(r.o, r.plan); err != nil {
		return err
	}
	if err := r.nobodyElse(); err != nil {
		return err
	}
	failed := r.create(ctx)
	r.sum.Campaigns = r.parts
	if ctx.Err() != nil {
		return r.interrupted(ctx, false)
	}
	if failed != nil {
		return failed
	}
	if err := r.finish(ctx); err != nil {
		return err
	}
	return r.unknown()
}

// finish watches the campaigns and writes the results.
func (r *run) finish(ctx context.Context) error {
	began := time.Now()
	err := r.follow(ctx)
	if err == nil && r.lookAgain(ctx) {
		err = r.follow(ctx)
	}
	r.sum.total(r.parts, began)
	if ctx.Err() != nil {
		return r.interrupted(ctx, false)
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, r.interrupted(ctx, false).goOn())
	}
	r.say("%s", r.sum.ended(r.o.Terminal))
	err = r.writeResults(ctx)
	if ctx.Err() != nil {
		return r.interrupted(ctx, true)
	}
	if err != nil {
		return fmt.Errorf("the campaigns have ended, but the results can't be written: %w\nRunning the same command again only writes them:\n  %s", err, r.state.begun.Command)
	}
	r.sum.Results, r.sum.Transcripts = r.o.Results, r.o.Transcripts
	r.say("results: %s%s\n", r.o.Results, r.plan.source.form())
	if r.o.Transcripts != "" {
		r.say("transcripts: %s has %s: what people said, one file for each call with a transcript, which only you can read\n",
			r.o.Transcripts, count(r.sum.TranscriptFiles, "file"))
	}
	if r.state.made == len(r.plan.digests) {
		r.say("nobody was called now: these are the results of the run begun %s\n", r.state.begun.since())
	}
	return nil
}

// ask asks whether to call, unless there is nobody left to call.
func (r *run) ask() error {
	if r.o.Yes || r.state.made == len(r.plan.digests) {
		return nil
	}
	question := r.plan.terms.Question()
	if r.state.again {
		question = r.plan.terms.question("Go on with " + count(r.state.left, "contact"))
	}
	err := r.o.Ask(question)
	if err != nil && r.state.again {
		return fmt.Errorf("%w; %s", err, r.nothing())
	}
	return err
}

// nothing returns the sentence that this process has sent nothing.
func (r *run) nothing() string {
	if r.state.again {
		return "nothing more was sent. The campaigns that were made before go on"
	}
	return "nothing was sent, and nobody is called"
}

// interrupted says what goes on without this program.
func (r *run) interrupted(ctx context.Context, ended bool) *Interrupted {
	return &Interrupted{Standing: r.standing(), cause: context.Cause(ctx), ended: ended}
}

func (r *run) standing() Standing {
	missing := r.plan.contacts
	for _, part := range r.parts {
		missing -= part.Contacts
	}
	return Standing{r.parts, missing, r.state.begun.Command}
}

// unknown returns the error of a run with campaigns whose existence is unknown, or nil if there are
// none.
func (r *run) unknown() error {
	for _, part := range r.parts {
		if part.Unknown {
			return &Incomplete{r.standing(), part.err}
		}
	}
	return nil
}

// lockedWriter lets the goroutine that hears of Ctrl-C, and the one that draws, write too.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
