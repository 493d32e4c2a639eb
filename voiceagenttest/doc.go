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
// # Virtual time
//
// In a testing/synctest bubble the server opens no socket, which would stop
// the bubble's clock: [Server.Client] and [Server.Transport] reach it in
// memory. Make the server in the bubble and close it there. Minutes of calls
// then take no time at all. Outside a bubble, [Server.Advance] moves the
// server's clock.
package voiceagenttest
