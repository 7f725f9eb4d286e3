package mongoconn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"salon/internal/chat"
)

// What is wrong with a connection string, and with the way to the servers, in words for whoever runs the program.

// address is a connection string taken apart as the driver does it.
type address struct {
	srv     bool
	hosts   string
	options []string // each key=value
	unclear bool     // a password that is not encoded may have been taken for other parts: nothing of them is shown
}

func parseAddress(uri string) (a address) {
	scheme, rest, _ := strings.Cut(uri, "://")
	a.srv = scheme == connstring.SchemeMongoDBSRV
	if _, after, ok := strings.Cut(rest, "@"); ok {
		rest = after
		a.unclear = strings.Contains(rest, "@")
	}
	rest, query, _ := strings.Cut(rest, "?")
	a.hosts, _, _ = strings.Cut(rest, "/")
	a.options = strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
	return a
}

// value gives the value of an option; keys have no case.
func (a address) value(key string) string {
	for _, o := range a.options {
		if k, v, _ := strings.Cut(o, "="); strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// wrongOption finds an option that the driver does not know, or whose value it does not understand. The driver passes over the
// former.
func (a address) wrongOption() error {
	for _, o := range a.options {
		key, _, _ := strings.Cut(o, "=")
		switch parsed, err := connstring.Parse("mongodb://localhost/?" + o); {
		case err != nil:
			return chat.Problemf("mongo: the option %q of the connection string has a value that it cannot have", key)
		case len(parsed.UnknownOptions) > 0:
			return chat.Problemf("mongo: unknown option %q in the connection string", key)
		}
	}
	return nil
}

// wrongFile finds a file of the options that does not hold what it should.
func (a address) wrongFile() error {
	for _, key := range []string{"tlsCAFile", "sslCertificateAuthorityFile", "tlsCertificateKeyFile", "sslClientCertificateKeyFile"} {
		file := a.value(key)
		if file == "" {
			continue
		}
		pem, err := os.ReadFile(file)
		var missing *fs.PathError
		switch {
		case errors.As(err, &missing):
			return chat.Problemf("mongo: the option %s of the connection string: %w", key, missing)
		case strings.Contains(key, "Key"):
			if _, err := tls.X509KeyPair(pem, pem); err != nil && a.value(key+"Password") == "" {
				return chat.Problemf("mongo: the option %s of the connection string: %w", key, chat.Problemf("%s does not hold a certificate and its key", file))
			}
		case !x509.NewCertPool().AppendCertsFromPEM(pem):
			return chat.Problemf("mongo: the option %s of the connection string: %w", key, chat.Problemf("%s holds no certificate", file))
		}
	}
	return nil
}

// notValid says why the driver refused a connection string. What the driver says may quote the password.
func notValid(a address, err error) error {
	if !a.unclear {
		var lookup *net.DNSError
		if errors.As(err, &lookup) {
			return chat.Problemf("mongo: the look-up of the servers of %s (SRV) failed: %w", a.hosts, lookup)
		}
		if a.srv && strings.ContainsAny(a.hosts, ",:") {
			return chat.Problemf("mongo: mongodb+srv:// takes one host, without a port")
		}
		if err := a.wrongOption(); err != nil {
			return err
		}
		if err := a.wrongFile(); err != nil {
			return err
		}
	}
	return chat.Problemf("mongo: the connection string is not valid: it is mongodb://[user:password@]host[:port][,…]/[database][?options], with the password percent-encoded")
}

// awayError is why no server answers. It is [chat.ErrUnavailable] to callers.
type awayError struct{ error }

func (e awayError) Unwrap() error        { return e.error }
func (e awayError) Is(target error) bool { return target == chat.ErrUnavailable }

// away says that no server answers, or that the connection to one failed; nil when err says neither. The driver's own text lists
// all that it knows of the servers.
func away(hosts string, err error) error {
	var selection topology.ServerSelectionError
	if !errors.As(err, &selection) {
		var broken topology.ConnectionError
		if errors.As(err, &broken) && broken.Wrapped != nil {
			return chat.Problemf("the connection to %s failed: %w", hosts, awayError{root(broken)})
		}
		return nil
	}
	var cause error = os.ErrDeadlineExceeded
	found := false
	for _, s := range selection.Desc.Servers {
		if s.LastError != nil {
			cause, found = root(s.LastError), false
			break
		}
		found = found || s.Kind != 0
	}
	if found || len(selection.Desc.Servers) == 0 {
		return awayError{chat.Problemf("none of the servers at %s is a primary (is the replica set's name right, and was it initiated?)", hosts)}
	}
	return chat.Problemf("no server answers at %s: %w", hosts, awayError{cause})
}

// root takes off what the driver says around the error of a connection.
func root(err error) error {
	for {
		var broken topology.ConnectionError
		if !errors.As(err, &broken) || broken.Wrapped == nil {
			return err
		}
		err = broken.Wrapped
	}
}
