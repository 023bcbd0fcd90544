package outbound

// children calls each for every child of the element that was just started, with
// the child as the current start; each must read past the child's end.
func (s *scanner) children(each func() error) error {
	for {
		tok, err := s.next()
		switch {
		case err != nil:
			return err
		case tok == tokenEnd:
			return nil
		case tok == tokenText:
			if !blank(s.text) {
				return s.refuse(Unexpected, "there is text where only elements can be")
			}
		default:
			if err := each(); err != nil {
				return err
			}
		}
	}
}

// skip reads past the end of the element that was just started.
func (s *scanner) skip() error {
	for depth := 1; depth > 0; {
		tok, err := s.next()
		if err != nil {
			return err
		}
		switch tok {
		case tokenStart:
			depth++
		case tokenEnd:
			depth--
		}
	}
	return nil
}

// content returns the text of the element that was just started and reads past its end.
func (s *scanner) content() (string, error) {
	text := "" // which mostly comes in one piece
	var pieces []byte
	for {
		tok, err := s.next()
		switch {
		case err != nil:
			return "", err
		case tok == tokenStart:
			return "", s.refuse(Unexpected, "there is an element where only text can be")
		case tok == tokenEnd && pieces != nil:
			return string(pieces), nil
		case tok == tokenEnd:
			return text, nil
		case pieces != nil:
			pieces = append(pieces, s.text...)
		case text == "":
			text = s.text
		default:
			pieces = append([]byte(text), s.text...)
		}
	}
}
