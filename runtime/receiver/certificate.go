package receiver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// checkEvery is how often the files of a certificate are looked at, at most.
const checkEvery = 2 * time.Second

// TLS returns a configuration that serves the certificate of two PEM files and takes
// up a new one within seconds of its being written, without a restart. While the
// files do not make a pair, as in the middle of a change, the last good one is
// served. The certificate file must hold the intermediate certificates too, for
// Salesforce does not look for them ("Building a Listener", SOAP API Developer
// Guide).
//
// Clients are asked for a certificate, and may go on without: it is the connection
// that decides, by Connection.Client. Where none does, ClientAuth can be set to
// tls.NoClientCert, so that no browser offers its user's.
func TLS(certFile, keyFile string, logger *slog.Logger) (*tls.Config, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.fresh(), nil },
		ClientAuth:     tls.RequestClientCert,
	}, nil
}

type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger
	pair              atomic.Pointer[tls.Certificate]

	checking sync.Mutex
	checked  time.Time // when the files were looked at
	tried    [2]stamp  // what they were when they were last read
}

// stamp tells one version of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

func (c *certificate) fresh() *tls.Certificate {
	if c.checking.TryLock() { // else somebody else is at it
		if now := time.Now(); now.Sub(c.checked) >= checkEvery {
			c.checked = now
			if stamps := c.stamps(); stamps != c.tried {
				if err := c.load(); err != nil {
					c.logger.Error("cannot take up the new certificate, the old one is served on", "error", err)
				} else {
					c.logger.Info("certificate reloaded", "file", c.certFile, "expires", c.pair.Load().Leaf.NotAfter.UTC())
				}
			}
		}
		c.checking.Unlock()
	}
	return c.pair.Load()
}

func (c *certificate) load() error {
	c.tried = c.stamps() // before reading: what changes later is read again
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot read the TLS certificate or key %s: %w", file.Path, file.Err)
	}
	if err != nil {
		return fmt.Errorf("cannot load the TLS certificate %s: %w", c.certFile, err)
	}
	c.pair.Store(&pair)
	return nil
}

func (c *certificate) stamps() (stamps [2]stamp) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return stamps
}
