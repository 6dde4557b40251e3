package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime"
	"strings"
	"testing"

	"github.com/lakon/lakon-go/internal/engine"
)

type event struct{ A any }

type reply struct {
	B string `json:"b"`
}

type typedReader struct{ io.Reader }

func (typedReader) ContentType() string { return "text/x" }

type speaking struct{ strings.Reader }

func (*speaking) MarshalJSON() ([]byte, error) { return []byte(`"I speak"`), nil }

type plainHandler struct{}

func (plainHandler) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	return append([]byte("<"), payload...), nil
}

// ask calls a handler as an engine would, and words what comes of it.
func ask(t *testing.T, handler any, payload string, options ...Option) string {
	t.Helper()
	bound, err := bind(handler, options)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	failure, err := bound.invoke(&engine.Call{}, []byte(payload), func(a answer) error {
		if a.stream == nil {
			said = a.contentType + " " + string(a.body)
			return nil
		}
		body, err := io.ReadAll(a.stream)
		said = "stream of " + a.contentType + " " + string(body)
		return err
	})
	if failure != nil {
		return failure.Type + ": " + failure.Message
	}
	if err != nil {
		return fmt.Sprint(said, " ", err)
	}
	return said
}

func TestAllSignatures(t *testing.T) {
	failed := errors.New("failed")
	cases := []struct {
		handler any
		wanted  string
	}{
		{func() {}, "application/json null"},
		{func(event) {}, "application/json null"},
		{func() error { return failed }, "errorString: failed"},
		{func(e event) error { return fmt.Errorf("got %v", e.A) }, "errorString: got <1>"},
		{func() (reply, error) { return reply{"x"}, nil }, `application/json {"b":"x"}`},
		{func(e event) (any, error) { return e.A, nil }, `application/json "<1>"`},
		{func(context.Context) {}, "application/json null"},
		{func(context.Context, *event) {}, "application/json null"},
		{func(context.Context) error { return nil }, "application/json null"},
		{func(_ context.Context, e any) error { return nil }, "application/json null"},
		{func(context.Context) (int, error) { return 1, failed }, "errorString: failed"},
		{func(_ context.Context, e json.RawMessage) (json.RawMessage, error) { return e, nil }, `application/json {"A":"<1>"}`},
		{func(e []byte) error { return nil }, "UnmarshalTypeError: json: cannot unmarshal object into Go value of type []uint8"},
		{plainHandler{}, `application/octet-stream <{"A": "<1>"} rest`},
		{func() (io.Reader, error) { return strings.NewReader("x"), nil }, "stream of application/octet-stream x"},
		{func() (any, error) { return typedReader{strings.NewReader("x")}, nil }, `application/json {"Reader":{}}`},
		{func() (any, error) { return &speaking{}, nil }, `application/json "I speak"`},
		{func() (any, error) { return make(chan int), nil }, "UnsupportedTypeError: json: unsupported type: chan int"},
		{func() (any, error) { return Error{Message: "m", Type: "T"}, Error{Message: "m", Type: "T"} }, "T: m"},
		{func() error { return fmt.Errorf("wrapped: %w", failed) }, "wrapError: wrapped: failed"},
		{func() error { panic("oh") }, "string: oh"},
		{func() error { panic(&Error{Message: "m", Type: "T"}) }, "T: m"},
		{func() (io.Reader, error) { return nil, nil }, "application/json null"},
		{newTyped(func(_ context.Context, e event) (any, error) { return e.A, nil }), `application/json "<1>"`},
		{newTyped(func(context.Context, int) (int, error) { return 0, nil }), "UnmarshalTypeError: json: cannot unmarshal object into Go value of type int"},
		{newTyped(func(context.Context, any) (any, error) { return 1, failed }), "errorString: failed"},
		{newTyped(func(context.Context, any) (io.Reader, error) { return strings.NewReader("x"), nil }), "stream of application/octet-stream x"},
	}
	for i, each := range cases {
		if got := ask(t, each.handler, `{"A": "<1>"} rest`); got != each.wanted {
			t.Errorf("%d: %T: %q, not %q", i, each.handler, got, each.wanted)
		}
	}
}

func TestHandlersThatAreMadeToBeWrapped(t *testing.T) {
	ctx := context.Background()
	for _, each := range []struct {
		handler any
		wanted  string
	}{
		{func(e event) (any, error) { return e.A, nil }, `"<1>" <nil>`},
		{func() (io.Reader, error) { return strings.NewReader("x"), nil }, "x <nil>"},
		{func() error { return errors.New("failed") }, " failed"},
		{plainHandler{}, `<{"A":"<1>"} <nil>`},
		{"text", " the handler is a string, not a function: " + example},
	} {
		got, err := NewHandler(each.handler).Invoke(ctx, []byte(`{"A":"<1>"}`))
		if said := fmt.Sprintf("%s %v", got, err); said != each.wanted {
			t.Errorf("%T: %s", each.handler, said)
		}
	}
	wrapped := NewHandlerWithOptions(func() (string, error) { return "<", nil }, WithSetEscapeHTML(true))
	if got := ask(t, wrapped, "{}"); got != `application/json "\u003c"` {
		t.Error(got)
	}
	if _, err := newProgram(NewHandler("text"), nil); err == nil || !strings.Contains(err.Error(), "is a string") {
		t.Error(err)
	}
}

func TestAHandlerThatEndsItsGoroutine(t *testing.T) {
	said := ""
	fatal = func(words ...any) { said = fmt.Sprint(words...) }
	defer func() { fatal = log.Fatal }()
	done := make(chan bool)
	go func() {
		defer close(done)
		bound, _ := bind(func() { runtime.Goexit() }, nil)
		bound.invoke(&engine.Call{}, nil, nil)
	}()
	<-done
	if !strings.Contains(said, "called runtime.Goexit") {
		t.Error(said)
	}
}

func TestOptions(t *testing.T) {
	echo := func(ctx context.Context, e event) (any, error) { return []any{ctx.Value("k"), e.A}, nil }
	got := ask(t, echo, `{"A":1e400}`, WithUseNumber(true), WithContextValue("k", "<"), WithContext(context.Background()))
	if got != `application/json ["<",1e400]` {
		t.Error(got)
	}
	if got := ask(t, echo, `{"B":1}`, WithDisallowUnknownFields(true)); got != `errorString: json: unknown field "B"` {
		t.Error(got)
	}
	got = ask(t, echo, `{"A":"<"}`, WithSetEscapeHTML(true), WithSetIndent(">", " "))
	if got != "application/json [\n> null,\n> \"\\u003c\"\n>]\n" {
		t.Errorf("%q", got)
	}
}

func TestEventsThatAreNotJSON(t *testing.T) {
	for payload, wanted := range map[string]string{
		"": "errorString: EOF", `{"A":`: "errorString: unexpected EOF",
		"x": "SyntaxError: invalid character 'x' looking for beginning of value", `{"A":2} trailing`: "application/json 2",
	} {
		if got := ask(t, func(e event) (any, error) { return e.A, nil }, payload); got != wanted {
			t.Errorf("%q: %q", payload, got)
		}
	}
}

func TestWrongHandlers(t *testing.T) {
	var none func()
	for _, each := range []struct {
		handler any
		wanted  string
	}{
		{nil, "the handler is nil"},
		{none, "the handler is a nil func()"},
		{"text", "the handler is a string, not a function"},
		{7, "the handler is an int, not a function"},
		{func(...event) {}, "any number of parameters"},
		{func(io.Reader) {}, "interface that no event can become"},
		{func(event, context.Context) {}, "the first is no context.Context"},
		{func(context.Context, event, event) {}, "more than two parameters"},
		{func() (int, int, error) { return 0, 0, nil }, "more than two values"},
		{func() (int, int) { return 0, 0 }, "the second is no error"},
		{func() int { return 0 }, "one value that is no error"},
	} {
		_, err := newProgram(each.handler, nil)
		if err == nil || !strings.Contains(err.Error(), each.wanted) || !strings.Contains(err.Error(), "write a function") {
			t.Errorf("%T: %v", each.handler, err)
		}
	}
}

func TestSeveralHandlers(t *testing.T) {
	defer func() { registered = nil }()
	Register("One", func() (string, error) { return "1", nil })
	only, err := newProgram(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := only.find(""); err != nil {
		t.Error(err)
	}
	Register("Two", func() (string, error) { return "2", nil })
	both, _ := newProgram(nil, nil)
	t.Setenv("_HANDLER", "bootstrap")
	if _, err := both.chosen(); err == nil || !strings.Contains(err.Error(), `no handler "bootstrap": the program has "One", "Two"`) {
		t.Error(err)
	}
	own, _ := newProgram(func() {}, nil)
	if handler, err := own.chosen(); err != nil || handler != own.handlers[""] {
		t.Error(err)
	}
	t.Setenv("_HANDLER", "Two")
	if handler, err := own.chosen(); err != nil || handler != own.handlers["Two"] {
		t.Error(err)
	}
	Register("Two", func() {})
	if _, err := newProgram(nil, nil); err == nil {
		t.Error("two of a name")
	}
}

func TestErrorTypesThatSayNothing(t *testing.T) {
	if name := typeName(struct{ error }{}); name != "" {
		t.Error(name)
	}
	if name := typeName(&json.SyntaxError{}); name != "SyntaxError" {
		t.Error(name)
	}
}

func TestCauseOfAnError(t *testing.T) {
	cause := string(encodeCause(&Error{Message: "m", Type: "T", StackTrace: []*StackFrame{{"p", 1, "a"}, {"p", 2, "b"}}}))
	if !strings.Contains(cause, `"paths":["p"]`) || !strings.Contains(cause, `{"path":"p","line":2,"label":"b"}`) {
		t.Error(cause)
	}
	if cause := string(encodeCause(&Error{})); !strings.Contains(cause, `"stack":[]`) || !strings.Contains(cause, `"paths":[]`) {
		t.Error(cause)
	}
}
