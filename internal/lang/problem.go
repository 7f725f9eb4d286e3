package lang

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"salon/internal/chat"
)

// Sayer is an error that says itself in a language.
type Sayer interface {
	error
	Say(l Lang) string
}

// Problem says err in the language, for whoever runs the program: why it cannot start, what the system answered. Errors are
// known by their types. An error of another type keeps its own text, and what it wraps is said in the language.
func (l Lang) Problem(err error) string {
	if text, ok := l.known(err); ok {
		return text
	}
	inner := errors.Unwrap(err)
	if inner == nil {
		return err.Error()
	}
	if outer, ok := strings.CutSuffix(err.Error(), inner.Error()); ok {
		return outer + l.Problem(inner)
	}
	return err.Error()
}

// Cause says only what caused err, without the layers that err came through.
func (l Lang) Cause(err error) string {
	for {
		if text, ok := l.known(err); ok {
			return text
		}
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// hasKnown tells whether this package knows err or anything that err wraps.
func (l Lang) hasKnown(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if _, ok := l.known(err); ok {
			return true
		}
	}
	return false
}

// known says an error whose outermost type this package knows.
func (l Lang) known(err error) (text string, ok bool) {
	switch e := err.(type) {
	case Sayer:
		return e.Say(l), true
	case *chat.Problem:
		return l.problem(e), true
	case *chat.Error:
		return l.Text(e.Format, e.Args...), true
	case *fs.PathError:
		return l.path(e), true
	case *os.SyscallError:
		return l.Problem(e.Err), true
	case syscall.Errno:
		return l.errno(e)
	}
	if text, ok := l.network(err); ok {
		return text, true
	}
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF, err == net.ErrClosed:
		return l.Text("the connection was closed"), true
	case err == context.DeadlineExceeded, err == os.ErrDeadlineExceeded:
		return l.Text("no answer in time"), true
	case err == fs.ErrNotExist:
		return l.Text("it does not exist"), true
	case err == fs.ErrPermission:
		return l.Text("access denied"), true
	}
	return "", false
}

// problem says a text of this project, with its cause in the language too. The layers between the two are left out when the
// cause is known.
func (l Lang) problem(p *chat.Problem) string {
	args := make([]any, len(p.Args))
	for i, arg := range p.Args {
		if cause, ok := arg.(error); ok {
			arg = l.Problem(cause)
			if l.hasKnown(cause) {
				arg = l.Cause(cause)
			}
		}
		args[i] = arg
	}
	return sprintf(strings.ReplaceAll(l.Text(p.Format), "%w", "%s"), args)
}

// path says what could not be done to a file. The operations are those of package os.
func (l Lang) path(e *fs.PathError) string {
	cause := l.Problem(e.Err)
	switch e.Op {
	case "open":
		return l.Text("cannot open %s: %s", e.Path, cause)
	case "mkdir":
		return l.Text("cannot make the folder %s: %s", e.Path, cause)
	case "write":
		return l.Text("cannot write %s: %s", e.Path, cause)
	}
	return e.Op + " " + e.Path + ": " + cause
}

// errno says what the system answered.
func (l Lang) errno(e syscall.Errno) (text string, ok bool) {
	switch e {
	case syscall.EADDRINUSE:
		return l.Text("the address is already in use"), true
	case syscall.EADDRNOTAVAIL:
		return l.Text("this machine does not have that address"), true
	case syscall.EACCES:
		return l.Text("access denied"), true
	case syscall.EPERM:
		return l.Text("operation not permitted"), true
	case syscall.ENOENT:
		return l.Text("it does not exist"), true
	case syscall.EEXIST:
		return l.Text("it exists already"), true
	case syscall.EISDIR:
		return l.Text("it is a folder"), true
	case syscall.ENOTDIR:
		return l.Text("it is not a folder"), true
	case syscall.EROFS:
		return l.Text("the file system is read-only"), true
	case syscall.ENOSPC:
		return l.Text("the disk is full"), true
	case syscall.EPIPE, syscall.ECONNRESET:
		return l.Text("the connection was cut"), true
	case syscall.ECONNREFUSED:
		return l.Text("connection refused"), true
	case syscall.EHOSTUNREACH:
		return l.Text("no route to the host"), true
	case syscall.ENETUNREACH:
		return l.Text("the network cannot be reached"), true
	case syscall.ETIMEDOUT:
		return l.Text("no answer in time"), true
	}
	return "", false
}

// network says why there is no connection.
func (l Lang) network(err error) (text string, ok bool) {
	switch e := err.(type) {
	case *net.DNSError:
		switch {
		case e.IsNotFound:
			return l.Text("the host %s is unknown", e.Name), true
		case e.IsTimeout:
			return l.Text("the name server does not answer"), true
		}
		return "", false
	case *net.OpError:
		return l.Problem(e.Err), true
	case *tls.CertificateVerificationError:
		return l.Problem(e.Err), true
	case tls.RecordHeaderError:
		return l.Text("the other side does not speak TLS"), true
	case x509.UnknownAuthorityError:
		return l.Text("its certificate is signed by an unknown authority"), true
	case x509.HostnameError:
		return l.Text("its certificate is not for %s", e.Host), true
	case x509.CertificateInvalidError:
		if e.Reason == x509.Expired {
			return l.Text("its certificate has expired or is not valid yet"), true
		}
		return l.Text("its certificate is not valid: %s", e.Error()), true
	case net.Error:
		if e.Timeout() {
			return l.Text("no answer in time"), true
		}
	}
	return "", false
}
