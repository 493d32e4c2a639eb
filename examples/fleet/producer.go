package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/voiceagent-go/voiceagent"
)

// produce enqueues the rows of a CSV file with the columns id and phone; the others are metadata.
// It names the rows that it leaves out. It may be broken off and run again: a row that is enqueued
// twice is dialled once.
func produce(ctx context.Context, q *queue, file io.Reader, agentID, from string) error {
	seen := make(map[string]bool)
	for contact, err := range voiceagent.ContactsFromCSV(file, voiceagent.CSVParams{}) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "left out:", err)
			continue
		}
		id, _ := contact["id"].(string)
		to, _ := contact["phone"].(string)
		if id == "" || seen[id] {
			fmt.Fprintf(os.Stderr, "left out: a row without an id of its own: %q\n", id)
			continue
		}
		seen[id] = true
		metadata := maps.Clone(contact)
		maps.DeleteFunc(metadata, func(name string, _ any) bool { return name == "id" || name == "phone" })
		call := voiceagent.CallCreateParams{AgentID: agentID, From: from, To: to, Metadata: metadata}
		if err := q.add(ctx, row{ID: id, Call: call}); err != nil {
			return err
		}
	}
	return nil
}
