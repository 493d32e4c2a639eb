// Package dial calls the people in a CSV file: it checks the file, makes campaigns of up to 2,000
// contacts, watches them, and writes the outcome of each row. It implements `voiceagent campaigns
// run`.
//
// # Never twice
//
// A run is identified by its server (however its address is spelled), the content of its file,
// agent, source number, name and phone column. Its idempotency key comes from these. Under the key
// there are three files in [Options.StateDir], mode 0600: a ledger ([boltledger]), a note of the
// plan, and hashes of the numbers, by which a run of another list sees how many of its people were
// called before.
//
// The same command, repeated after Ctrl-C, a kill or a lost answer, continues that run. Campaigns
// that were made aren't made again, campaigns that may have been made are looked for first, and
// other settings for the same people are refused. So are lists of exclusions that keep out other
// people, as the campaigns would be cut in another way. A file that was called and has changed
// since is refused, unless exclusions keep out everybody who was called then. So are, if there is
// nobody to ask, other parameters for the same content, and the same agent at another address, and
// always rows that a run left out, if it called some of the same people. [Options.Again] is for
// calling the same people again on purpose. The files are not removed, as without them people may
// be called twice. docs/never-dial-twice.md says what a ledger can't know.
//
// The file is read again for sending, and only checked contacts are sent. A file that has changed
// is refused before the first request, and each campaign's contacts are compared with the checked
// ones before they are sent.
//
// # Which calls are whose
//
// The results join the rows with the calls that the API lists for the agent since the first
// campaign was made. A call whose metadata names a campaign (campaign_id: documented for webhooks,
// unverified for the list) counts if it is a campaign of this run. If no call to a number names
// one, outbound calls to it that name no campaign count, by number and time. Then a call that
// somebody else placed to the same person with the same agent while the campaigns ran counts too.
// Status, times, sentiment, summary and duration are those of the last call, score and collected
// values those of the last call that collected something; attempts and cost are totals. A contact
// without a listed call gets the status no_call_listed, or campaign_unknown if its campaign may or
// may not have been made. Such a contact may have been called. A row that was left out has the
// status bad or repeated, and says why.
//
// A text from the API that begins with =, +, -, @, a tab or a line's end, and is no number, gets an
// apostrophe in front, as a spreadsheet would take it for a formula, and the text may come from the
// person on the phone. The called number and the cells of the file itself are unchanged.
//
// # Memory
//
// Memory isn't constant. Rows are streamed, one campaign's contacts at a time. These grow with the
// file: the set of the numbers, by about 40 bytes a contact (more for a moment when the set grows),
// their hashes while they are written, 8 bytes each, and a record of each campaign. Numbers that
// are excluded take 16 bytes each. While the results are written the calls, with their transcripts
// if those are asked for, are in a temporary file, of which the operating system may keep any part
// in memory. It holds personal data, and is removed unless the program is killed.
//
// # Wiring
//
// The program fills an [Options] and calls [Run] with a context that the first Ctrl-C cancels. A
// second Ctrl-C should end the process at once: the ledger is made for that. With the simulator use
// a temporary StateDir, as it forgets its campaigns when the process ends. The summary is never
// nil. The errors, whose texts may have several lines and can be printed unchanged, are:
//
//	nil                 all campaigns have ended and the results are written, or DryRun
//	*dial.Interrupted   Ctrl-C: 130; or the time is over: it unwraps to context.DeadlineExceeded then
//	*dial.BadInput      the file or the options can't be used; nothing was sent
//	that of Ask         the answer to the question was no; nothing (more) was sent
//	*dial.Incomplete    some campaigns could not be made, or it isn't known if they were
//	that of Check       the library would refuse the campaigns; nothing (more) was sent
//	anything else       as every error of the client
//
// [boltledger]: https://pkg.go.dev/github.com/voiceagent-go/voiceagent/boltledger
package dial
