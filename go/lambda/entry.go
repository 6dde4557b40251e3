// Package lambda runs a Go function on AWS Lambda. Its names, handlers and answers are those of the package of the same
// name in aws-lambda-go:
//
//	func main() {
//		lambda.Start(func(ctx context.Context, order Order) (Receipt, error) { ... })
//	}
//
// What runs the program is decided when it starts: Lambda's Runtime API, a Python parent that has it as a sidecar, or a
// Python process that has loaded it as a library. The program is the same for all of them.
package lambda

import (
	"context"
	"log"
	"os"

	"github.com/lakon/lakon-go/internal/engine"
)

// Start answers events with the handler, for ever. It takes a function of one of these kinds:
//
//	func()
//	func(TIn)
//	func() error
//	func(TIn) error
//	func() (TOut, error)
//	func(TIn) (TOut, error)
//	func(context.Context)
//	func(context.Context, TIn)
//	func(context.Context) error
//	func(context.Context, TIn) error
//	func(context.Context) (TOut, error)
//	func(context.Context, TIn) (TOut, error)
//
// TIn and TOut are types that encoding/json understands, and TOut may be an io.Reader, which is streamed. A value with the
// method of Handler is taken as well; it gets and gives bytes as they are. Anything else ends the program with an error
// that says what to write. A nil handler is right for a program that has called Register.
func Start(handler any) {
	StartWithOptions(handler)
}

// StartWithOptions is Start with options.
func StartWithOptions(handler any, options ...Option) {
	start(newProgram(handler, options))
}

// StartWithContext is Start with a context that all invocations are children of.
func StartWithContext(ctx context.Context, handler any) {
	StartWithOptions(handler, WithContext(ctx))
}

// StartHandler is Start for a value with the method of Handler.
func StartHandler(handler Handler) {
	StartWithOptions(handler)
}

// StartHandlerWithContext is StartHandler with a context that all invocations are children of.
func StartHandlerWithContext(ctx context.Context, handler Handler) {
	StartWithOptions(handler, WithContext(ctx))
}

// HandlerFunc is the kind of function that StartHandlerFunc takes.
type HandlerFunc[TIn, TOut any] interface {
	func(context.Context, TIn) (TOut, error)
}

// StartHandlerFunc is Start for a function that the compiler has checked, and calls without reflection.
func StartHandlerFunc[TIn, TOut any, H HandlerFunc[TIn, TOut]](handler H, options ...Option) {
	function := (func(context.Context, TIn) (TOut, error))(handler)
	if function == nil {
		StartWithOptions(function, options...) // which says what is wrong
	}
	StartWithOptions(newTyped(function), options...)
}

// Register names one of several handlers of a program; Start serves them beside its own. On Lambda the handler runs that
// has the name of the function's Handler setting, and Start's own when there is none. A library is called by name.
func Register(name string, handler any, options ...Option) {
	registered = append(registered, registration{name, handler, options})
}

// start hands the program to what runs it, and never returns.
func start(program *program, err error) {
	api := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	switch {
	case engine.Library != nil:
		startLibrary(program, err)
	case os.Getenv(sidecarVariable) != "":
		err = startSidecar(program, err)
	case api != "":
		err = startRuntime(api, program, err)
	case err == nil:
		log.Fatal("this program is a Lambda function: expected AWS Lambda environment variables [AWS_LAMBDA_RUNTIME_API] " +
			"are not defined; `lakon dev` and `lakon invoke` run it on this machine")
	}
	log.Fatal(err)
}

// startLibrary leaves main where it is: what it has deferred must not run while the library is in use.
func startLibrary(program *program, err error) {
	if err != nil {
		engine.Library(nil, encodeError(initError(err)))
	} else {
		program.enableSIGTERM(raiseAgain)
		engine.Library(program, nil)
	}
	select {}
}
