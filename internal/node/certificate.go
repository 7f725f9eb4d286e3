package node

import (
	"crypto/tls"
	"crypto/x509"
	"sync/atomic"
	"time"

	"salon/internal/chat"
)

// certificate is the server's certificate, which can be read again while the server runs.
type certificate struct {
	certFile, keyFile string
	now               atomic.Pointer[tls.Certificate]
}

func readCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	return c, c.read()
}

// read reads the files. On an error the certificate that was read before stays in use.
func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return chat.Problemf("certificate: %w", err)
	}
	c.now.Store(&pair)
	return nil
}

// config gives settings with which each connection gets the certificate of its moment.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
		MinVersion:     tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}
}

// until is when the certificate ends.
func (c *certificate) until() time.Time {
	leaf, err := x509.ParseCertificate(c.now.Load().Certificate[0])
	if err != nil {
		return time.Time{}
	}
	return leaf.NotAfter
}
