package schema

// Record ids are 15 characters of letters and digits in which case matters. The
// 18-character form adds three characters that hold the case of the first 15, so
// that it survives systems which do not keep case ("Object Reference", Field Types).
const checkAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

// ValidID reports whether s is a record id: 15 letters and digits, or 18 with
// the right checksum.
func ValidID(s string) bool {
	if !idShape(s) {
		return false
	}
	if len(s) == 15 {
		return true
	}
	sum := checksum(s)
	return s[15] == sum[0] && s[16] == sum[1] && s[17] == sum[2]
}

// To18 returns the 18-character form of a valid id, and false for anything else.
func To18(s string) (string, bool) {
	if !ValidID(s) {
		return "", false
	}
	if len(s) == 18 {
		return s, true
	}
	sum := checksum(s)
	return s + string(sum[:]), true
}

// AppendID18 appends the 18-character form of an id that is valid.
func AppendID18(dst []byte, id string) []byte {
	dst = append(dst, id...)
	if len(id) == 15 {
		sum := checksum(id)
		dst = append(dst, sum[:]...)
	}
	return dst
}

// RepairID restores the case of an 18-character id from its last three
// characters, as needed after a system that changed it. It returns false if s has
// not the shape of an 18-character id or its checksum fits no change of case.
func RepairID(s string) (string, bool) {
	if len(s) != 18 || !idShape(s) {
		return "", false
	}
	var out [18]byte
	for g := range 3 {
		c := upper(s[15+g])
		bits := -1
		for n := range len(checkAlphabet) {
			if checkAlphabet[n] == c {
				bits = n
			}
		}
		if bits < 0 {
			return "", false
		}
		out[15+g] = c
		for i := range 5 {
			c := s[5*g+i]
			switch wantUpper := bits>>i&1 == 1; {
			case wantUpper && !isLetter(c):
				return "", false
			case wantUpper:
				c = upper(c)
			case isLetter(c):
				c |= 0x20
			}
			out[5*g+i] = c
		}
	}
	return string(out[:]), true
}

// SameID reports whether two valid ids, of 15 or 18 characters, name the same record.
func SameID(a, b string) bool {
	return ValidID(a) && ValidID(b) && a[:15] == b[:15]
}

// KeyPrefix returns the first three characters of an id, which tell its object;
// empty if s is too short to have them.
func KeyPrefix(s string) string {
	if len(s) < 3 {
		return ""
	}
	return s[:3]
}

func idShape(s string) bool {
	if len(s) != 15 && len(s) != 18 {
		return false
	}
	for i := range len(s) {
		if !isLetter(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// checksum returns the three characters that turn the first 15 of s into an
// 18-character id: each holds, for five characters, which of them are capitals.
func checksum(s string) (sum [3]byte) {
	for g := range 3 {
		bits := 0
		for i := range 5 {
			if c := s[5*g+i]; 'A' <= c && c <= 'Z' {
				bits |= 1 << i
			}
		}
		sum[g] = checkAlphabet[bits]
	}
	return sum
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 0x20
	}
	return c
}
