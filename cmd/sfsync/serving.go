package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// servingFile is what a daemon leaves in the directory of its store, so that other
// commands find it. It ends with the daemon; one that a killed daemon has left is
// overwritten by the next, and leads nowhere before.
type servingFile struct {
	PID     int    `json:"pid"`
	Address string `json:"address"` // of the admin listener, HOST:PORT
	Token   string `json:"token"`   // of this one life of the daemon
}

const servingName = "serving.json"

func newServingFile(address string) *servingFile {
	return &servingFile{PID: os.Getpid(), Address: address, Token: rand.Text()}
}

// write puts the file into a directory, readable by its owner alone.
func (s *servingFile) write(dir string) (remove func(), err error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, servingName+".*") // of mode 0600
	if err != nil {
		return nil, fmt.Errorf("cannot write to the store's directory: %w", err)
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	path := filepath.Join(dir, servingName)
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return nil, fmt.Errorf("cannot write %s: %w", path, err)
	}
	return func() { os.Remove(path) }, nil
}

// readServingFile finds the daemon that has the store in dir. It is nil if there is
// none to be found.
func readServingFile(dir string) *servingFile {
	data, err := os.ReadFile(filepath.Join(dir, servingName))
	if err != nil || len(data) > 4<<10 {
		return nil
	}
	s := new(servingFile)
	if json.Unmarshal(data, s) != nil {
		return nil
	}
	// The token goes to no other machine.
	at, err := netip.ParseAddrPort(s.Address)
	if err != nil || !at.Addr().IsLoopback() {
		return nil
	}
	return s
}
