package outbound

import (
	"encoding/xml"
	"strings"
)

// The namespaces by which names are recognised.
const (
	nsEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	nsOutbound = "http://soap.sforce.com/2005/09/outbound"
	nsSObject  = "urn:sobject.enterprise.soap.sforce.com"
	nsInstance = "http://www.w3.org/2001/XMLSchema-instance"
	nsXML      = "http://www.w3.org/XML/1998/namespace"
)

// A namespace is a declaration in force at and below a depth.
type namespace struct {
	prefix, uri string
	depth       int
}

func (s *scanner) declare(prefix, uri string) error {
	if prefix != "" && uri == "" || prefix == "xml" || prefix == "xmlns" {
		return s.refuse(WrongNamespace, "the namespace prefix %q cannot be declared so", clip(prefix))
	}
	if len(s.namespaces) == maxNamespaces {
		return s.refuse(TooLarge, "more than %d namespaces are declared", maxNamespaces)
	}
	depth := len(s.open)
	for i := len(s.namespaces) - 1; i >= 0 && s.namespaces[i].depth == depth; i-- {
		if s.namespaces[i].prefix == prefix {
			return s.refuse(NotXML, "an element declares the namespace prefix %q twice", clip(prefix))
		}
	}
	s.namespaces = append(s.namespaces, namespace{prefix, uri, depth})
	return nil
}

// resolve returns the namespace that a prefix stands for; for no prefix, the
// default namespace, which may be "".
func (s *scanner) resolve(prefix string) (string, error) {
	for i := len(s.namespaces) - 1; i >= 0; i-- {
		if s.namespaces[i].prefix == prefix {
			return s.namespaces[i].uri, nil
		}
	}
	switch prefix {
	case "":
		return "", nil
	case "xml":
		return nsXML, nil
	}
	return "", s.refuse(WrongNamespace, "the namespace prefix %q is not declared", clip(prefix))
}

// qname resolves a prefixed name inside of a value, such as that of xsi:type. The
// prefix comes with its colon.
func (s *scanner) qname(value string) (name xml.Name, prefix string, err error) {
	value = strings.TrimSpace(value)
	i := strings.IndexByte(value, ':')
	uri, err := s.resolve(value[:max(i, 0)])
	return xml.Name{Space: uri, Local: value[i+1:]}, value[:i+1], err
}

// attribute returns the value of an attribute of the current start; "" as the
// space is for attributes without a prefix.
func (s *scanner) attribute(space, local string) (value string, found bool, err error) {
	for _, a := range s.attr {
		if a.Name.Local != local || a.Name.Space == "xmlns" || (a.Name.Space == "") != (space == "") {
			continue
		}
		if space != "" {
			if uri, err := s.resolve(a.Name.Space); err != nil {
				return "", false, err
			} else if uri != space {
				continue
			}
		}
		if found {
			return "", false, s.refuse(NotXML, "an element has the attribute %s twice", local)
		}
		value, found = a.Value, true
	}
	return value, found, nil
}
