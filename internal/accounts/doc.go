// Package accounts says who a user is. It holds the contract of what is stored about users: who they are, their tokens
// (as hashes), and which name belongs to whom.
//
// Engines live in packages below and pass the one suite in accountstest. A [Store] is safe for concurrent use.
//
// A [Directory] works on a Store. It is the users with sessions on this node: it says who comes ([Directory.Identify]),
// changes names ([Directory.Rename]), and keeps names for those who hold them ([Directory.Run]). What a user is called now is
// one state, which all its sessions here read ([Person.User]), and which others hear of by one subscription
// ([Directory.Subscribe]).
//
// Locks: table.mu before notices.mu. No I/O and no subscriber's function runs under either.
package accounts
