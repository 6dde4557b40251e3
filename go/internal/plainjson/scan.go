package plainjson

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

const (
	// shortText is the size up to which strings share a piece of memory; one that is kept keeps its neighbours.
	shortText = 32
	roomSize  = 512
)

// scanner stands in a text, in front of what is read next. Its methods say false where they give up.
type scanner struct {
	data    []byte
	at      int
	depth   int
	scratch []byte // the last string that had escapes
	room    []byte // where the next short strings go
}

// plainText tells the bytes that stand for themselves in a string.
var plainText = func() (table [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		table[b] = b != '"' && b != '\\'
	}
	return table
}()

// space passes over white space and gives the byte behind it, without taking it; 0 at the end.
func (s *scanner) space() byte {
	for ; s.at < len(s.data); s.at++ {
		if b := s.data[s.at]; b > ' ' || b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return b
		}
	}
	return 0
}

// enter takes the beginning of an object or a list, and stands in front of what it has first, if there is `more`.
func (s *scanner) enter(end byte) (more, ok bool) {
	s.at++
	s.depth++
	switch s.space() {
	case end:
		return s.leave()
	case 0:
		return false, false
	}
	return s.depth < maxDepth, s.depth < maxDepth
}

// next goes on to what follows in an object or a list, if there is `more`.
func (s *scanner) next(end byte) (more, ok bool) {
	switch s.space() {
	case end:
		return s.leave()
	case ',':
		s.at++
		more = s.space() != 0
	}
	return more, more
}

func (s *scanner) leave() (more, ok bool) {
	s.at++
	s.depth--
	return false, true
}

// key takes a name and the colon, and stands in front of the value. The name is valid until the next string is read.
func (s *scanner) key() (name []byte, ok bool) {
	if s.data[s.at] != '"' {
		return nil, false
	}
	name, ok = s.text()
	if !ok || s.space() != ':' {
		return nil, false
	}
	s.at++
	return name, s.space() != 0
}

// text takes a string and gives what it says, which is valid until the next is read.
func (s *scanner) text() ([]byte, bool) {
	start := s.at + 1
	for i := start; i < len(s.data); i++ {
		if b := s.data[i]; b == '"' {
			s.at = i + 1
			return s.data[start:i], true
		} else if !plainText[b] {
			return s.oddText(start, i)
		}
	}
	return nil, false
}

// oddText is text for a string that has escapes or more than ASCII; it is plain from start to i.
func (s *scanner) oddText(start, i int) ([]byte, bool) {
	said := append(s.scratch[:0], s.data[start:i]...)
	defer func() { s.scratch = said }()
	for i < len(s.data) {
		switch b := s.data[i]; {
		case b == '"':
			s.at = i + 1
			return said, true
		case b == '\\':
			r, size := escaped(s.data[i:])
			if size == 0 {
				return nil, false
			}
			said = utf8.AppendRune(said, r)
			i += size
		case b < ' ':
			return nil, false
		case b >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(s.data[i:])
			if r == utf8.RuneError && size == 1 {
				return nil, false
			}
			said = append(said, s.data[i:i+size]...)
			i += size
		default:
			plain := i
			for i < len(s.data) && plainText[s.data[i]] {
				i++
			}
			said = append(said, s.data[plain:i]...)
		}
	}
	return nil, false
}

// escaped gives what an escape stands for, and its size; 0 where it is none, or half of a pair.
func escaped(data []byte) (r rune, size int) {
	if len(data) < 2 {
		return 0, 0
	}
	switch b := data[1]; b {
	case '"', '\\', '/':
		return rune(b), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hexadecimal(data)
		if !utf16.IsSurrogate(r) {
			if !ok {
				return 0, 0
			}
			return r, 6
		}
		second, ok := hexadecimal(data[6:])
		if r = utf16.DecodeRune(r, second); !ok || r == utf8.RuneError {
			return 0, 0
		}
		return r, 12
	}
	return 0, 0
}

// hexadecimal reads the `\u1234` that data begins with.
func hexadecimal(data []byte) (r rune, ok bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	for _, b := range data[2:6] {
		switch {
		case '0' <= b && b <= '9':
			b -= '0'
		case 'a' <= b && b <= 'f':
			b -= 'a' - 10
		case 'A' <= b && b <= 'F':
			b -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	return r, true
}

// keep makes a string of bytes that are about to change.
func (s *scanner) keep(said []byte) string {
	if len(said) == 0 || len(said) > shortText {
		return string(said)
	}
	if cap(s.room)-len(s.room) < len(said) {
		s.room = make([]byte, 0, max(min(roomSize, len(s.data)-s.at), len(said)))
	}
	begin := len(s.room)
	s.room = append(s.room, said...)
	return unsafe.String(&s.room[begin], len(said))
}

// word takes `null`, `true` or `false`.
func (s *scanner) word(word string) bool {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// digits takes them.
func (s *scanner) digits() bool {
	begin := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > begin
}

// either takes one of two bytes, if it is there.
func (s *scanner) either(one, other byte) bool {
	if s.at == len(s.data) || s.data[s.at] != one && s.data[s.at] != other {
		return false
	}
	s.at++
	return true
}

// number takes a number and gives its text, which is valid as long as the data is.
func (s *scanner) number() (string, bool) {
	begin := s.at
	s.either('-', '-')
	if !s.either('0', '0') && !s.digits() {
		return "", false
	}
	if s.either('.', '.') && !s.digits() {
		return "", false
	}
	if s.either('e', 'E') {
		s.either('+', '-')
		if !s.digits() {
			return "", false
		}
	}
	return unsafe.String(&s.data[begin], s.at-begin), true
}

// whole takes a number of up to 18 digits that is written without a point or an exponent.
func (s *scanner) whole() (value int64, ok bool) {
	minus := s.either('-', '-')
	begin := s.at
	for ; s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9'; s.at++ {
		value = value*10 + int64(s.data[s.at]-'0')
	}
	size := s.at - begin
	if size == 0 || size > 18 || size > 1 && s.data[begin] == '0' {
		return 0, false
	}
	if s.at < len(s.data) && (s.data[s.at] == '.' || s.data[s.at]|0x20 == 'e') {
		return 0, false
	}
	if minus {
		return -value, true
	}
	return value, true
}

// skip takes a value of any kind.
func (s *scanner) skip() bool {
	switch s.data[s.at] {
	case '{':
		more, ok := s.enter('}')
		for ; more; more, ok = s.next('}') {
			if _, ok := s.key(); !ok || !s.skip() {
				return false
			}
		}
		return ok
	case '[':
		more, ok := s.enter(']')
		for ; more; more, ok = s.next(']') {
			if !s.skip() {
				return false
			}
		}
		return ok
	case '"':
		_, ok := s.text()
		return ok
	case 'n':
		return s.word("null")
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	}
	_, ok := s.number()
	return ok
}
