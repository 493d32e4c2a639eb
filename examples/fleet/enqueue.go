package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/hibiken/asynq"

	"github.com/voiceagent-go/voiceagent"
)

const (
	taskType = "fleet:call"
	maxRowID = 150 // an idempotency key has 255 bytes
	hands    = 8   // rows are enqueued so many at once, as each takes two round trips
)

// source is a CSV file and what its rows become.
type source struct {
	phone   string // the column with the numbers
	id      string // the column with the rows' ids; "" numbers them
	agentID string
	from    string
}

func enqueueCommand(ctx context.Context, args []string) error {
	var (
		at   place
		src  source
		file string
		set  = flag.NewFlagSet("fleet enqueue", flag.ContinueOnError)
	)
	at.flags(set)
	set.StringVar(&file, "csv", "", "`file` with a header row")
	set.StringVar(&src.phone, "phone", "phone", "`column` with the numbers, in E.164: +919876543210")
	set.StringVar(&src.id, "id", "", "`column` with an id that is a row's own; without it rows go by their place in the file")
	set.StringVar(&src.agentID, "agent", "", "`id` of the agent that talks")
	set.StringVar(&src.from, "from", "", "`number` to call from")
	if err := set.Parse(args); err != nil {
		return err
	}
	if file == "" || src.agentID == "" || src.from == "" {
		return errors.New("enqueue needs -csv, -agent and -from")
	}
	l, err := at.open()
	if err != nil {
		return err
	}
	defer l.rdb.Close()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.ledger().Check(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "warning:", err) // what would make this Redis forget whom it has called
	}
	sum, err := enqueue(ctx, l, f, src, os.Stderr)
	fmt.Printf("%s: %d rows enqueued, %d were there already, %d are settled\n", l.name, sum.added, sum.known, sum.settled)
	if err == nil && sum.bad > 0 {
		err = fmt.Errorf("%d rows were left out", sum.bad)
	}
	return err
}

// summary counts what enqueue met.
type summary struct {
	added, known, settled, bad int
}

// enqueue makes a task of each row. It can be broken off, and run again with the same file: what is there already isn't added, and a
// row that has an outcome isn't dialled again. A row that no call can be made of is named in complaints by its line or id.
func enqueue(ctx context.Context, l *list, r io.Reader, src source, complaints io.Writer) (summary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e := &enqueuer{list: l, client: asynq.NewClientFromRedisClient(l.rdb), complaints: complaints}
	jobs := make(chan job)
	var running sync.WaitGroup
	for range hands {
		running.Go(func() {
			for j := range jobs {
				if err := e.add(ctx, j); err != nil {
					cancel(fmt.Errorf("row %s: %w", j.Row, err))
				}
			}
		})
	}
	src.phone, src.id = columnKey(src.phone), columnKey(src.id)
	n := 0
	for contact, err := range voiceagent.ContactsFromCSV(r, voiceagent.CSVParams{PhoneColumn: src.phone}) {
		if n++; err == nil {
			var j job
			if j, err = src.job(contact, n); err == nil {
				select {
				case jobs <- j:
				case <-ctx.Done():
				}
			}
		}
		if row, ok := errors.AsType[*voiceagent.RowError](err); ok && row.Line > 1 {
			err = e.leaveOut(ctx, fmt.Sprintf("line %d", row.Line), row.Error())
		} else if errors.Is(err, errNoID) {
			name := fmt.Sprintf("row %d", n)
			err = e.leaveOut(ctx, name, name+": "+err.Error())
		}
		if err != nil {
			cancel(err) // the file itself can't be read, or Redis is gone
		}
		if ctx.Err() != nil {
			break
		}
	}
	close(jobs)
	running.Wait()
	return e.sum, context.Cause(ctx)
}

var errNoID = errors.New("there is no id, or it is too long,")

// columnKey is what ContactsFromCSV makes of a column's name.
func columnKey(name string) string { return notInKeys.ReplaceAllString(strings.TrimSpace(name), "_") }

var notInKeys = regexp.MustCompile(`[^A-Za-z0-9_]`)

// job makes a row a call. Every other column is metadata, for the agent to use.
func (s source) job(contact voiceagent.Contact, n int) (job, error) {
	row := strconv.Itoa(n)
	if s.id != "" {
		id, _ := contact[s.id].(string)
		if row = url.QueryEscape(id); row == "" || len(row) > maxRowID {
			return job{}, fmt.Errorf("%w in column %s", errNoID, s.id)
		}
	}
	to, _ := contact[s.phone].(string)
	j := job{Row: row, AgentID: s.agentID, From: s.from, To: to, Metadata: map[string]string{}}
	for key, value := range contact {
		if text, ok := value.(string); ok && key != s.phone && text != "" {
			j.Metadata[key] = text
		}
	}
	return j, nil
}

type enqueuer struct {
	list       *list
	client     *asynq.Client
	complaints io.Writer

	mu  sync.Mutex
	sum summary
}

// add registers a row and makes its task.
func (e *enqueuer) add(ctx context.Context, j job) error {
	payload, err := json.Marshal(j)
	if err != nil {
		return err
	}
	was, err := e.list.add(ctx, j.Row, payload)
	if err != nil {
		return err
	}
	if was == isNew || was == isKnown {
		_, err = e.client.EnqueueContext(ctx, asynq.NewTask(taskType, payload), asynq.TaskID(j.Row), asynq.Queue(e.list.queue()),
			asynq.MaxRetry(math.MaxInt32), // a row is never given up
			asynq.Timeout(taskTime))
		if errors.Is(err, asynq.ErrTaskIDConflict) {
			err = nil // the task is there
		}
		if err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch was {
	case isNew:
		e.sum.added++
	case isKnown:
		e.sum.known++
	case isSettled:
		e.sum.settled++
	case isOther:
		e.sum.bad++
		fmt.Fprintf(e.complaints, "left out: row %s of list %s is another call already: give the rows ids of their own with -id, or take another -list\n",
			j.Row, e.list.name)
	}
	return nil
}

func (e *enqueuer) leaveOut(ctx context.Context, name, reason string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sum.bad++
	fmt.Fprintf(e.complaints, "left out: %s\n", reason)
	return e.list.leaveOut(ctx, name, reason)
}
