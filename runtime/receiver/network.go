package receiver

import (
	"net/http"
	"net/netip"
	"strings"
)

// sender returns the address that a request comes from: the peer's, or if that is a
// proxy of ours, the last one in X-Forwarded-For that is not. What stands before it
// anybody could have written.
func (r *Receiver) sender(req *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil {
		return netip.Addr{} // of no network
	}
	addr := plainAddr(peer.Addr())
	if !contains(r.config.Proxies, addr) {
		return addr
	}
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if addr = plainAddr(hop); !contains(r.config.Proxies, addr) {
			break
		}
	}
	return addr
}

func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func contains(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
