// Package ws is the WebSocket connection: RFC 6455 with permessage-deflate (RFC 7692), for servers and clients.
//
// It owns the socket from the handshake to its end. A [Message] is framed once and compressed once, and the same bytes
// go to every connection. A connection at rest keeps no buffer and no goroutine: the goroutine that calls [Conn.Read] is
// the reader, and whoever calls [Conn.Flush] is the writer, as long as the socket takes what there is without waiting.
// Only what would block is left to a goroutine of the connection's own, which ends when the queue is empty.
//
// Compression never keeps a window from one message to the next, in either direction.
//
// What RFC 6455 and RFC 7692 leave to the endpoint, this one decides as follows. A length not in its shortest form is a
// protocol error (1002), as are 1004–1006, 1015–2999 and everything above 4999 in a close frame. Bytes that are no
// deflate stream are answered with 1007. A message over the limit is answered with 1009 as soon as a header or the
// inflated bytes show it. Text is checked as it arrives; compressed text when it is inflated.
//
// Goroutines: at most one that writes while the socket is full, and one that sees the closing handshake through. Both end
// with the connection; [Conn.Done] tells when they have.
//
// Locks: Conn.mu is the only one, is held for a few instructions, and never during I/O or a wait.
package ws
