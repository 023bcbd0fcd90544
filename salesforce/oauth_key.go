package salesforce

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// maxKeyFile bounds the text of a private key, in bytes.
const maxKeyFile = 64 << 10

// ParsePrivateKey reads the RSA key of the JWT bearer flow from PEM, in PKCS #1 or PKCS
// #8. Its errors say what was given in its place and how to convert it, and hold nothing
// of the key.
func ParsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("the private key has %d bytes, more than any key", len(text))
	}
	found := ""
	for rest := bytes.TrimSpace(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch found = block.Type; {
		case found == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, errors.New("the private key is protected by a passphrase; write it without one, as sfsync seals it itself: openssl rsa -in encrypted.pem -out key.pem")
		case found == "RSA PRIVATE KEY":
			key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("the private key is damaged")
			}
			return key, nil
		case found == "PRIVATE KEY":
			any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("the private key is damaged")
			}
			key, ok := any.(*rsa.PrivateKey)
			if !ok {
				return nil, errors.New("the private key is not an RSA key, and Salesforce takes no other: openssl genrsa -out key.pem 2048")
			}
			return key, nil
		case found == "EC PRIVATE KEY":
			return nil, errors.New("the private key is not an RSA key, and Salesforce takes no other: openssl genrsa -out key.pem 2048")
		case found == "OPENSSH PRIVATE KEY":
			return nil, errors.New("the private key is one of SSH; make one for the certificate of the app: openssl genrsa -out key.pem 2048")
		}
	}
	switch found {
	case "":
		return nil, errors.New("there is no private key in PEM form (-----BEGIN PRIVATE KEY-----) in what was given")
	case "CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY":
		return nil, errors.New("this is the certificate or public key, which belongs in the External Client App; the private key that goes with it is needed here")
	}
	return nil, fmt.Errorf("a PEM block %q is no private key", clip(found))
}
