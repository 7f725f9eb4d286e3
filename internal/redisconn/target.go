package redisconn

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Target says where Redis is, how to sign in there and how long to wait for it. Printing a Target shows no password.
type Target struct {
	Addresses []string // host:port; several name nodes of one Cluster
	User      string
	Password  string
	DB        int         // only without Cluster
	TLS       *tls.Config // nil: cleartext
	Timeouts  Timeouts    // the zero value is usable
}

// Timeouts bound how long a connection waits. The default for each is short, because everything behind the connection is hot
// data: it is better to report that Redis is away, and to go on without it, than to wait for it.
type Timeouts struct {
	Dial time.Duration // to connect; 0 for 1 s
	// Idle is how long a connection may receive nothing before it is checked with PING; 0 for 1 s.
	Idle time.Duration
	// Answer is how long the answer to that may take before the connection counts as dead; 0 for 2 s. A stopped server or a
	// broken network is noticed after Idle and Answer.
	Answer time.Duration
	Call   time.Duration // for every call, whatever its context allows; 0 for 2 s
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Dial: cmp.Or(t.Dial, time.Second), Idle: cmp.Or(t.Idle, time.Second),
		Answer: cmp.Or(t.Answer, 2*time.Second), Call: cmp.Or(t.Call, 2*time.Second),
	}
}

// ParseURL reads redis://[user[:password]@]host[:port][,host[:port]…][/db], or rediss:// for TLS. Several addresses name
// nodes of one Cluster; the client finds the others by itself. With TLS, ?ca=FILE names the certificate authority to trust in
// place of the system's. Errors never quote the URL, which may hold a password.
func ParseURL(raw string) (Target, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || (scheme != "redis" && scheme != "rediss") {
		return Target{}, errors.New("the Redis URL does not start with redis:// or rediss://")
	}
	// net/url takes one host only, so it parses the rest with a placeholder for the list of hosts.
	user, hosts := "", rest
	tail := ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		hosts, tail = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(hosts, '@'); i >= 0 {
		user, hosts = hosts[:i+1], hosts[i+1:]
	}
	u, err := url.Parse(scheme + "://" + user + "host" + tail)
	if err != nil {
		return Target{}, errors.New("the Redis URL cannot be read: is a special character in the password not percent-encoded?")
	}
	t := Target{User: u.User.Username()}
	t.Password, _ = u.User.Password()
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := address(host)
		if err != nil {
			return Target{}, err
		}
		t.Addresses = append(t.Addresses, addr)
	}
	if t.DB, err = database(u.Path, len(t.Addresses)); err != nil {
		return Target{}, err
	}
	if scheme == "rediss" {
		t.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return t, t.options(u.Query())
}

// address adds the default port to host[:port].
func address(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil { // no port, or not an address at all
		host, port = strings.Trim(s, "[]"), "6379"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, "@[] ") ||
		(strings.Contains(host, ":") && net.ParseIP(host) == nil) {
		return "", errors.New("the Redis URL has an address that is not host or host:port")
	}
	return net.JoinHostPort(host, port), nil
}

func database(path string, addresses int) (int, error) {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return 0, nil
	}
	db, err := strconv.Atoi(path)
	if err != nil || db < 0 {
		return 0, errors.New("the Redis URL's path is not a database number")
	}
	if db > 0 && addresses > 1 {
		return 0, errors.New("the Redis URL names a database, and a Cluster has only number 0")
	}
	return db, nil
}

func (t *Target) options(query url.Values) error {
	for name, values := range query {
		if name != "ca" {
			return fmt.Errorf("the Redis URL has an unknown option %q", name)
		}
		if t.TLS == nil {
			return errors.New("the Redis URL has ca= without rediss://")
		}
		pem, err := os.ReadFile(values[0])
		if err != nil {
			return fmt.Errorf("the Redis URL's ca=: %w", err)
		}
		t.TLS.RootCAs = x509.NewCertPool()
		if !t.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("the Redis URL's ca=: %s has no certificate", values[0])
		}
	}
	return nil
}

// String returns the target as a URL without the password.
func (t Target) String() string {
	u := url.URL{Scheme: "redis", Host: strings.Join(t.Addresses, ",")}
	if t.TLS != nil {
		u.Scheme = "rediss"
	}
	if t.Password != "" {
		u.User = url.UserPassword(t.User, "xxxxx")
	} else if t.User != "" {
		u.User = url.User(t.User)
	}
	if t.DB > 0 {
		u.Path = "/" + strconv.Itoa(t.DB)
	}
	return u.String()
}

// GoString is what %#v prints. It shows no password either.
func (t Target) GoString() string { return t.String() }
