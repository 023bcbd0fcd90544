package store

import "fmt"

// Validate reports, as ErrInvalid, what keeps an event out of every store.
func (e *Event) Validate() error {
	switch {
	case e.ID == "":
		return fmt.Errorf("%w event: it has no id", ErrInvalid)
	case len(e.ID) > MaxName:
		return fmt.Errorf("%w event: its id has %d bytes, at most %d are allowed", ErrInvalid, len(e.ID), MaxName)
	case len(e.Key) > MaxName:
		return fmt.Errorf("%w event %q: its key has %d bytes, at most %d are allowed", ErrInvalid, e.ID, len(e.Key), MaxName)
	case len(e.Type) > MaxName:
		return fmt.Errorf("%w event %q: its type has %d bytes, at most %d are allowed", ErrInvalid, e.ID, len(e.Type), MaxName)
	case len(e.Body) > MaxBody:
		return fmt.Errorf("%w event %q: its body has %d bytes, at most %d are allowed", ErrInvalid, e.ID, len(e.Body), MaxBody)
	}
	return nil
}

// Validate reports, as ErrInvalid, what no store can settle.
func (s *Settlement) Validate() error {
	switch {
	case s.Do < Done || s.Do > Save:
		return fmt.Errorf("%w settlement of event %d: nothing says what to do with it", ErrInvalid, s.Seq)
	case s.Do == Wait && s.NotBefore.IsZero():
		return fmt.Errorf("%w settlement of event %d: a wait needs a time", ErrInvalid, s.Seq)
	case s.Do != Wait && (s.For != "" || len(s.On) > 0 || !s.NotBefore.IsZero()):
		return fmt.Errorf("%w settlement of event %d: only a wait has a time or a message to wait for", ErrInvalid, s.Seq)
	case len(s.On) > MaxOn:
		return fmt.Errorf("%w settlement of event %d: it waits on %d things, at most %d are allowed", ErrInvalid, s.Seq, len(s.On), MaxOn)
	case len(s.For) > MaxName:
		return fmt.Errorf("%w settlement of event %d: the key it waits for has %d bytes, at most %d are allowed", ErrInvalid, s.Seq, len(s.For), MaxName)
	case len(s.Progress) > MaxValue:
		return fmt.Errorf("%w settlement of event %d: its progress has %d bytes, at most %d are allowed", ErrInvalid, s.Seq, len(s.Progress), MaxValue)
	}
	for _, what := range s.On {
		if what == "" || len(what) > MaxName {
			return fmt.Errorf("%w settlement of event %d: what it waits on has %d bytes, 1 to %d are allowed", ErrInvalid, s.Seq, len(what), MaxName)
		}
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		if s.Do == Done && r.Outcome == Waiting {
			return fmt.Errorf("%w settlement of event %d: rule %q is waiting, but the event is done", ErrInvalid, s.Seq, r.Rule)
		}
		if r.Outcome == "" {
			return fmt.Errorf("%w settlement of event %d: rule %q has no outcome", ErrInvalid, s.Seq, r.Rule)
		}
	}
	if s.Keep != nil {
		if s.Keep.Until.IsZero() || len(s.Keep.Keys) == 0 {
			return fmt.Errorf("%w settlement of event %d: keeping it needs a key and a time", ErrInvalid, s.Seq)
		}
		for _, key := range s.Keep.Keys {
			if key == "" || len(key) > MaxName {
				return fmt.Errorf("%w settlement of event %d: a key to keep it under has %d bytes, 1 to %d are allowed", ErrInvalid, s.Seq, len(key), MaxName)
			}
		}
	}
	for _, m := range s.Marks {
		entry := Entry{Key: m.Key, Value: m.Value}
		if err := entry.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Validate reports, as ErrInvalid, what no KV can hold.
func (e *Entry) Validate() error {
	switch {
	case e.Key == "" || len(e.Key) > MaxName:
		return fmt.Errorf("%w entry: its key has %d bytes, 1 to %d are allowed", ErrInvalid, len(e.Key), MaxName)
	case len(e.Value) > MaxValue:
		return fmt.Errorf("%w entry %q: its value has %d bytes, at most %d are allowed", ErrInvalid, e.Key, len(e.Value), MaxValue)
	}
	return nil
}
