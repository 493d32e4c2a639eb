// Package voiceagenttest runs the voice-agent API in memory, for the tests of
// programs that use the client.
//
//	srv := voiceagenttest.NewServer()
//	defer srv.Close()
//	client := srv.Client()
//	// ... make calls with client ...
//	srv.Dialed() // the numbers that would have rung
//
// The server validates, pages, limits and answers like the API, lets calls and
// campaigns take their course, and misbehaves when it is told to with
// [Server.Fail]. What happens to a call follows from the seed and from the
// number that is called, so a test gives the same result each time.
//
// # Habits of servers
//
// By default lists show at once what was made, in the form in which it was sent. Servers in use
// have other habits: they list late, sort otherwise, mask numbers, leave the zone out of their
// times. The fields of [Dialect] choose among them, and [WithDialect] gives them to a server.
// Fault.WorkDelay does the work after its answer was lost, as behind a gateway that gives up first.
//
// # Virtual time
//
// In a testing/synctest bubble the server opens no socket, which would stop
// the bubble's clock: [Server.Client] and [Server.Transport] reach it in
// memory. Make the server in the bubble and close it there. Minutes of calls
// then take no time at all. Outside a bubble, [Server.Advance] moves the
// server's clock.
package voiceagenttest
