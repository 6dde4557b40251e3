// One program for aws-lambda-go and for Lakon's module: the tests build it with each, and compare what they answer.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func init() {
	log.SetFlags(0)
	log.Print("log in init")
	fmt.Println("line in init")
}

type inner struct {
	Text string `json:"text"`
}

type event struct {
	Name    string            `json:"name"`
	Number  float64           `json:"number"`
	Count   int8              `json:"count"`
	Bytes   []byte            `json:"bytes"`
	At      time.Time         `json:"at"`
	Inner   *inner            `json:"inner"`
	Map     map[string]string `json:"map"`
	Any     any               `json:"any"`
	Raw     json.RawMessage   `json:"raw"`
	Shout   shout             `json:"shout"`
	Skipped string            `json:"-"`
}

type shout string

func (s shout) MarshalJSON() ([]byte, error) { return json.Marshal(string(s) + "!") }
func (s *shout) UnmarshalJSON(given []byte) error {
	*s = shout(strings.ToUpper(string(given)))
	return nil
}

type custom struct{ reason string }

func (c *custom) Error() string { return c.reason }

type byValue struct{}

func (byValue) Error() string { return "by value" }

type generic[T any] struct{ it T }

func (generic[T]) Error() string { return "generic" }

type invoker struct{}

func (invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if bytes.Contains(payload, []byte("fail")) {
		return nil, &custom{"the invoker failed"}
	}
	return bytes.ToUpper(payload), nil
}

type wrapped struct{ lambda.Handler }

func (w wrapped) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := w.Handler.Invoke(ctx, payload)
	return append(answer, " and more"...), err
}

type stream struct {
	io.Reader
	kind string
}

func (s *stream) ContentType() string          { return s.kind }
func (s *stream) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

type breaking struct{ from io.Reader }

func (b breaking) Read(into []byte) (int, error) {
	n, err := b.from.Read(into)
	if err == io.EOF {
		err = &custom{"it broke"}
	}
	return n, err
}

type mute struct{ noise chan int }

func errorsOf(_ context.Context, kind string) (any, error) {
	switch kind {
	case "new":
		return "unused", errors.New("é <new>\n")
	case "wrapped":
		return nil, fmt.Errorf("wrapped: %w", &custom{"inside"})
	case "joined":
		return nil, errors.Join(errors.New("a"), errors.New("b"))
	case "pointer":
		return nil, &custom{"by pointer"}
	case "value":
		return nil, byValue{}
	case "generic":
		return nil, generic[int]{}
	case "messages":
		return nil, messages.InvokeResponse_Error{Message: "m", Type: "Own.Type",
			StackTrace: []*messages.InvokeResponse_Error_StackFrame{{Path: "p", Line: 7, Label: "l"}}}
	case "mute":
		return mute{}, nil
	case "not a number":
		return json.Number("x"), nil
	case "bad utf-8":
		return nil, errors.New("\xff")
	}
	return kind, nil
}

func panics(kind string) error {
	switch kind {
	case "error":
		panic(&custom{"as a panic"})
	case "text":
		panic("oh")
	case "number":
		panic(42)
	case "nil map":
		var m map[string]int
		m["x"]++
	case "index":
		return errors.New(kind[len(kind):][3:])
	case "messages":
		panic(messages.InvokeResponse_Error{Message: "m", Type: "Own.Type", ShouldExit: true})
	}
	return nil
}

func told(ctx context.Context, event map[string]any) (map[string]any, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	left := make(chan bool, 100)
	for i := 0; i < cap(left); i++ {
		go func() { left <- time.Until(deadline) > 5*time.Second && time.Until(deadline) <= 10*time.Second }()
	}
	all := true
	for i := 0; i < cap(left); i++ {
		all = <-left && all
	}
	return map[string]any{
		"event": event, "context": lc, "trace": os.Getenv("_X_AMZN_TRACE_ID"), "value": ctx.Value("x-amzn-trace-id"),
		"all": all, "mine": ctx.Value("mine"), "function": lambdacontext.FunctionName,
		"version": lambdacontext.FunctionVersion, "memory": lambdacontext.MemoryLimitInMB,
		"group": lambdacontext.LogGroupName,
	}, nil
}

func streams(kind string) (io.Reader, error) {
	switch kind {
	case "typed":
		return &stream{strings.NewReader("<p>typed</p>"), "text/html"}, nil
	case "http":
		const head = `{"statusCode":202,"cookies":["a=b"]}`
		return &stream{strings.NewReader(head + strings.Repeat("\x00", 8) + "body"), "application/vnd.awslambda.http-integration-response"}, nil
	case "breaks":
		return breaking{strings.NewReader("one,two")}, nil
	case "long":
		return bytes.NewReader(bytes.Repeat([]byte("0123456789"), 1<<18)), nil
	}
	return strings.NewReader(kind), nil
}

func logs(lines int) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, nil)))
	logger := log.New(os.Stderr, "", 0)
	var wait sync.WaitGroup
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			for n := 0; n < lines; n++ {
				text := fmt.Sprintf("from=%d n=%d %s", i, n, strings.Repeat("x", 100))
				switch i % 3 {
				case 0:
					logger.Print(text)
				case 1:
					slog.Info("slog", "text", text)
				default:
					fmt.Println(text)
				}
			}
		}(i)
	}
	wait.Wait()
	return nil
}

var handlers = map[string]any{
	"none":          func() {},
	"none-error":    func() error { return nil },
	"event":         func(event) {},
	"context":       func(context.Context) error { return nil },
	"typed":         func(_ context.Context, e event) (event, error) { return e, nil },
	"pointer":       func(e *event) (*event, error) { return e, nil },
	"any":           func(e any) (any, error) { return e, nil },
	"raw":           func(e json.RawMessage) (json.RawMessage, error) { return e, nil },
	"bytes":         func(e []byte) ([]byte, error) { return e, nil },
	"text":          func(_ context.Context, e string) (string, error) { return e, nil },
	"large":         func(size int) (string, error) { return strings.Repeat("x", size), nil },
	"nothing":       func() (*event, error) { return nil, nil },
	"no-reader":     func() (io.Reader, error) { return nil, nil },
	"invoker":       invoker{},
	"made":          lambda.NewHandler(func(e event) (string, error) { return e.Name, nil }),
	"wrapped":       wrapped{lambda.NewHandler(func(e event) (string, error) { return e.Name, nil })},
	"errors":        errorsOf,
	"panics":        panics,
	"told":          told,
	"streams":       streams,
	"logs":          logs,
	"exit":          func() { os.Exit(3) },
	"wrong":         func(a, b, c int) {},
	"wrong-results": func() int { return 1 },
	"strict":        func(e event) (any, error) { return e.Any, nil },
}

func main() {
	name := os.Getenv("_HANDLER")
	options := []lambda.Option{lambda.WithContextValue("mine", "yes")}
	if name == "strict" {
		options = append(options, lambda.WithDisallowUnknownFields(true), lambda.WithUseNumber(true),
			lambda.WithSetIndent(">", "  "), lambda.WithSetEscapeHTML(true))
	}
	if file := os.Getenv("TOLD"); file != "" {
		options = append(options, lambda.WithEnableSIGTERM(func() { os.WriteFile(file, []byte("SIGTERM"), 0o600) }))
	}
	if name == "generic" {
		lambda.StartHandlerFunc(func(_ context.Context, e event) (string, error) { return e.Name, nil }, options...)
	}
	lambda.StartWithOptions(handlers[name], options...)
}
