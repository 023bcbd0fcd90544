package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestInterruptible(t *testing.T) {
	all, err := io.ReadAll(&interruptible{ctx: t.Context(), from: strings.NewReader("rule A")})
	if string(all) != "rule A" || err != nil {
		t.Errorf("read %q, %v", all, err)
	}
	never, into := io.Pipe()
	defer into.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if _, err := io.ReadAll(&interruptible{ctx: ctx, from: never}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted read ends with %v", err)
	}
}
