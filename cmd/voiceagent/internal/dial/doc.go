// Package dial calls the people in a CSV file: it checks the file, makes campaigns of up to 2,000 contacts, watches them, and writes what became
// of each row. It is what `voiceagent campaigns run` does.
//
// # Never twice
//
// A run is known by its server (however its address is spelled), the content of its file, agent, source number, name and phone column. Its
// idempotency key comes from these, and under the key there are three files in [Options.StateDir], mode 0600: a ledger ([boltledger]), a note of what
// was planned, and hashes of the numbers, by which a run of another list tells how many of its people were called before. Whoever runs the same
// command again, after Ctrl-C, a kill or a lost answer, goes on with that run: what was made isn't made again, what may have been made is looked for
// first, and other settings for the same people are refused. A file that was called and has changed since is refused, as are, without a person to
// ask, other parameters for the same content, and the same agent at another address: [Options.Again] is for calling the same people again on purpose.
// The files are not removed, as whoever removes them may call people twice. What a ledger can't know is in docs/never-dial-twice.md.
//
// The file is read again for sending, and nothing is sent that wasn't checked: a file that has changed is refused before the first request, and
// each campaign's contacts are compared with what was checked before they are sent.
//
// # Which calls are whose
//
// The results join the rows with the calls that the API lists for the agent since the first campaign was made. A call whose metadata names a
// campaign (campaign_id: documented for webhooks, unverified for the list) counts if the campaign is one of this run. Where no call to a number
// does, outbound calls to it that name none count, by number and time: then a call that somebody else placed to the same person with the same
// agent while the campaigns ran counts too. Status, times, sentiment, summary and duration are those of the last call, attempts and cost are over all.
// A contact without a listed call gets the status no_call_listed, or campaign_unknown where it isn't known if its campaign was made: such a contact
// may have been called.
//
// A text from the API that begins with =, +, -, @, a tab or a line's end gets an apostrophe in front, as a spreadsheet would take it for a
// formula, and people choose what they say on the phone. The called number and the cells of the file itself stay as they are.
//
// # Memory
//
// It isn't constant. The rows pass through, a campaign's contacts at a time; what grows with the file is the set of the numbers, by about 40 bytes a
// contact (more for a moment when the set itself grows), their hashes while they are written, 8 bytes each, and a record of each campaign. The calls
// are kept in a temporary file while the results are written, and the operating system keeps as much of it in memory as it likes. It holds personal
// data, and is removed, unless the program is killed.
//
// # Wiring
//
// The frame fills an [Options] and calls [Run] with a context that the first Ctrl-C cancels. A second one should end the process at once: the ledger is
// made for that. With the simulator give a temporary StateDir, as it forgets its campaigns with the process. The summary is never nil. What the
// errors are, each ready to be printed as it is, in several lines:
//
//	nil                 all campaigns have ended and the results are written, or DryRun
//	*dial.Interrupted   Ctrl-C: 130; or the time is over: it unwraps to context.DeadlineExceeded then
//	*dial.BadInput      the file or the options can't be used; nothing was sent
//	dial.ErrDeclined    the answer to the question was no; nothing (more) was sent
//	*dial.Incomplete    some campaigns could not be made, or it isn't known if they were
//	anything else       as every error of the client
//
// [boltledger]: https://pkg.go.dev/github.com/voiceagent-go/voiceagent/boltledger
package dial
