package salesforce

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// parseInstanceURL checks the address of an org. Tokens travel over https only;
// plain http is for a simulator on the same machine.
func parseInstanceURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("instance URL %q is no address such as https://example.my.salesforce.com", s)
	}
	switch {
	case u.User != nil:
		return nil, errors.New("instance URL must not hold a user name or password")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("instance URL %q has more than a host", s)
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("instance URL %q is not https; plain http is taken for this machine only", s)
	default:
		return nil, fmt.Errorf("instance URL %q is not https", s)
	}
	return u, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// sameOrg reports whether the instance_url of a token answer is the connection's
// own host or one of Salesforce's. The token is sent to the connection's host in
// either case; an answer that points elsewhere does not come from Salesforce.
func sameOrg(instance *url.URL, answered string) bool {
	u, err := url.Parse(answered)
	if err != nil || u.Host == "" {
		return false
	}
	if u.Scheme == instance.Scheme && strings.EqualFold(u.Host, instance.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	for _, domain := range []string{".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn"} {
		if u.Scheme == "https" && strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}
