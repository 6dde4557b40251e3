package plainjson

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// Reader reads JSON into values of one type.
type Reader struct {
	// read reads a value to where one of the type lies, which is zero but for what a duplicate key has left there.
	read func(s *scanner, into unsafe.Pointer) bool
}

// readers are those that were made, by type. One that is being made is there for types that hold themselves.
type readers map[reflect.Type]*Reader

// NewReader makes the reader for a type; nil for one that is not plain.
func NewReader(t reflect.Type) *Reader {
	all := readers{}
	if plain := all.plain(t); plain != nil {
		return &Reader{plain}
	}
	return nil
}

// Read reads all of the data into a zero value. Where it gives false, encoding/json is to read it into another one.
func (r *Reader) Read(data []byte, into unsafe.Pointer) bool {
	s := scanner{data: data}
	return s.space() != 0 && r.read(&s, into) && s.space() == 0 && s.at == len(data)
}

func (all readers) of(t reflect.Type) *Reader {
	if made := all[t]; made != nil {
		return made
	}
	made := &Reader{}
	all[t] = made
	if made.read = all.plain(t); made.read == nil {
		made.read = func(s *scanner, into unsafe.Pointer) bool {
			begin := s.at
			return s.skip() && json.Unmarshal(s.data[begin:s.at], reflect.NewAt(t, into).Interface()) == nil
		}
	}
	return made
}

func (all readers) plain(t reflect.Type) func(*scanner, unsafe.Pointer) bool {
	switch {
	case t == rawType:
		return readRaw
	case t == numberType || readsItself(t):
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return readText
	case reflect.Bool:
		return readBool
	case reflect.Int:
		return readWhole[int]
	case reflect.Int8:
		return readWhole[int8]
	case reflect.Int16:
		return readWhole[int16]
	case reflect.Int32:
		return readWhole[int32]
	case reflect.Int64:
		return readWhole[int64]
	case reflect.Uint:
		return readWhole[uint]
	case reflect.Uint8:
		return readWhole[uint8]
	case reflect.Uint16:
		return readWhole[uint16]
	case reflect.Uint32:
		return readWhole[uint32]
	case reflect.Uint64:
		return readWhole[uint64]
	case reflect.Float32:
		return readFloat[float32]
	case reflect.Float64:
		return readFloat[float64]
	case reflect.Pointer:
		return all.pointer(t)
	case reflect.Slice:
		return all.slice(t)
	case reflect.Map:
		return all.mapping(t)
	case reflect.Struct:
		return all.structure(t)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return readAny
		}
	}
	return nil
}

func (s *scanner) null() bool {
	return s.data[s.at] == 'n' && s.word("null")
}

func readRaw(s *scanner, into unsafe.Pointer) bool {
	begin := s.at
	raw := (*json.RawMessage)(into)
	if !s.skip() {
		return false
	}
	*raw = append((*raw)[:0], s.data[begin:s.at]...)
	return true
}

func readText(s *scanner, into unsafe.Pointer) bool {
	if s.data[s.at] != '"' {
		return s.null()
	}
	said, ok := s.text()
	if ok {
		*(*string)(into) = s.keep(said)
	}
	return ok
}

func readBool(s *scanner, into unsafe.Pointer) bool {
	switch s.data[s.at] {
	case 't':
		*(*bool)(into) = true
		return s.word("true")
	case 'f':
		*(*bool)(into) = false
		return s.word("false")
	}
	return s.null()
}

func readWhole[T int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64](s *scanner, into unsafe.Pointer) bool {
	if s.null() {
		return true
	}
	minus := s.data[s.at] == '-'
	value, ok := s.whole()
	if !ok || int64(T(value)) != value || minus && T(0)-1 > 0 { // no unsigned number has a sign, not even 0
		return false
	}
	*(*T)(into) = T(value)
	return true
}

func readFloat[T float32 | float64](s *scanner, into unsafe.Pointer) bool {
	if s.null() {
		return true
	}
	text, ok := s.number()
	if !ok {
		return false
	}
	value, err := strconv.ParseFloat(text, int(unsafe.Sizeof(T(0)))*8)
	*(*T)(into) = T(value)
	return err == nil
}

func (all readers) pointer(t reflect.Type) func(*scanner, unsafe.Pointer) bool {
	to, target := t.Elem(), all.of(t.Elem())
	return func(s *scanner, into unsafe.Pointer) bool {
		pointer := (*unsafe.Pointer)(into)
		if s.null() {
			*pointer = nil
			return true
		}
		if *pointer != nil {
			return false
		}
		*pointer = reflect.New(to).UnsafePointer()
		return target.read(s, *pointer)
	}
}

func (all readers) slice(t reflect.Type) func(*scanner, unsafe.Pointer) bool {
	if t.Elem().Kind() == reflect.Uint8 {
		return nil // base64
	}
	item, size := all.of(t.Elem()), t.Elem().Size()
	first := 1
	if size <= 64 {
		first = 4
	}
	return func(s *scanner, into unsafe.Pointer) bool {
		if *(*unsafe.Pointer)(into) != nil {
			return false // there are items, which encoding/json reads into
		}
		if s.data[s.at] != '[' {
			return s.null()
		}
		slice := reflect.NewAt(t, into).Elem()
		count := 0
		more, ok := s.enter(']')
		for ; more; more, ok = s.next(']') {
			if count == slice.Cap() {
				slice.SetLen(count)
				slice.Grow(max(first, count))
			}
			if !item.read(s, unsafe.Add(slice.UnsafePointer(), uintptr(count)*size)) {
				return false
			}
			count++
		}
		if count == 0 {
			slice.Set(reflect.MakeSlice(t, 0, 0))
		}
		slice.SetLen(count)
		return ok
	}
}

func (all readers) mapping(t reflect.Type) func(*scanner, unsafe.Pointer) bool {
	if t.Key().Kind() != reflect.String || readsItself(t.Key()) {
		return nil
	}
	value := all.of(t.Elem())
	return func(s *scanner, into unsafe.Pointer) bool {
		if *(*unsafe.Pointer)(into) != nil {
			return false
		}
		if s.data[s.at] != '{' {
			return s.null()
		}
		made := reflect.MakeMap(t)
		name, held := reflect.New(t.Key()), reflect.New(t.Elem())
		more, ok := s.enter('}')
		for ; more; more, ok = s.next('}') {
			key, ok := s.key()
			if !ok {
				return false
			}
			name.Elem().SetString(s.keep(key))
			held.Elem().SetZero()
			if !value.read(s, held.UnsafePointer()) {
				return false
			}
			made.SetMapIndex(name.Elem(), held.Elem())
		}
		reflect.NewAt(t, into).Elem().Set(made)
		return ok
	}
}

// member is a field of a struct.
type member struct {
	name   string
	offset uintptr
	value  *Reader
}

func (all readers) structure(t reflect.Type) func(*scanner, unsafe.Pointer) bool {
	places, names, ok := fields(t)
	if !ok {
		return nil
	}
	members := make([]member, len(places))
	byName := make(map[string]int, len(places))
	for i, place := range places {
		members[i] = member{names[i], place.Offset, all.of(place.Type)}
		byName[names[i]] = i
	}
	return func(s *scanner, into unsafe.Pointer) bool {
		if s.data[s.at] != '{' {
			return s.null()
		}
		expected := 0
		more, ok := s.enter('}')
		for ; more; more, ok = s.next('}') {
			key, ok := s.key()
			if !ok {
				return false
			}
			if expected >= len(members) || members[expected].name != string(key) {
				expected = find(members, byName, key)
			}
			if expected < len(members) {
				ok = members[expected].value.read(s, unsafe.Add(into, members[expected].offset))
				expected++
			} else {
				ok = s.skip()
			}
			if !ok {
				return false
			}
		}
		return ok
	}
}

// find gives the index of a member by its name, or else by its name in other letters; that behind the last where there
// is none.
func find(members []member, byName map[string]int, key []byte) int {
	if index, ok := byName[string(key)]; ok {
		return index
	}
	for i := range members {
		if strings.EqualFold(members[i].name, unsafe.String(unsafe.SliceData(key), len(key))) {
			return i
		}
	}
	return len(members)
}

func readAny(s *scanner, into unsafe.Pointer) bool {
	if *(*any)(into) != nil {
		return false
	}
	value, ok := s.any()
	*(*any)(into) = value
	return ok
}

// any reads a value of which nothing is known.
func (s *scanner) any() (any, bool) {
	switch s.data[s.at] {
	case '{':
		return s.object()
	case '[':
		return s.list()
	case '"':
		said, ok := s.text()
		if !ok {
			return nil, false
		}
		return s.keep(said), true
	case 'n':
		return nil, s.word("null")
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	}
	text, ok := s.number()
	if !ok {
		return nil, false
	}
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil && !math.IsInf(value, 0)
}

func (s *scanner) object() (any, bool) {
	made := map[string]any{}
	more, ok := s.enter('}')
	for ; more; more, ok = s.next('}') {
		key, ok := s.key()
		if !ok {
			return nil, false
		}
		name := s.keep(key)
		if made[name], ok = s.any(); !ok {
			return nil, false
		}
	}
	return made, ok
}

func (s *scanner) list() (any, bool) {
	made := []any{}
	more, ok := s.enter(']')
	for ; more; more, ok = s.next(']') {
		value, ok := s.any()
		if !ok {
			return nil, false
		}
		made = append(made, value)
	}
	return made, ok
}
