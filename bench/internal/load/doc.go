// Package load drives a server with a fleet of members, thousands of WebSocket connections in one thread, and records what they
// receive.
//
// A fleet shares the machine with the servers that it measures, so it uses little of it: it waits for all sockets at once (epoll), reads
// into one buffer, and of most members only counts the events that come. A sample of the members, and all that send, are
// read in full: the time each event took, and that none is missing, twice or out of order. At the end every single
// member must have got exactly what was sent to its room.
//
// A Fleet owns its sockets and belongs to one goroutine; it starts none and locks nothing. It is for Linux.
package load
