// Package lambdalog writes log records as Lambda's own runtimes do, so that CloudWatch and Lambda's log settings
// understand them:
//
//	slog.SetDefault(lambdalog.NewLogger())
//	...
//	slog.InfoContext(ctx, "order taken", "id", order.ID)
//
// The function's log settings decide: AWS_LAMBDA_LOG_FORMAT (JSON or Text) and AWS_LAMBDA_LOG_LEVEL. Records that are
// logged with the handler's context carry the request id. A record is one write: lines from many goroutines stay whole.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
package lambdalog

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/lakon/lakon-go/lambdacontext"
)

// Levels that Lambda has beside those of package slog.
const (
	LevelTrace = slog.Level(-8)
	LevelFatal = slog.Level(12)
)

// Option adds something to every record.
type Option func(*handler)

// WithFunctionARN adds "functionArn", the name under which the function was called.
func WithFunctionARN() Option {
	return withField("functionArn", func(lc *lambdacontext.LambdaContext) string { return lc.InvokedFunctionArn })
}

// WithTenantID adds "tenantId", for a function that keeps tenants apart.
func WithTenantID() Option {
	return withField("tenantId", func(lc *lambdacontext.LambdaContext) string { return lc.TenantID })
}

// WithFunction adds "function" and "version", the name and the version of the function.
func WithFunction() Option {
	return func(h *handler) {
		h.fields = append(h.fields,
			field{"function", func(*lambdacontext.LambdaContext) string { return lambdacontext.FunctionName }},
			field{"version", func(*lambdacontext.LambdaContext) string { return lambdacontext.FunctionVersion }})
	}
}

func withField(name string, value func(*lambdacontext.LambdaContext) string) Option {
	return func(h *handler) { h.fields = append(h.fields, field{name, value}) }
}

// NewLogger is slog.New(NewLogHandler(options...)).
func NewLogger(options ...Option) *slog.Logger {
	return slog.New(NewLogHandler(options...))
}

// NewLogHandler makes a handler that writes to the standard output.
func NewLogHandler(options ...Option) slog.Handler {
	return newHandler(os.Stdout, options)
}

// handler puts what is known of the invocation at the top of a record, whatever groups are open.
type handler struct {
	root   slog.Handler
	opened []func(slog.Handler) slog.Handler // the groups and attributes since the first group
	fields []field
}

type field struct {
	name  string
	value func(*lambdacontext.LambdaContext) string
}

func newHandler(to io.Writer, options []Option) slog.Handler {
	told := &slog.HandlerOptions{Level: level(os.Getenv("AWS_LAMBDA_LOG_LEVEL")), ReplaceAttr: rename}
	h := &handler{fields: []field{
		{"requestId", func(lc *lambdacontext.LambdaContext) string { return lc.AwsRequestID }},
	}}
	if os.Getenv("AWS_LAMBDA_LOG_FORMAT") == "JSON" {
		h.root = slog.NewJSONHandler(to, told)
	} else {
		h.root = slog.NewTextHandler(to, told)
	}
	for _, option := range options {
		option(h)
	}
	return h
}

func level(name string) slog.Level {
	switch name {
	case "TRACE":
		return LevelTrace
	case "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR":
		return slog.LevelError
	case "FATAL":
		return LevelFatal
	}
	return slog.LevelInfo
}

// rename gives time, level and message Lambda's names and forms.
func rename(groups []string, attribute slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return attribute
	}
	switch attribute.Key {
	case slog.MessageKey:
		attribute.Key = "message"
	case slog.LevelKey:
		if level, ok := attribute.Value.Any().(slog.Level); ok {
			attribute.Value = slog.StringValue(levelName(level))
		}
	case slog.TimeKey:
		if attribute.Value.Kind() == slog.KindTime {
			return slog.String("timestamp", attribute.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
		}
	}
	return attribute
}

func levelName(level slog.Level) string {
	switch {
	case level <= LevelTrace:
		return "TRACE"
	case level >= LevelFatal:
		return "FATAL"
	}
	return level.String()
}

// Enabled tells whether records of a level are written.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.root.Enabled(ctx, level)
}

// Handle writes a record.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	var attributes []slog.Attr
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		for _, field := range h.fields {
			if value := field.value(lc); value != "" {
				attributes = append(attributes, slog.String(field.name, value))
			}
		}
	}
	to := h.root
	if len(attributes) > 0 {
		to = to.WithAttrs(attributes)
	}
	for _, open := range h.opened {
		to = open(to)
	}
	return to.Handle(ctx, record)
}

// WithAttrs gives a handler that adds attributes to every record.
func (h *handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	if len(h.opened) == 0 {
		made := *h
		made.root = h.root.WithAttrs(attributes)
		return &made
	}
	return h.open(func(to slog.Handler) slog.Handler { return to.WithAttrs(attributes) })
}

// WithGroup gives a handler that puts what follows into a group.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.open(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *handler) open(more func(slog.Handler) slog.Handler) slog.Handler {
	made := *h
	made.opened = append(h.opened[:len(h.opened):len(h.opened)], more)
	return &made
}
