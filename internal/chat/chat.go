// Package chat holds the words everything else speaks in: events, users, names of people and rooms, limits and error codes.
//
// The rules of names are here and nowhere else: what a name may hold, how what a person typed becomes a name, and when two
// names are the same. The package does no I/O and imports only the standard library and golang.org/x/text, so every other
// package may import it.
package chat
