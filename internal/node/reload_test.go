package node

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"salon/internal/config"
	"salon/internal/lang"
)

// writeCertificate makes a certificate with a serial number, in the files given.
func writeCertificate(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, errKey := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, errCert := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	secret, errSecret := x509.MarshalPKCS8PrivateKey(private)
	if err := errors.Join(errKey, errCert, errSecret,
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	); err != nil {
		t.Fatal(err)
	}
}

// serial gives the number of the certificate that n shows to a new connection.
func serial(t *testing.T, n *Node) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", n.listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // its number is all that is asked
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func startWith(t *testing.T, args ...string) *Node {
	t.Helper()
	cli, _, _, err := config.Parse(append([]string{"serve", "--port=0", "--data=" + t.TempDir()}, args...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), cli.Serve, lang.English, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestReloadReadsTheCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key, 1)
	n := startWith(t, "--tls-cert="+cert, "--tls-key="+key)
	writeCertificate(t, cert, key, 2)
	if got := serial(t, n); got != 1 {
		t.Errorf("before Reload: certificate %d", got)
	}
	n.Reload()
	if got := serial(t, n); got != 2 {
		t.Errorf("after Reload: certificate %d", got)
	}
	for what, spoil := range map[string]func() error{
		"a half-written key": func() error { return os.WriteFile(key, []byte("-----BEGIN"), 0o600) },
		"a key that is gone": func() error { return os.Remove(key) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		n.Reload()
		if got := serial(t, n); got != 2 {
			t.Errorf("after Reload with %s: certificate %d", what, got)
		}
	}
}

func TestReloadOpensTheLogAgain(t *testing.T) {
	dir := t.TempDir()
	path, rotated := filepath.Join(dir, "salon.log"), filepath.Join(dir, "salon.log.1")
	n := startWith(t, "--log-file="+path)
	says := func(path, line string) bool {
		b, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(b), line)
	}
	if err := os.Rename(path, rotated); err != nil {
		t.Fatal(err)
	}
	n.Reload()
	n.log.Info("after the rotation")
	if !says(rotated, "msg=started") || says(rotated, "after the rotation") || !says(path, "after the rotation") {
		t.Error("the log did not go on in the new file")
	}

	// A path that cannot be opened: the log goes on in the file that is open.
	if err := errors.Join(os.Rename(path, rotated), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	n.Reload()
	if !says(rotated, "level=WARN") {
		t.Error("no warning in the file that stays in use")
	}
}
