//go:build !unix

package prooftest

import "errors"

func limitFiles(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	return errors.New("file sizes cannot be limited here")
}
