package lang

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"salon/internal/chat"
)

func TestProblem(t *testing.T) {
	inUse := &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	for _, c := range []struct {
		err             error
		english, french string
	}{
		{chat.Problemf("listen on %s: %w", "127.0.0.1:80", inUse),
			"listen on 127.0.0.1:80: the address is already in use", "impossible d’écouter sur 127.0.0.1:80 : l’adresse est déjà prise"},
		{chat.Problemf("log file: %w", &fs.PathError{Op: "open", Path: "/nope/x", Err: syscall.ENOENT}),
			"log file: cannot open /nope/x: it does not exist", "journal : impossible d’ouvrir /nope/x : il n’existe pas"},
		{fmt.Errorf("--port: %w", chat.Problemf("a whole number is expected, not %q", "x")),
			`--port: a whole number is expected, not "x"`, `--port: un nombre entier est attendu, et non "x"`},
		{fmt.Errorf("somewhere: %w", inUse), "somewhere: the address is already in use", "somewhere: l’adresse est déjà prise"},
		{fmt.Errorf("%w, somewhere", inUse), "listen tcp: bind: address already in use, somewhere", "listen tcp: bind: address already in use, somewhere"},
		{errors.New("something nobody foresaw"), "something nobody foresaw", "something nobody foresaw"},
		{&net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true},
			"the host nowhere.invalid is unknown", "l’hôte nowhere.invalid est inconnu"},
		{context.DeadlineExceeded, "no answer in time", "pas de réponse à temps"},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "no answer in time", "pas de réponse à temps"},
		{io.ErrUnexpectedEOF, "the connection was closed", "la connexion a été fermée"},
		{chat.Errorf(chat.CodeInvalidText, "the text is empty"), "the text is empty", "le texte est vide"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Host: "h", Certificate: &x509.Certificate{}}},
			"its certificate is not for h", "son certificat n’est pas pour h"},
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}},
			"its certificate has expired or is not valid yet", "son certificat a expiré, ou n’est pas encore valable"},
	} {
		if got := English.Problem(c.err); got != c.english {
			t.Errorf("%v in English: %s, want %s", c.err, got, c.english)
		}
		if got := French.Problem(c.err); got != c.french {
			t.Errorf("%v in French: %s, want %s", c.err, got, c.french)
		}
	}
}

// TestProblemsOfThisSystem meets errors as the system and the libraries really make them.
func TestProblemsOfThisSystem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := listener.Addr().String()
	_, errTaken := net.Listen("tcp", taken)
	listener.Close()
	_, errRefused := net.Dial("tcp", taken)
	_, errOpen := os.Open(filepath.Join(dir, "nope"))
	errMkdir := os.MkdirAll(filepath.Join(file, "below"), 0o700)
	errWrite := os.WriteFile(dir, nil, 0o600)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, errUnknown := http.Get(secure.URL)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, errPlain := http.Get("https" + plain.URL[len("http"):])
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, errLate := (&net.Dialer{}).DialContext(ctx, "tcp", taken)
	for _, c := range []struct {
		err  error
		want string
	}{
		{errTaken, "l’adresse est déjà prise"},
		{errRefused, "connexion refusée"},
		{errOpen, "impossible d’ouvrir " + filepath.Join(dir, "nope") + " : il n’existe pas"},
		{errMkdir, "impossible de créer le dossier " + file + " : ce n’est pas un dossier"},
		{errWrite, "impossible d’ouvrir " + dir + " : c’est un dossier"},
		{errUnknown, "son certificat est signé par une autorité inconnue"},
		{errLate, "pas de réponse à temps"},
	} {
		if got := French.Cause(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	if errPlain == nil {
		t.Error("a server without TLS was believed to have it")
	}
}
