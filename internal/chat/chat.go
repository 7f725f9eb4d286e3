// Package chat holds the words everything else speaks in: events, users, room names, limits and error codes.
//
// It imports the standard library only and does no I/O, so every other package may import it.
package chat
