// Package accounts says who a user is. It holds the contract of what is stored about users: who they are, their tokens
// (as hashes), and which name belongs to whom.
//
// Engines live in packages below and pass the one suite in accountstest. A [Store] is safe for concurrent use.
package accounts
