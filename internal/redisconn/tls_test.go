package redisconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"salon/internal/redistest"
)

// certificate makes a self-signed certificate for 127.0.0.1, and a file with it for ?ca=.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// overTLS returns an address that leads to addr by TLS.
func overTLS(t *testing.T, addr string, cert tls.Certificate) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	var pipes sync.WaitGroup
	t.Cleanup(func() { l.Close(); pipes.Wait() })
	pipes.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", addr)
			if err != nil {
				in.Close()
				return
			}
			pipes.Go(func() { io.Copy(out, in); out.Close() })
			pipes.Go(func() { io.Copy(in, out); in.Close() })
		}
	})
	return l.Addr().String()
}

func TestTLS(t *testing.T) {
	server := redistest.Start(t)
	cert, ca := certificate(t)
	addr := overTLS(t, server.Addr, cert)

	trusting, err := ParseURL("rediss://" + addr + "?ca=" + ca)
	if err != nil {
		t.Fatal(err)
	}
	c := Open(trusting, slog.New(slog.DiscardHandler))
	defer c.Close()
	redistest.Await(t, "it connects", func() bool { return ping(c) == nil })

	distrusting, err := ParseURL("rediss://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	reasons := make(chan string, 8)
	d := Open(distrusting, slog.New(slog.NewTextHandler(writer(reasons), nil)))
	defer d.Close()
	<-reasons
	if ping(d) == nil {
		t.Error("a certificate of an unknown authority is accepted")
	}
}
