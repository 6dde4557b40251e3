// Package plainjson reads JSON as encoding/json does, in a quarter of the time: in one pass over the text, by what is known
// of a type beforehand. It reads only what is plain. Where anything asks for more care - a mistake in the text, a list
// under a name that came before, half of a surrogate pair - it gives up and says so, and encoding/json begins anew. So what
// is wrong is said in its words, and what is right is the same for both.
package plainjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// maxDepth is how deep values may lie in each other. encoding/json knows what to say of deeper ones.
const maxDepth = 500

var (
	rawType         = reflect.TypeOf(json.RawMessage(nil))
	numberType      = reflect.TypeOf(json.Number(""))
	unmarshaler     = reflect.TypeOf((*json.Unmarshaler)(nil)).Elem()
	textUnmarshaler = reflect.TypeOf((*encoding.TextUnmarshaler)(nil)).Elem()
)

// readsItself says whether the type has methods for that.
func readsItself(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(unmarshaler) || pointer.Implements(textUnmarshaler)
}

// fields gives what encoding/json reads of a struct, by their names there; false where they are not plain: embedded, of
// one name, or with options that change them.
func fields(t reflect.Type) (places []reflect.StructField, names []string, ok bool) {
	taken := map[string]bool{}
	for i := 0; i < t.NumField(); i++ {
		place := t.Field(i)
		if place.Anonymous {
			return nil, nil, false
		}
		tag := place.Tag.Get("json")
		if tag == "-" || !place.IsExported() {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		if name == "" {
			name = place.Name
		}
		if taken[name] || !plainName(name) || option != "" && option != "omitempty" && option != "omitzero" {
			return nil, nil, false
		}
		taken[name] = true
		places, names = append(places, place), append(names, name)
	}
	return places, names, true
}

func plainName(name string) bool {
	for _, r := range name {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.:/$@", r)) {
			return false
		}
	}
	return true
}
