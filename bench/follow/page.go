package main

const command = "go -C bench run ./follow -write"

// page is docs/follow.md.
func page(table string) string {
	return "<!-- Made by " + command + ". Don't edit it. -->\n\n# Following calls\n\n" +
		"What it takes to place calls and to know when each has ended. All are placed at once, and take one and a half to two and a half minutes. " +
		"An answer takes 50 ms. A call that has ended has a transcript of 20 turns in the list. " +
		"The requests are those of the placing, too. On virtual time, so it is the same on each machine, up to the order in which goroutines run.\n\n" +
		table + "\n" +
		"`Watch` takes at most a fifth of the limit, and leaves the rest to the placing. [Watching](lists.md#watching) tells how it works. " +
		"The loop takes whatever it gets, so on a small plan the placing waits for the looking.\n\n```sh\n" + command + "\n```\n"
}
