// Package client is Salon's Go client. It keeps a connection, reconnects when the connection is lost, and resumes each room
// where it was, so that its caller sees each event once and in order. The terminal client, the tests and the benchmarks use
// it.
//
// It owns one connection at a time, the position in each room, and the outbox of sends that are not acknowledged yet.
//
// Goroutines: [Client.Run] reads the connection and passes each [Notice] to the caller, in order, from its own goroutine.
// Beside it, one goroutine per connection does what is due at a certain time, and Run waits for it. The other methods may be
// called from any goroutine.
//
// Locks: session.mu only. No I/O, no waiting and no call of the caller's functions under it.
package client
