package mongoconn

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"salon/internal/chat"
	"salon/internal/lang"
)

// TestPlainProblems: what is wrong with an address, in words that do not need the driver's source.
func TestPlainProblems(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.pem")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.pem")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	l.Close()
	for uri, want := range map[string]string{
		"mongodb://ada:hunter2@host/?retryWrite=true":                  `unknown option "retryWrite"`,
		"mongodb://ada:hunter2@host/chat?replicaSet=rs0&tlsCaFiles=/x": `unknown option "tlsCaFiles"`,
		"mongodb://host/?maxPoolSize=many":                             `the option "maxPoolSize" of the connection string has a value`,
		"mongodb://host/?tls=hunter2":                                  `the option "tls" of the connection string has a value`,
		"mongodb+srv://ada:hunter2@salon.invalid/chat":                 "the look-up of the servers of salon.invalid (SRV) failed",
		"mongodb+srv://ada:hunter2@a.invalid:27017/":                   "takes one host, without a port",
		"mongodb+srv://a.invalid,b.invalid/":                           "takes one host, without a port",
		"mongodb://host/?tls=true&tlsCAFile=" + missing:                "tlsCAFile of the connection string: cannot open " + missing + ": it does not exist",
		"mongodb://host/?tls=true&tlsCertificateKeyFile=" + missing:    "tlsCertificateKeyFile of the connection string: cannot open " + missing,
		"mongodb://host/?tls=true&tlsCAFile=" + text:                   text + " holds no certificate",
		"mongodb://host/?tls=true&tlsCertificateKeyFile=" + text:       text + " does not hold a certificate and its key",
		"mongodb://ada:hunter2@" + gone + "/":                          "no server answers at " + gone + ": connection refused",
		"mongodb://" + gone + "/?replicaSet=rs0":                       "no server answers at " + gone + ": connection refused",
		"mongodb://ada:hun@ter2?x=hunter2@host/":                       "the connection string is not valid",
	} {
		db, err := Open(t.Context(), uri, Options{Selection: 200 * time.Millisecond})
		if err == nil {
			t.Errorf("%s: opened, %v", uri, db.Close())
			continue
		}
		said := lang.English.Problem(err)
		if !strings.Contains(said, want) {
			t.Errorf("%s: said %q, want %q", uri, said, want)
		}
		for _, text := range []string{said, err.Error(), lang.French.Problem(err)} {
			checkSecret(t, text)
			if strings.Contains(text, "topology") || strings.Contains(text, "Type:") || strings.Contains(text, "\n") {
				t.Errorf("%s: the driver's text shows: %s", uri, text)
			}
		}
		if strings.Contains(want, "no server") != errors.Is(err, chat.ErrUnavailable) {
			t.Errorf("%s: whether it may pass is wrong: %v", uri, err)
		}
		if french := lang.French.Problem(err); french == said {
			t.Errorf("%s: in French it says %q", uri, french)
		}
	}
}

// A server that takes connections and says nothing.
func TestSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = Open(t.Context(), "mongodb://"+silent.Addr().String()+"/", Options{Selection: 200 * time.Millisecond})
	if said := lang.English.Problem(err); !strings.Contains(said, "no server answers at "+silent.Addr().String()+": no answer in time") {
		t.Errorf("said %q", said)
	}
}
