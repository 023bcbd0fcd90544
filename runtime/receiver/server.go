package receiver

import (
	"bytes"
	"crypto/tls"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// How long a sender may take. Salesforce gives up after 60 s itself.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 90 * time.Second // from the headers to the end of the answer
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

// Server returns a server for the receiver with every limit set, for the caller to
// serve and to shut down. With a tlsConfig, such as TLS makes, it speaks HTTP/2 too.
func (r *Receiver) Server(tlsConfig *tls.Config) *http.Server {
	var open atomic.Int64
	return &http.Server{
		Handler:           r,
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// A stream may send no more before it is admitted.
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 1 << 20},
		ErrorLog: log.New(serverLog{r}, "", 0),
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				if open.Add(1) > int64(r.limits.MaxConnections) {
					r.warn.log(slog.LevelWarn, ReasonOverload, "connection refused: too many are open", slog.String("from", c.RemoteAddr().String()))
					c.Close()
				}
			case http.StateClosed, http.StateHijacked:
				open.Add(-1)
			}
		},
	}
}

// serverLog takes what the server itself has to say: mostly handshakes of scanners,
// which matter only to those who look for why Salesforce cannot connect.
type serverLog struct{ r *Receiver }

func (l serverLog) Write(line []byte) (int, error) {
	level, reason := slog.LevelError, Reason("server")
	if bytes.Contains(line, []byte("TLS handshake error")) {
		level, reason = slog.LevelInfo, "handshake"
	}
	l.r.warn.log(level, reason, string(bytes.TrimSpace(line)))
	return len(line), nil
}
