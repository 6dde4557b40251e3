package plainjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"time"
	"unsafe"
)

type shout string

func (s *shout) UnmarshalText(text []byte) error {
	*s = shout(bytes.ToUpper(text))
	return nil
}

type named string

type embedded struct{ Inner int }

type odd struct {
	embedded
	Count int `json:",string"`
}

// everything has a field of every kind.
type everything struct {
	Text    string `json:"text"`
	Named   named  `json:"named,omitempty"`
	Bool    bool
	Int     int
	Int8    int8 `json:"int8,omitempty"`
	Int16   int16
	Int32   int32
	Int64   int64
	Uint    uint
	Uint8   uint8
	Uint16  uint16
	Uint32  uint32
	Uint64  uint64
	Float   float64
	Single  float32
	Any     any `json:"any,omitempty"`
	Pointer *everything
	Number  json.Number
	Raw     json.RawMessage
	Bytes   []byte
	At      time.Time
	Shout   shout
	Odd     odd
	Array   [2]int
	Texts   []string
	Lists   [][]int `json:"lists,omitempty"`
	Map     map[string]string
	Named2  map[named]*int
	Numbers map[int]string
	Structs []struct{ A, B string }
	Kelvin  string `json:"k"`
	hidden  int
	Skipped int    `json:"-"`
	Dash    string `json:"-,"`
	Func    func()
	Err     error
}

// plain is what needs no help of encoding/json.
type plain struct {
	Text   string `json:"text"`
	Named  named  `json:"named,omitempty"`
	Bool   bool   `json:",omitempty"`
	Int    int
	Int8   int8
	Uint32 uint32 `json:"u,omitempty"`
	Float  float64
	Any    any    `json:"any,omitempty"`
	Next   *plain `json:",omitempty"`
	Texts  []string
	Lists  [][]int `json:"lists,omitempty"`
	Map    map[string]string
	Named2 map[named]*int `json:",omitempty"`
	Struct struct{ A, B string }
	Empty  struct{} `json:",omitempty"`
}

// judge reads a text by both, and says whether this package took it.
func judge(t *testing.T, of reflect.Type, text string) bool {
	t.Helper()
	reader := NewReader(of)
	if reader == nil {
		return false
	}
	ours, theirs := reflect.New(of), reflect.New(of)
	if !reader.Read([]byte(text), ours.UnsafePointer()) {
		return false
	}
	if err := json.Unmarshal([]byte(text), theirs.Interface()); err != nil {
		t.Errorf("%q into %s: %v", text, of, err)
	} else if !reflect.DeepEqual(ours.Interface(), theirs.Interface()) {
		t.Errorf("%q into %s: %+v, not %+v", text, of, ours.Elem(), theirs.Elem())
	}
	return true
}

var targets = []reflect.Type{
	reflect.TypeOf(everything{}), reflect.TypeOf(plain{}), reflect.TypeOf((*any)(nil)).Elem(), reflect.TypeOf(""),
	reflect.TypeOf(0), reflect.TypeOf(uint8(0)), reflect.TypeOf(1.5), reflect.TypeOf(float32(0)), reflect.TypeOf(true),
	reflect.TypeOf([]int{}), reflect.TypeOf([]any{}), reflect.TypeOf(map[string]any{}), reflect.TypeOf(map[string][]string{}),
	reflect.TypeOf(json.RawMessage{}), reflect.TypeOf(&plain{}), reflect.TypeOf([]*plain{}),
}

var values = []string{
	"null", "true", "false", "0", "-0", "1", "-1", "12", "007", "1.5", "-1.5e3", "1E-2", "1.", ".5", "1e", "+1", "127", "128", "255",
	"256", "-128", "-129", "65536", "4294967296", "9223372036854775807", "9223372036854775808", "999999999999999999999",
	"1e400", "1e-400", "3.4e39", `""`, `"a"`, `"é日本"`, `"\u00e9\n\t\"\\\/\b\f\r"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`,
	`"\u12"`, `"\x"`, "\"\x01\"", "\"\xff\"", "\"\xe2\x80\xa8\"", `"unended`, "[]", "[1,2]", "[1,]", "[,1]", "[1 2]", `["a","b","c","d","e"]`,
	"[[1],[2,3],[]]", "{}", `{"a":"b"}`, `{"a":1,"a":2}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `{"":null}`, "nul", "tru", "nan",
	"", " ", "\x00", `"12"`, `"2026-11-21T10:00:00Z"`, `"AAEC"`, `[{"A":"x","b":"y"},{"B":"z"}]`, `{"Inner":1,"Count":"2"}`,
	`{"text":"x","TEXT":"y","unknown":[{"a":[1,{"b":null}]}],"pointer":{"int":3}}`, `{"text":1}`, `{"x":[[[["deep"]]]]}`,
}

func TestReadingIsThatOfEncodingJSON(t *testing.T) {
	for _, of := range targets {
		for _, value := range values {
			for _, text := range []string{value, " \t\r\n" + value + "\n ", value + "x", value + " 1", "[" + value + "]"} {
				judge(t, of, text)
			}
		}
	}
	for i := 0; i < targets[0].NumField(); i++ {
		name := targets[0].Field(i).Name
		for _, value := range values {
			for _, text := range []string{
				fmt.Sprintf(`{"%s":%s}`, name, value),
				fmt.Sprintf(`{"text":"x", "%s" : %s , "Int":1}`, name, value),
				fmt.Sprintf(`{"%s":%s,"%s":null,"%s":%s}`, name, value, name, name, value),
			} {
				judge(t, targets[0], text)
			}
		}
	}
	judge(t, targets[0], `{"K":"kelvin"}`)
	judge(t, targets[0], `{"\u0074ext":"escaped","ſhout":"s"}`)
}

// What is plain must not be left to encoding/json: only the time would tell.
func TestWhatIsPlainIsTaken(t *testing.T) {
	for _, text := range []string{
		`{"text":"é \n \ud83d\ude00","named":"x","Bool":true,"Int":-12,"Int8":1,"u":4294967295,"Float":1.5e3,"any":{"a":[1,null]},` +
			`"Next":{"Texts":["a"],"lists":[[],[1]]},"Map":{"a":"b"},"Named2":{"x":1,"y":null},"Struct":{"A":"a","b":"b"},"more":[{}]}`,
		"{}", " null ",
	} {
		if !judge(t, reflect.TypeOf(plain{}), text) {
			t.Error(text)
		}
	}
	if !judge(t, targets[0], `{"At":"2026-11-21T10:00:00Z","Bytes":"AAEC","Number":12,"Raw":{ "a" : 1 },"Shout":"a","Odd":{"Inner":1}}`) {
		t.Error("types with methods of their own")
	}
	for _, of := range []reflect.Type{reflect.TypeOf(odd{}), reflect.TypeOf(time.Time{}), reflect.TypeOf([]byte{}), reflect.TypeOf([2]int{})} {
		if NewReader(of) != nil {
			t.Error(of)
		}
	}
}

func TestReadingWhatIsBroken(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	taken := 0
	for i := 0; i < 5_000; i++ {
		whole := []byte(`{"text":"é\n\u00e9","Int":-12,"Float":1.5e3,"any":{"a":[1,null,true]},"Next":{"Texts":["a",""]},"Map":{"a":"b"}}`)
		for edits := random.Intn(3); edits >= 0; edits-- {
			at := random.Intn(len(whole))
			switch random.Intn(3) {
			case 0:
				whole[at] = byte(random.Intn(256))
			case 1:
				whole = append(whole[:at], whole[at+1:]...)
			default:
				whole = append(whole[:at], append([]byte{whole[random.Intn(len(whole))]}, whole[at:]...)...)
			}
		}
		if judge(t, targets[1], string(whole)) {
			taken++
		}
		judge(t, targets[2], string(whole))
	}
	if taken == 0 {
		t.Error("none was valid")
	}
}

func BenchmarkRead(b *testing.B) {
	type item struct {
		ID    int      `json:"id"`
		Name  string   `json:"name"`
		Words []string `json:"words"`
	}
	type event struct {
		Kind  string `json:"kind"`
		Items []item `json:"items"`
	}
	reader := NewReader(reflect.TypeOf(event{}))
	for _, count := range []int{1, 140, 14_000} {
		one := item{1, "first", []string{"one", "two", "three"}}
		whole := event{Kind: "order"}
		for i := 0; i < count; i++ {
			whole.Items = append(whole.Items, one)
		}
		text, _ := json.Marshal(whole)
		for name, run := range map[string]func(){
			"ours":   func() { var e event; reader.Read(text, unsafe.Pointer(&e)) },
			"theirs": func() { var e event; json.Unmarshal(text, &e) },
		} {
			b.Run(fmt.Sprintf("%d/%s", len(text), name), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; i < b.N; i++ {
					run()
				}
			})
		}
	}
}
