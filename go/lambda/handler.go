package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/lakon/lakon-go/internal/plainjson"
	"github.com/lakon/lakon-go/internal/runtimeapi"
)

// Handler answers bytes with bytes. The payload is valid until Invoke returns.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// NewHandler makes a Handler of all that Start takes, for what wraps handlers.
func NewHandler(handler any) Handler {
	return NewHandlerWithOptions(handler)
}

// NewHandlerWithOptions is NewHandler with options. Of a handler of a wrong type, Start tells, and so does Invoke.
func NewHandlerWithOptions(handler any, options ...Option) Handler {
	made, err := bind(handler, options)
	if err != nil {
		return wrong{err}
	}
	return made
}

// wrong stands for a handler that cannot be.
type wrong struct{ err error }

func (w wrong) Invoke(context.Context, []byte) ([]byte, error) {
	return nil, w.err
}

// Invoke calls the handler; a stream is read to its end.
func (b *bound) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	encoder := b.encoders.Get().(*encoder)
	defer b.encoders.Put(encoder)
	given, err := b.function(ctx, payload, encoder)
	if err != nil {
		return nil, err
	}
	if given.stream == nil {
		return bytes.Clone(given.body), nil // the encoder's buffer is used again
	}
	if closer, ok := given.stream.(io.Closer); ok {
		defer closer.Close()
	}
	return io.ReadAll(given.stream)
}

// function is a handler of any kind, once all is known of it that its type can tell.
type function func(ctx context.Context, payload []byte, encoder *encoder) (answer, error)

// answer is bytes, or a stream of them.
type answer struct {
	contentType string
	body        []byte
	stream      io.Reader
}

const (
	octets  = "application/octet-stream"
	example = "write a function like func(ctx context.Context, event Event) (Answer, error)"
)

var (
	contextType = reflect.TypeOf((*context.Context)(nil)).Elem()
	errorType   = reflect.TypeOf((*error)(nil)).Elem()
)

func newFunction(handler any, s *settings) (function, error) {
	if handler == nil {
		return nil, errors.New("the handler is nil: " + example)
	}
	switch handler := handler.(type) {
	case wrong:
		return nil, handler.err
	case typed:
		return handler(s), nil
	}
	if handler, ok := handler.(Handler); ok {
		return func(ctx context.Context, payload []byte, _ *encoder) (answer, error) {
			body, err := handler.Invoke(ctx, payload)
			return answer{contentType: octets, body: body}, err
		}, nil
	}
	value := reflect.ValueOf(handler)
	if value.Kind() != reflect.Func {
		return nil, fmt.Errorf("the handler is %s, not a function: %s", a(value.Type()), example)
	}
	if value.IsNil() {
		return nil, fmt.Errorf("the handler is a nil %s: %s", value.Type(), example)
	}
	takesContext, eventType, err := parameters(value.Type())
	if err == nil {
		err = results(value.Type())
	}
	if err != nil {
		return nil, fmt.Errorf("the handler is a %s, %w: %s", value.Type(), err, example)
	}
	return reflected(value, takesContext, eventType, s), nil
}

// a names a type behind its article.
func a(t reflect.Type) string {
	if strings.ContainsAny(t.String()[:1], "aeio") {
		return "an " + t.String()
	}
	return "a " + t.String()
}

// parameters tells whether a handler takes a context, and what event it takes, if any.
func parameters(handler reflect.Type) (takesContext bool, event reflect.Type, err error) {
	switch n := handler.NumIn(); {
	case handler.IsVariadic():
		return false, nil, errors.New("which takes any number of parameters")
	case n == 0:
		return false, nil, nil
	case n == 1 && isContext(handler.In(0)):
		return true, nil, nil
	case n == 1 && handler.In(0).Kind() == reflect.Interface && handler.In(0).NumMethod() > 0:
		return false, nil, errors.New("whose parameter is an interface that no event can become")
	case n == 1:
		return false, handler.In(0), nil
	case n == 2 && isContext(handler.In(0)):
		return true, handler.In(1), nil
	case n == 2:
		return false, nil, errors.New("which takes two parameters, but the first is no context.Context")
	}
	return false, nil, errors.New("which takes more than two parameters")
}

func isContext(t reflect.Type) bool {
	return t.Kind() == reflect.Interface && t.Implements(contextType) && contextType.Implements(t)
}

func results(handler reflect.Type) error {
	switch n := handler.NumOut(); {
	case n > 2:
		return errors.New("which returns more than two values")
	case n == 2 && !handler.Out(1).Implements(errorType):
		return errors.New("which returns two values, but the second is no error")
	case n == 1 && !handler.Out(0).Implements(errorType):
		return errors.New("which returns one value that is no error")
	}
	return nil
}

// reflected decodes the event, calls the handler, and encodes what it returns.
func reflected(handler reflect.Value, takesContext bool, eventType reflect.Type, s *settings) function {
	var read decoder
	if eventType != nil {
		read = s.decoder(eventType)
	}
	return func(ctx context.Context, payload []byte, encoder *encoder) (answer, error) {
		var room [2]reflect.Value
		arguments := room[:0]
		if takesContext {
			arguments = append(arguments, reflect.ValueOf(&ctx).Elem()) // of the parameter's own type: nothing to convert
		}
		if eventType != nil {
			event := reflect.New(eventType)
			if err := read(payload, event); err != nil {
				return answer{}, err
			}
			arguments = append(arguments, event.Elem())
		}
		results := handler.Call(arguments)
		if n := len(results); n > 0 {
			if err, ok := results[n-1].Interface().(error); ok && err != nil {
				return answer{}, err
			}
		}
		if len(results) < 2 {
			return encoder.encode(nil)
		}
		return encoder.encode(results[0].Interface())
	}
}

// typed makes a function of a handler whose types the compiler knows.
type typed func(*settings) function

func newTyped[TIn, TOut any](handler func(context.Context, TIn) (TOut, error)) typed {
	return func(s *settings) function {
		read := s.decoder(reflect.TypeOf((*TIn)(nil)).Elem())
		return func(ctx context.Context, payload []byte, encoder *encoder) (answer, error) {
			var event TIn
			if err := read(payload, reflect.ValueOf(&event)); err != nil {
				return answer{}, err
			}
			result, err := handler(ctx, event)
			if err != nil {
				return answer{}, err
			}
			return encoder.encode(result)
		}
	}
}

// decoder reads one JSON value into what a pointer points to, and like a json.Decoder does not care for what follows it.
type decoder func(payload []byte, into reflect.Value) error

// decoder makes that for a type: the quick way where there is one, and else json.Unmarshal. The latter is faster than
// json.Decoder, but takes nothing behind the value and words some errors in another way.
func (s *settings) decoder(t reflect.Type) decoder {
	if s.useNumber || s.disallowUnknownFields {
		return s.decodeByOptions
	}
	quick := plainjson.NewReader(t)
	return func(payload []byte, into reflect.Value) error {
		if quick != nil {
			if quick.Read(payload, into.UnsafePointer()) {
				return nil
			}
			into.Elem().SetZero()
		}
		err := json.Unmarshal(payload, into.Interface())
		if _, ok := err.(*json.SyntaxError); ok {
			return s.decodeByOptions(payload, into)
		}
		return err
	}
}

func (s *settings) decodeByOptions(payload []byte, into reflect.Value) error {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if s.useNumber {
		decoder.UseNumber()
	}
	if s.disallowUnknownFields {
		decoder.DisallowUnknownFields()
	}
	return decoder.Decode(into.Interface())
}

// encoder keeps a buffer for answers and the json.Encoder that writes to it.
type encoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
	indent bool
}

func newEncoder(s *settings) *encoder {
	e := &encoder{indent: s.prefix != "" || s.indent != ""}
	e.json = json.NewEncoder(&e.buffer)
	e.json.SetEscapeHTML(s.escapeHTML)
	e.json.SetIndent(s.prefix, s.indent)
	return e
}

// encode makes an answer that is valid until the next call. A reader streams itself, unless its JSON has something to say.
func (e *encoder) encode(value any) (answer, error) {
	e.buffer.Reset()
	err := e.json.Encode(value)
	if reader, ok := value.(io.Reader); ok && (err != nil || bytes.HasPrefix(e.buffer.Bytes(), []byte("{}"))) {
		return streamed(reader), nil
	}
	body := e.buffer.Bytes()
	if err == nil && !e.indent {
		body = body[:len(body)-1] // the end of the line
	}
	return answer{contentType: runtimeapi.JSON, body: body}, err
}

func streamed(reader io.Reader) answer {
	contentType := octets
	if typed, ok := reader.(interface{ ContentType() string }); ok {
		contentType = typed.ContentType()
	}
	return answer{contentType: contentType, stream: reader}
}
