// Behaviour measures what this project's client and other clients do when requests fail, and prints
// a table.
//
//	go -C bench run ./behaviour          # prints it
//	go -C bench run ./behaviour -write   # writes docs/behaviour-bench.md, too
//
// It uses only the loopback network, and takes about a minute.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

const (
	docPage   = "../docs/behaviour-bench.md"
	timeLimit = 2 * time.Minute
)

func main() {
	write := flag.Bool("write", false, "write "+docPage+", from the directory bench")
	flag.Parse()
	if err := run(*write); err != nil {
		fmt.Fprintln(os.Stderr, "behaviour:", err)
		os.Exit(1)
	}
}

func run(write bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	began := time.Now()
	libs := clients.All()
	results, err := measure(ctx, rows(wholeRateLimit), libs)
	if err != nil {
		return err
	}
	fmt.Fprint(os.Stdout, table(results, libs))
	if !write {
		return nil
	}
	return os.WriteFile(docPage, []byte(document(results, libs, time.Since(began))), 0o644)
}
