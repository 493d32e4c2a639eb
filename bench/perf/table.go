package main

import (
	"fmt"
	"math"
	"strings"
)

// tables writes the results as Markdown: a table for a work in both places, and one for each of the
// last two.
func tables(results []result) string {
	var b strings.Builder
	for i := 0; i < len(results); i++ {
		r := results[i]
		switch {
		case r.attempts > 1:
			attemptsTable(&b, r)
		case r.goroutines > 1:
			goroutinesTable(&b, r)
		default:
			placesTable(&b, r, results[i+1])
			i++
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func placesTable(b *strings.Builder, memory, loopback result) {
	fmt.Fprintf(b, "### %s\n\n", memory.name)
	b.WriteString("| | in memory | ratio | bytes | ratio | allocations | ratio | over loopback | ratio |\n|" + strings.Repeat(" --- |", 9) + "\n")
	for i, s := range memory.sides {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", s.name,
			duration(memory.of(i, timeOf)), ratio(memory.against(i, timeOf)),
			amount(memory.of(i, bytesOf)), ratio(memory.against(i, bytesOf)),
			number(memory.of(i, allocationsOf).median()), ratio(memory.against(i, allocationsOf)),
			duration(loopback.of(i, timeOf)), ratio(loopback.against(i, timeOf)))
	}
	b.WriteString("\n")
}

func goroutinesTable(b *strings.Builder, r result) {
	fmt.Fprintf(b, "### %s\n\n| | requests per second over loopback | ratio |\n| --- | --- | --- |\n", r.name)
	for i, s := range r.sides {
		fmt.Fprintf(b, "| %s | %s | %s |\n", s.name, number(r.of(i, rateOf).median()), ratio(r.against(i, rateOf)))
	}
	b.WriteString("\n")
}

func attemptsTable(b *strings.Builder, r result) {
	fmt.Fprintf(b, "### %s\n\n| | bytes | of the encoded size |\n| --- | --- | --- |\n", r.name)
	for i, s := range r.sides {
		if r.samples[i] == nil {
			fmt.Fprintf(b, "| %s | %s | |\n", s.name, s.oneAttempt)
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", s.name, amount(r.of(i, bytesOf)), ratio(r.perByte(i)))
	}
	b.WriteString("\n")
}

// targets reports which targets were met.
func targets(results []result) string {
	var b strings.Builder
	b.WriteString("| target | | measured | half of the rounds | |\n|" + strings.Repeat(" --- |", 5) + "\n")
	for _, r := range results {
		if r.limit == nil {
			continue
		}
		got, bound, verdict := r.limit.of(r), "at most", "met"
		if r.limit.least {
			bound = "at least"
		}
		if !r.meets() {
			verdict = "**not met**"
		}
		fmt.Fprintf(&b, "| %s, %s: %s | %s %.2f | %.2f | %.2f to %.2f | %s |\n", r.name, r.place(), r.limit.what, bound, r.limit.value,
			got.ratio, got.low, got.high, verdict)
	}
	return b.String()
}

// meets reports whether the printed result keeps the limit.
func (r result) meets() bool {
	measured := r.limit.of(r)
	got := roundTo2(measured.ratio)
	switch {
	case r.limit.least:
		return got >= r.limit.value
	case r.limit.withinSpread:
		return roundTo2(measured.low) <= r.limit.value
	}
	return got <= r.limit.value
}

func roundTo2(x float64) float64 { return math.Round(x*100) / 100 }

func (w work) place() string {
	if w.loopback {
		return "over loopback"
	}
	return "in memory"
}

func ratio(c comparison) string { return fmt.Sprintf("%.2f", c.ratio) }

func duration(nanoseconds numbers) string {
	const micro, milli = 1e3, 1e6
	if n := nanoseconds.median(); n < milli {
		return fmt.Sprintf("%.1f µs", n/micro)
	}
	return fmt.Sprintf("%.2f ms", nanoseconds.median()/milli)
}

func amount(bytes numbers) string {
	const kib = 1 << 10
	if n := bytes.median(); n < 100*kib {
		return fmt.Sprintf("%.1f KiB", n/kib)
	}
	return number(bytes.median()/kib) + " KiB"
}

// number writes a whole number with commas.
func number(x float64) string {
	digits := fmt.Sprintf("%.0f", x)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
