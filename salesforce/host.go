package salesforce

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

func parseInstanceURL(s string) (*url.URL, error) { return parseAddress("instance URL", s) }

// parseAddress checks the address of an org. Tokens travel over https only;
// plain http is for a simulator on the same machine.
func parseAddress(what, s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%s %q is no address such as https://example.my.salesforce.com", what, s)
	}
	switch {
	case u.User != nil:
		return nil, errors.New(what + " must not hold a user name or password")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s %q has more than a host", what, s)
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("%s %q is not https; plain http is taken for this machine only", what, s)
	default:
		return nil, fmt.Errorf("%s %q is not https", what, s)
	}
	return u, nil
}

// The login hosts that every customer shares.
const (
	ProductionLogin = "https://login.salesforce.com"
	SandboxLogin    = "https://test.salesforce.com"
)

// ParseLogin makes the address of a login host of what a person types or pastes: login,
// test, the name of a My Domain, a host name, or the address of any page of the org.
func ParseLogin(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "":
		return "", errors.New("no login host is given")
	case "login", "production":
		return ProductionLogin, nil
	case "test", "sandbox":
		return SandboxLogin, nil
	}
	if !strings.Contains(s, "://") {
		host, _, _ := strings.Cut(s, "/")
		scheme := "https://"
		if name, _, err := net.SplitHostPort(host); loopback(host) || err == nil && loopback(name) {
			scheme = "http://"
		}
		if s = scheme + s; !strings.ContainsAny(host, ".:") && !loopback(host) {
			if strings.Contains(host, "--") {
				host += ".sandbox"
			}
			s = scheme + host + ".my.salesforce.com"
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", errors.New("the login host is no address such as https://example.my.salesforce.com")
	}
	if u.User != nil {
		return "", errors.New("login host must not hold a user name or password")
	}
	host := strings.ToLower(u.Host)
	// The addresses that a browser shows inside the org and in its Setup.
	for _, inside := range []string{".lightning.force.com", ".my.salesforce-setup.com"} {
		if name, ok := strings.CutSuffix(host, inside); ok {
			host = name + ".my.salesforce.com"
		}
	}
	u, err = parseAddress("login host", u.Scheme+"://"+host)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// SharedLogin reports whether an address is that of a login host that all customers
// share, so that it is no address of an org.
func SharedLogin(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (strings.EqualFold(u.Host, "login.salesforce.com") || strings.EqualFold(u.Host, "test.salesforce.com"))
}

// audienceOf is the audience of an assertion for a login host: that of production or
// that of sandboxes, and another host for itself.
func audienceOf(login *url.URL) string {
	host := strings.ToLower(login.Hostname())
	switch {
	case !ofSalesforce(host):
		return login.String()
	case host == "test.salesforce.com", strings.Contains(host, ".sandbox."), strings.Contains(host, ".scratch."), strings.Contains(host, "--"):
		return SandboxLogin
	}
	return ProductionLogin
}

func ofSalesforce(host string) bool {
	for _, domain := range []string{".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn"} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// sameOrg reports whether an address in a token answer is of the connection's own
// host, one of Salesforce's, or of this machine if the login host is. An answer that
// points elsewhere does not come from Salesforce.
func sameOrg(login *url.URL, answered string) bool {
	u, err := url.Parse(answered)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return false
	case u.Scheme == login.Scheme && strings.EqualFold(u.Host, login.Host):
		return true
	case loopback(login.Hostname()) && loopback(u.Hostname()):
		return u.Scheme == "http" || u.Scheme == "https"
	}
	return u.Scheme == "https" && ofSalesforce(strings.ToLower(u.Hostname()))
}
