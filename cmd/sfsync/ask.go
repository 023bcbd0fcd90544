package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/sfsync/sfsync/dsl"
)

// maxAnswer bounds what is read of one line at a terminal.
const maxAnswer = 64 << 10

// canAsk reports whether a person sits at a terminal and can be asked. Without one, what
// a command needs must come by flags and variables.
func (c *console) canAsk() bool { return c.terminal != nil }

// ask asks for a line. An empty answer is the preset, if there is one; check says in one
// clause what is wrong with an answer, and the question is asked again.
func (c *console) ask(ctx context.Context, question, preset string, check func(answer string) error) (string, error) {
	for {
		fmt.Fprint(c.err, c.errStyle.bold(question))
		if preset != "" {
			fmt.Fprint(c.err, " ", c.errStyle.dim("["+printable(preset)+"]"))
		}
		fmt.Fprint(c.err, " ")
		answer, err := c.answer(ctx, c.readLine)
		if err != nil {
			return "", err
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			answer = preset
		}
		if check == nil {
			return answer, nil
		}
		wrong := check(answer)
		if wrong == nil {
			return answer, nil
		}
		fmt.Fprintln(c.err, " ", c.errStyle.yellow(printable(wrong.Error())))
	}
}

// askSecret asks for a line that is not shown while it is typed.
func (c *console) askSecret(ctx context.Context, question string) (string, error) {
	fmt.Fprint(c.err, c.errStyle.bold(question), " ")
	secret, err := c.answer(ctx, func() (string, error) {
		text, err := term.ReadPassword(int(c.terminal.Fd()))
		return string(text), err
	})
	fmt.Fprintln(c.err)
	return strings.TrimSpace(secret), err
}

// option is one of several answers.
type option struct {
	value string
	about string
}

// choose asks which of the options is meant, by its number, its name or the beginning
// of it. Preset is the value of one of them, or "".
func (c *console) choose(ctx context.Context, question, preset string, options []option) (string, error) {
	var values []string
	t := table{indent: "  "}
	for i, o := range options {
		values = append(values, o.value)
		t.row(strconv.Itoa(i+1), o.value, o.about)
	}
	fmt.Fprintln(c.err, c.errStyle.bold(question))
	t.write(c.err, c.width)
	var chosen string
	_, err := c.ask(ctx, "Which?", preset, func(answer string) error {
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(values) {
			chosen = values[n-1]
			return nil
		}
		var ok bool
		if chosen, ok = named(answer, values); ok {
			return nil
		}
		if better, ok := dsl.Suggest(answer, values); ok {
			return fmt.Errorf("there is no %s; did you mean %s?", answer, better)
		}
		return fmt.Errorf("answer with a number from 1 to %d, or a name", len(values))
	})
	return chosen, err
}

// named finds the one value that an answer is, or begins.
func named(answer string, values []string) (string, bool) {
	var found []string
	for _, v := range values {
		if strings.EqualFold(v, answer) {
			return v, true
		}
		if answer != "" && len(v) > len(answer) && strings.EqualFold(v[:len(answer)], answer) {
			found = append(found, v)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return "", false
}

// confirm asks a question that is answered by yes or no.
func (c *console) confirm(ctx context.Context, question string, preset bool) (bool, error) {
	word := "no"
	if preset {
		word = "yes"
	}
	yes := false
	_, err := c.ask(ctx, question, word, func(answer string) error {
		switch strings.ToLower(answer) {
		case "y", "yes":
			yes = true
		case "n", "no":
			yes = false
		default:
			return errors.New("answer yes or no")
		}
		return nil
	})
	return yes, err
}

// answer waits for one answer. An interrupt ends the command although the terminal
// still waits for its line.
func (c *console) answer(ctx context.Context, read func() (string, error)) (string, error) {
	type line struct {
		text string
		err  error
	}
	before, _ := term.GetState(int(c.terminal.Fd()))
	done := make(chan line, 1)
	go func() {
		text, err := read()
		done <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		if before != nil {
			term.Restore(int(c.terminal.Fd()), before)
		}
		fmt.Fprintln(c.err)
		return "", ctx.Err()
	case l := <-done:
		if l.err == io.EOF {
			fmt.Fprintln(c.err)
			return "", usagef("", "the input ended before everything was answered")
		}
		return l.text, l.err
	}
}

func (c *console) readLine() (string, error) {
	if c.lines == nil {
		c.lines = bufio.NewReaderSize(c.terminal, maxAnswer)
	}
	text, err := c.lines.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", usagef("", "a line of more than %d bytes is no answer", maxAnswer)
	}
	if err == io.EOF && len(text) > 0 {
		err = nil
	}
	return string(text), err
}
