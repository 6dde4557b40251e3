package lambda

import "context"

// Option is a way to change how a handler is called.
type Option func(*settings)

type settings struct {
	base                  context.Context
	values                []contextValue
	useNumber             bool
	disallowUnknownFields bool
	escapeHTML            bool
	prefix, indent        string
	sigterm               bool
	onSIGTERM             []func()
}

type contextValue struct{ key, value any }

func newSettings(options []Option) *settings {
	s := &settings{base: context.Background()}
	for _, option := range options {
		option(s)
	}
	for _, each := range s.values {
		s.base = context.WithValue(s.base, each.key, each.value)
	}
	return s
}

// WithContext sets the context that all invocations are children of.
func WithContext(ctx context.Context) Option {
	return func(s *settings) { s.base = ctx }
}

// WithContextValue adds a value to the context of all invocations.
func WithContextValue(key, value any) Option {
	return func(s *settings) { s.values = append(s.values, contextValue{key, value}) }
}

// WithSetEscapeHTML is json.Encoder.SetEscapeHTML for answers; false when it is not used.
func WithSetEscapeHTML(escapeHTML bool) Option {
	return func(s *settings) { s.escapeHTML = escapeHTML }
}

// WithSetIndent is json.Encoder.SetIndent for answers.
func WithSetIndent(prefix, indent string) Option {
	return func(s *settings) { s.prefix, s.indent = prefix, indent }
}

// WithUseNumber makes numbers in an event json.Number where the handler's type leaves them open.
func WithUseNumber(useNumber bool) Option {
	return func(s *settings) { s.useNumber = useNumber }
}

// WithDisallowUnknownFields makes an event with a field that the handler's type lacks an error.
func WithDisallowUnknownFields(disallowUnknownFields bool) Option {
	return func(s *settings) { s.disallowUnknownFields = disallowUnknownFields }
}

// WithEnableSIGTERM lets the process know before Lambda ends it, and calls the callbacks in their order. Lambda ends a
// function without a word unless an extension is there, so an internal one is registered that wants no events.
func WithEnableSIGTERM(callbacks ...func()) Option {
	return func(s *settings) {
		s.sigterm = true
		s.onSIGTERM = append(s.onSIGTERM, callbacks...)
	}
}
